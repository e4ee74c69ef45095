package io.headgate.clip;

import io.headgate.decomposition.ModelShape;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * CLIP and its decomposition as method.md §1 writes them, in double precision and plain loops: the
 * oracle of the fast programs. Letters as there: N tokens, W width, L layers, H heads, D embedding.
 */
final class NaiveClip {
  private final Parameters parameters;

  NaiveClip(Parameters parameters) {
    this.parameters = parameters;
  }

  /** All that method.md §1 defines, of one image. */
  record Parts(
      double[] embedding,
      double[][][] heads,
      double[][] mlps,
      double norm,
      double mu,
      double sigma,
      double[][] tokenMap,
      double[][][][] tokens) {

    /** Σ heads + Σ mlps. */
    double[] sum() {
      double[] sum = new double[embedding.length];
      for (double[][] layer : heads) {
        for (double[] head : layer) {
          add(sum, head);
        }
      }
      for (double[] mlp : mlps) {
        add(sum, mlp);
      }
      return sum;
    }

    /** {@code [L][H][N]}: tokens' parts, without shares of b_O, μ and β, along a direction. */
    double[][][] tokensAlong(double[] direction) {
      return Arrays.stream(tokens)
          .map(
              layer ->
                  Arrays.stream(layer)
                      .map(
                          head -> Arrays.stream(head).mapToDouble(t -> dot(t, direction)).toArray())
                      .toArray(double[][]::new))
          .toArray(double[][][]::new);
    }
  }

  /**
   * @param values {@code [3,S,S]} normalised pixel values
   * @param kept token indexes that stay, 0 first; their order is that of the result's tokens
   */
  Parts decompose(VisionSpec spec, float[] values, int[] kept) {
    ModelShape s = spec.shape();
    int width = s.width();
    int d = width / s.heads();
    double[][] x = embedded(s, values);
    x = IntStream.of(kept).mapToObj(List.of(x)::get).toArray(double[][]::new);
    x = layerNorm(x, "visual.ln_pre", spec.layerNormEps());
    double[] initial = x[0].clone();
    int layers = s.layers();
    double[][][] z = new double[layers][s.heads()][];
    double[][][][] tokenValues = new double[layers][s.heads()][x.length][];
    double[][] mlps = new double[layers + 1][];
    mlps[0] = initial;
    double[][] map = new double[s.heads()][];
    for (int l = 0; l < layers; l++) {
      String block = "visual.transformer.resblocks." + l + ".";
      Attention attention =
          attention(
              layerNorm(x, block + "ln_1", spec.layerNormEps()), block + "attn.", s.heads(), false);
      for (int h = 0; h < s.heads(); h++) {
        map[h] = attention.softmax()[h][0];
        for (int n = 0; n < x.length; n++) {
          double[] value = Arrays.copyOfRange(attention.values()[n], h * d, (h + 1) * d);
          tokenValues[l][h][n] = scale(value, attention.softmax()[h][0][n]);
        }
        z[l][h] = Arrays.copyOfRange(attention.contexts()[0], h * d, (h + 1) * d);
      }
      x = plus(x, attention.output());
      double[][] m =
          mlp(layerNorm(x, block + "ln_2", spec.layerNormEps()), block + "mlp.", spec.quickGelu());
      mlps[l + 1] = m[0];
      x = plus(x, m);
    }
    return parts(spec, x[0], z, tokenValues, mlps, map);
  }

  private Parts parts(
      VisionSpec spec,
      double[] row,
      double[][][] z,
      double[][][][] tokenValues,
      double[][] mlps,
      double[][] map) {
    ModelShape s = spec.shape();
    int width = s.width();
    int heads = s.heads();
    int d = width / heads;
    int c = 2 * s.layers() + 1;
    double[] gamma = vector("visual.ln_post.weight");
    double[] beta = vector("visual.ln_post.bias");
    double[][] projection = matrix("visual.proj");
    double mu = Arrays.stream(row).average().orElseThrow();
    double variance = Arrays.stream(row).map(v -> (v - mu) * (v - mu)).average().orElseThrow();
    double sigma = Math.sqrt(variance + spec.layerNormEps());
    double[] f =
        project(
            IntStream.range(0, width)
                .mapToDouble(i -> gamma[i] * (row[i] - mu) / sigma + beta[i])
                .toArray(),
            projection);
    double norm = Math.sqrt(dot(f, f));
    double[][][] headParts = new double[s.layers()][heads][];
    double[][][][] tokens = new double[s.layers()][heads][][];
    for (int l = 0; l < s.layers(); l++) {
      double[][] out = matrix("visual.transformer.resblocks." + l + ".attn.out_proj.weight");
      double[] bias = vector("visual.transformer.resblocks." + l + ".attn.out_proj.bias");
      for (int h = 0; h < heads; h++) {
        double[] contribution = throughHead(z[l][h], out, h * d);
        headParts[l][h] =
            scale(
                project(
                    IntStream.range(0, width)
                        .mapToDouble(
                            i ->
                                gamma[i]
                                        * (contribution[i] + bias[i] / heads - mu / (c * heads))
                                        / sigma
                                    + beta[i] / (c * heads))
                        .toArray(),
                    projection),
                1 / norm);
        int head = h;
        tokens[l][h] =
            Arrays.stream(tokenValues[l][h])
                .map(
                    v -> {
                      double[] wide = throughHead(v, out, head * d);
                      for (int i = 0; i < width; i++) {
                        wide[i] *= gamma[i] / sigma;
                      }
                      return scale(project(wide, projection), 1 / norm);
                    })
                .toArray(double[][]::new);
      }
    }
    double[][] mlpParts =
        Arrays.stream(mlps)
            .map(
                m ->
                    scale(
                        project(
                            IntStream.range(0, width)
                                .mapToDouble(i -> gamma[i] * (m[i] - mu / c) / sigma + beta[i] / c)
                                .toArray(),
                            projection),
                        1 / norm))
            .toArray(double[][]::new);
    return new Parts(scale(f, 1 / norm), headParts, mlpParts, norm, mu, sigma, map, tokens);
  }

