package io.headgate.lab.scenes;

import io.headgate.imaging.RgbImage;
import java.util.SplittableRandom;

/**
 * Composes pictures: one drawing, moved, turned, scaled, lit and blurred, on a synthetic background
 * with up to two shapes behind it.
 *
 * <p>A picture is a pure function of (stream, index, backdrop, label): nothing is stored and any
 * picture can be drawn again. Immutable; safe for concurrent use.
 */
public final class Scenes {
  private final Drawings drawings;
  private final int side;

  private Scenes(Drawings drawings, int side) {
    this.drawings = drawings;
    this.side = side;
  }

  /**
   * @param side of the square pictures in pixels
   */
  public static Scenes ofSide(int side) {
    return new Scenes(Drawings.load(), side);
  }

  /** Side of the pictures in pixels. */
  public int side() {
    return side;
  }

  /**
   * The picture {@code index} of a stream, of any of {@code labels} classes.
   *
   * @param stream names an independent sequence of pictures
   * @param labels the first so many of {@link SceneClasses#names()} may be shown
   */
  public Scene scene(long stream, long index, Backdrop backdrop, int labels) {
    SplittableRandom random = random(stream, index);
    return compose(random, backdrop, random.nextInt(labels));
  }

  /** The same, of a given class. */
  public Scene sceneOf(long stream, long index, Backdrop backdrop, int label) {
    return compose(random(stream, index), backdrop, label);
  }

  /** The generator that belongs to one item of a stream. */
  public static SplittableRandom random(long stream, long index) {
    return new SplittableRandom(
        new SplittableRandom(stream * 0x9E3779B97F4A7C15L + 0x632BE59BD9B4E019L).nextLong()
            ^ new SplittableRandom(index).nextLong());
  }

  private Scene compose(SplittableRandom r, Backdrop backdrop, int label) {
    int n = side * side;
    float[] drawing = drawings.rgba(r.nextInt(Drawings.vendors()), label);
    int colour = r.nextInt(SceneClasses.COLOURS.size());
    float[] image = background(r, backdrop, colour);
    for (int i = 0; i < 2; i++) {
      shape(r, image);
    }

    double s = uniform(r, 0.5, 0.95);
    double limit = 1 - s * 0.85;
    double tx = uniform(r, -1, 1) * limit;
    double ty = uniform(r, -1, 1) * limit;
    double turn = uniform(r, -0.5, 0.5);
    double flip = r.nextBoolean() ? -1 : 1;
    double aspect = uniform(r, 0.88, 1.14);
    double ix = flip / (s * aspect);
    double iy = aspect / s;
    double cos = Math.cos(turn);
    double sin = Math.sin(turn);
    double[] m = {cos * ix, sin * ix, 0, -sin * iy, cos * iy, 0};
    m[2] = -(m[0] * tx + m[1] * ty);
    m[5] = -(m[3] * tx + m[4] * ty);
    float light = (float) uniform(r, 0.75, 1.2);
    float[] tint = new float[3];
    for (int c = 0; c < 3; c++) {
      tint[c] = (float) uniform(r, 0.85, 1.15) * light;
    }
    paste(image, drawing, m, tint);

    double contrast = uniform(r, 0.75, 1.2);
    double brightness = uniform(r, -0.08, 0.08);
    double mean = 0;
    for (float v : image) {
      mean += v;
    }
    mean /= image.length;
    for (int i = 0; i < image.length; i++) {
      image[i] = (float) ((image[i] - mean) * contrast + mean + brightness);
    }
    double blur = r.nextDouble() < 0.4 ? r.nextDouble() : 0;
    if (blur > 0) {
      image = blur(image, (float) blur);
    }
    double noise = uniform(r, 0, 0.04);
    byte[] rgb = new byte[n * 3];
    for (int i = 0; i < rgb.length; i++) {
      double v = image[i] + r.nextGaussian() * noise;
      rgb[i] = (byte) Math.round(Math.min(1, Math.max(0, v)) * 255);
    }

    int px = (tx > 0.18 ? 1 : 0) - (tx < -0.18 ? 1 : 0) + 1;
    int py = (ty > 0.18 ? 1 : 0) - (ty < -0.18 ? 1 : 0) + 1;
    int size = (s > 0.65 ? 1 : 0) + (s > 0.8 ? 1 : 0);
    String caption =
        SceneClasses.caption(
            SceneClasses.TEMPLATES.get(r.nextInt(SceneClasses.TEMPLATES.size())),
            SceneClasses.names().get(label),
            SceneClasses.COLOURS.get(colour),
            SceneClasses.PLACES.get(py * 3 + px),
            SceneClasses.SIZES.get(size));
    return new Scene(new RgbImage(side, side, rgb), label, caption);
  }