  /** What each head of a layer gets of b_O, μ and β, whatever its tokens hold: {@code [D]}. */
  double[] shareOfEveryHead(VisionSpec spec, int layer, double mu, double sigma, double norm) {
    int heads = spec.shape().heads();
    int c = 2 * spec.shape().layers() + 1;
    double[] gamma = vector("visual.ln_post.weight");
    double[] beta = vector("visual.ln_post.bias");
    double[] bias = vector("visual.transformer.resblocks." + layer + ".attn.out_proj.bias");
    double[] wide = new double[gamma.length];
    for (int i = 0; i < wide.length; i++) {
      wide[i] = gamma[i] * (bias[i] / heads - mu / (c * heads)) / sigma + beta[i] / (c * heads);
    }
    return scale(project(wide, matrix("visual.proj")), 1 / norm);
  }

  /** z·W_O[h] without bias. */
  private static double[] throughHead(double[] z, double[][] outProj, int from) {
    return Arrays.stream(outProj)
        .mapToDouble(
            row -> IntStream.range(0, z.length).mapToDouble(k -> row[from + k] * z[k]).sum())
        .toArray();
  }

  /** Class token and patches, with positions. */
  private double[][] embedded(ModelShape s, float[] values) {
    double[][] conv = matrix("visual.conv1.weight");
    double[][] positions = matrix("visual.positional_embedding");
    double[][] x = new double[s.tokens()][];
    x[0] = vector("visual.class_embedding");
    int p = s.patchSize();
    int side = s.imageSize();
    for (int gy = 0; gy < s.grid(); gy++) {
      for (int gx = 0; gx < s.grid(); gx++) {
        double[] patch = new double[3 * p * p];
        for (int c = 0; c < 3; c++) {
          for (int py = 0; py < p; py++) {
            for (int px = 0; px < p; px++) {
              patch[(c * p + py) * p + px] = values[(c * side + gy * p + py) * side + gx * p + px];
            }
          }
        }
        x[1 + gy * s.grid() + gx] =
            Arrays.stream(conv).mapToDouble(row -> dot(row, patch)).toArray();
      }
    }
    return plus(x, positions);
  }

  /** Unit text embedding of ids; the largest one ends the text. */
  double[] text(TextSpec spec, int[] ids) {
    double[][] table = matrix("token_embedding.weight");
    double[][] positions = matrix("positional_embedding");
    double[][] x = new double[ids.length][];
    int end = 0;
    for (int n = 0; n < ids.length; n++) {
      x[n] = plus(table[ids[n]], positions[n]);
      end = ids[n] > ids[end] ? n : end;
    }
    for (int l = 0; l < spec.layers(); l++) {
      String block = "transformer.resblocks." + l + ".";
      x =
          plus(
              x,
              attention(
                      layerNorm(x, block + "ln_1", spec.layerNormEps()),
                      block + "attn.",
                      spec.heads(),
                      true)
                  .output());
      x =
          plus(
              x,
              mlp(
                  layerNorm(x, block + "ln_2", spec.layerNormEps()),
                  block + "mlp.",
                  spec.quickGelu()));
    }
    double[] f =
        project(layerNorm(x, "ln_final", spec.layerNormEps())[end], matrix("text_projection"));
    return scale(f, 1 / Math.sqrt(dot(f, f)));
  }

  /** softmax [H][N][N], values [N][W], contexts [N][W], output [N][W] with bias. */
  private record Attention(
      double[][][] softmax, double[][] values, double[][] contexts, double[][] output) {}

  private Attention attention(double[][] x, String prefix, int heads, boolean causal) {
    double[][] qkv = linear(x, matrix(prefix + "in_proj_weight"), vector(prefix + "in_proj_bias"));
    int n = x.length;
    int width = x[0].length;
    int d = width / heads;
    double[][][] softmax = new double[heads][n][n];
    double[][] contexts = new double[n][width];
    double[][] values =
        Arrays.stream(qkv)
            .map(row -> Arrays.copyOfRange(row, 2 * width, 3 * width))
            .toArray(double[][]::new);
    for (int h = 0; h < heads; h++) {
      for (int i = 0; i < n; i++) {
        double sum = 0;
        int last = causal ? i : n - 1;
        double[] scores = new double[n];
        for (int j = 0; j <= last; j++) {
          for (int k = 0; k < d; k++) {
            scores[j] += qkv[i][h * d + k] * qkv[j][width + h * d + k];
          }
          scores[j] /= Math.sqrt(d);
        }
        double max = Arrays.stream(scores, 0, last + 1).max().orElseThrow();
        for (int j = 0; j <= last; j++) {
          softmax[h][i][j] = Math.exp(scores[j] - max);
          sum += softmax[h][i][j];
        }
        for (int j = 0; j <= last; j++) {
          softmax[h][i][j] /= sum;
          for (int k = 0; k < d; k++) {
            contexts[i][h * d + k] += softmax[h][i][j] * values[j][h * d + k];
          }
        }
      }
    }
    return new Attention(
        softmax,
        values,
        contexts,
        linear(contexts, matrix(prefix + "out_proj.weight"), vector(prefix + "out_proj.bias")));
  }

  private double[][] mlp(double[][] x, String prefix, boolean quickGelu) {
    double[][] hidden = linear(x, matrix(prefix + "c_fc.weight"), vector(prefix + "c_fc.bias"));
    for (double[] row : hidden) {
      for (int i = 0; i < row.length; i++) {
        row[i] = quickGelu ? row[i] / (1 + Math.exp(-1.702 * row[i])) : row[i] * normalCdf(row[i]);
      }
    }
    return linear(hidden, matrix(prefix + "c_proj.weight"), vector(prefix + "c_proj.bias"));
  }

  /** Φ by Simpson's rule on the density: exact to 1e-12 for |x| ≤ 8, which is all there is. */
  private static double normalCdf(double x) {
    double end = Math.min(Math.abs(x), 8);
    int steps = 400;
    double h = end / steps;
    double sum = 1 + Math.exp(-end * end / 2);
    for (int i = 1; i < steps; i++) {
      double t = i * h;
      sum += (i % 2 == 0 ? 2 : 4) * Math.exp(-t * t / 2);
    }
    double half = sum * h / 3 / Math.sqrt(2 * Math.PI);
    return x >= 0 ? 0.5 + half : 0.5 - half;
  }

  private double[][] layerNorm(double[][] x, String name, double eps) {
    double[] weight = vector(name + ".weight");
    double[] bias = vector(name + ".bias");
    return Arrays.stream(x)
        .map(
            row -> {
              double mean = Arrays.stream(row).average().orElseThrow();
              double variance =
                  Arrays.stream(row).map(v -> (v - mean) * (v - mean)).average().orElseThrow();
              double[] out = new double[row.length];
              for (int i = 0; i < out.length; i++) {
                out[i] = (row[i] - mean) / Math.sqrt(variance + eps) * weight[i] + bias[i];
              }
              return out;
            })
        .toArray(double[][]::new);
  }

  private static double[][] linear(double[][] x, double[][] weight, double[] bias) {
    return Arrays.stream(x)
        .map(
            row ->
                IntStream.range(0, weight.length)
                    .mapToDouble(o -> dot(weight[o], row) + bias[o])
                    .toArray())
        .toArray(double[][]::new);
  }

  /** row·P for P {@code [W][D]}. */
  private static double[] project(double[] row, double[][] projection) {
    double[] out = new double[projection[0].length];
    for (int i = 0; i < row.length; i++) {
      for (int j = 0; j < out.length; j++) {
        out[j] += row[i] * projection[i][j];
      }
    }
    return out;
  }

  private double[] vector(String name) {
    float[] values = parameters.all(name);
    return IntStream.range(0, values.length).mapToDouble(i -> values[i]).toArray();
  }

  /** First axis, and all others as one. */
  private double[][] matrix(String name) {
    double[] flat = vector(name);
    int rows = (int) parameters.shape(name)[0];
    int width = flat.length / rows;
    return IntStream.range(0, rows)
        .mapToObj(i -> Arrays.copyOfRange(flat, i * width, (i + 1) * width))
        .toArray(double[][]::new);
  }

  static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  private static double[] scale(double[] a, double factor) {
    return Arrays.stream(a).map(v -> v * factor).toArray();
  }

  private static void add(double[] into, double[] b) {
    for (int i = 0; i < into.length; i++) {
      into[i] += b[i];
    }
  }

  private static double[] plus(double[] a, double[] b) {
    double[] sum = a.clone();
    add(sum, b);
    return sum;
  }

  private static double[][] plus(double[][] a, double[][] b) {
    return IntStream.range(0, a.length).mapToObj(i -> plus(a[i], b[i])).toArray(double[][]::new);
  }
}