  private float[] background(SplittableRandom r, Backdrop backdrop, int colour) {
    float[] base = new float[3];
    float[] other = new float[3];
    for (int c = 0; c < 3; c++) {
      base[c] =
          clamp((float) (SceneClasses.COLOUR_VALUES[colour][c] / 255.0 + 0.09 * r.nextGaussian()));
      other[c] = clamp((float) (base[c] + 0.22 * r.nextGaussian()));
    }
    double angle = uniform(r, 0, 2 * Math.PI);
    double phase = uniform(r, 0, 2 * Math.PI);
    double cos = Math.cos(angle);
    double sin = Math.sin(angle);
    float[] mix = new float[side * side];
    if (backdrop == Backdrop.TRAINING) {
      int kind = r.nextInt(4);
      float[] clouds = kind == 2 ? Resample.bilinear(plane(r, 5), 5, side) : null;
      double frequency = uniform(r, 3, 12);
      for (int y = 0; y < side; y++) {
        for (int x = 0; x < side; x++) {
          double projection = at(x) * cos + at(y) * sin;
          int i = y * side + x;
          mix[i] =
              switch (kind) {
                case 0 -> 0;
                case 1 -> (float) ((projection + 1.4) / 2.8);
                case 2 -> clouds[i] * 1.6f - 0.3f;
                default -> (float) (0.5 + 0.5 * Math.sin(frequency * projection + phase));
              };
        }
      }
    } else {
      int kind = r.nextInt(3);
      float[] plasma = kind == 2 ? Resample.bicubic(plane(r, 11), 11, side, false) : null;
      double cx = uniform(r, -0.6, 0.6);
      double cy = uniform(r, -0.6, 0.6);
      double frequency = uniform(r, 4, 10);
      for (int y = 0; y < side; y++) {
        for (int x = 0; x < side; x++) {
          int i = y * side + x;
          double projection = at(x) * cos + at(y) * sin;
          double across = at(y) * cos - at(x) * sin;
          mix[i] =
              switch (kind) {
                case 0 -> (float) (Math.hypot(at(x) - cx, at(y) - cy) / 1.5);
                case 1 ->
                    (float)
                        (0.5
                            + 0.5
                                * Math.max(
                                    -1,
                                    Math.min(
                                        1,
                                        5
                                            * Math.sin(frequency * projection + phase)
                                            * Math.sin(frequency * across))));
                default -> plasma[i];
              };
        }
      }
    }
    float[] image = new float[side * side * 3];
    for (int i = 0; i < mix.length; i++) {
      float m = clamp(mix[i]);
      for (int c = 0; c < 3; c++) {
        image[i * 3 + c] = base[c] * (1 - m) + other[c] * m;
      }
    }
    return image;
  }

  /** With probability 0.35, a rectangle or an ellipse in one colour. */
  private void shape(SplittableRandom r, float[] image) {
    boolean on = r.nextDouble() < 0.35;
    double cx = uniform(r, -1, 1);
    double cy = uniform(r, -1, 1);
    double w = uniform(r, 0.08, 0.4);
    double h = uniform(r, 0.08, 0.4);
    boolean ellipse = r.nextBoolean();
    float[] colour = {
      (float) r.nextDouble(), (float) r.nextDouble(), (float) r.nextDouble(),
    };
    if (!on) {
      return;
    }
    for (int y = 0; y < side; y++) {
      double dy = Math.abs((at(y) - cy) / h);
      for (int x = 0; x < side; x++) {
        double dx = Math.abs((at(x) - cx) / w);
        if (ellipse ? dx * dx + dy * dy < 1 : dx < 1 && dy < 1) {
          System.arraycopy(colour, 0, image, (y * side + x) * 3, 3);
        }
      }
    }
  }

  /** Samples the drawing bilinearly through the affine map m and lays it over the image. */
  private void paste(float[] image, float[] drawing, double[] m, float[] tint) {
    int d = Drawings.SIDE;
    float[] px = new float[4];
    for (int y = 0; y < side; y++) {
      double ny = (2 * y + 1.0) / side - 1;
      for (int x = 0; x < side; x++) {
        double nx = (2 * x + 1.0) / side - 1;
        double sx = ((m[0] * nx + m[1] * ny + m[2] + 1) * d - 1) / 2;
        double sy = ((m[3] * nx + m[4] * ny + m[5] + 1) * d - 1) / 2;
        if (sx <= -1 || sy <= -1 || sx >= d || sy >= d) {
          continue;
        }
        int x0 = (int) Math.floor(sx);
        int y0 = (int) Math.floor(sy);
        float fx = (float) (sx - x0);
        float fy = (float) (sy - y0);
        px[0] = px[1] = px[2] = px[3] = 0;
        add(px, drawing, x0, y0, (1 - fx) * (1 - fy));
        add(px, drawing, x0 + 1, y0, fx * (1 - fy));
        add(px, drawing, x0, y0 + 1, (1 - fx) * fy);
        add(px, drawing, x0 + 1, y0 + 1, fx * fy);
        int o = (y * side + x) * 3;
        for (int c = 0; c < 3; c++) {
          image[o + c] = clamp(px[c] * tint[c]) + image[o + c] * (1 - px[3]);
        }
      }
    }
  }

  private static void add(float[] px, float[] drawing, int x, int y, float weight) {
    int d = Drawings.SIDE;
    if (x < 0 || y < 0 || x >= d || y >= d) {
      return;
    }
    int o = (y * d + x) * 4;
    for (int c = 0; c < 4; c++) {
      px[c] += weight * drawing[o + c];
    }
  }

  /** Mixes in the mean of the 3×3 neighbourhood, edges repeated. */
  private float[] blur(float[] in, float weight) {
    float[] out = new float[in.length];
    for (int y = 0; y < side; y++) {
      for (int x = 0; x < side; x++) {
        for (int c = 0; c < 3; c++) {
          float sum = 0;
          for (int dy = -1; dy <= 1; dy++) {
            int yy = Math.min(side - 1, Math.max(0, y + dy));
            for (int dx = -1; dx <= 1; dx++) {
              int xx = Math.min(side - 1, Math.max(0, x + dx));
              sum += in[(yy * side + xx) * 3 + c];
            }
          }
          int o = (y * side + x) * 3 + c;
          out[o] = in[o] * (1 - weight) + sum / 9 * weight;
        }
      }
    }
    return out;
  }

  /** Pixel i in [-1, 1], both ends included. */
  private double at(int i) {
    return side == 1 ? -1 : 2.0 * i / (side - 1) - 1;
  }

  private static float[] plane(SplittableRandom r, int n) {
    float[] plane = new float[n * n];
    for (int i = 0; i < plane.length; i++) {
      plane[i] = (float) r.nextDouble();
    }
    return plane;
  }

  private static double uniform(SplittableRandom r, double low, double high) {
    return low + (high - low) * r.nextDouble();
  }

  private static float clamp(float v) {
    return Math.min(1, Math.max(0, v));
  }
}
