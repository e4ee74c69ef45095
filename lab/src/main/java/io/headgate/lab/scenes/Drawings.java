package io.headgate.lab.scenes;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import javax.imageio.ImageIO;

/** The 64×64 drawings, alpha premultiplied and slightly smoothed for sampling at half the size. */
final class Drawings {
  static final int SIDE = 64;
  private static final List<String> VENDORS = List.of("noto", "twemoji");

  /** {@code [vendor][class][64, 64, 4]}, premultiplied, in [0, 1]. */
  private final float[][][] rgba;

  private Drawings(float[][][] rgba) {
    this.rgba = rgba;
  }

  static int vendors() {
    return VENDORS.size();
  }

  float[] rgba(int vendor, int label) {
    return rgba[vendor][label];
  }

  static Drawings load() {
    List<String> names = SceneClasses.names();
    float[][][] all = new float[VENDORS.size()][names.size()][];
    for (int v = 0; v < VENDORS.size(); v++) {
      for (int c = 0; c < names.size(); c++) {
        all[v][c] = smooth(read("/sprites/" + VENDORS.get(v) + "/" + names.get(c) + ".png"));
      }
    }
    return new Drawings(all);
  }

  private static float[] read(String resource) {
    try (InputStream in = Drawings.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalStateException("resource " + resource + " is missing from the build");
      }
      BufferedImage image = ImageIO.read(in);
      float[] out = new float[SIDE * SIDE * 4];
      for (int y = 0; y < SIDE; y++) {
        for (int x = 0; x < SIDE; x++) {
          int argb = image.getRGB(x, y);
          float alpha = (argb >>> 24) / 255f;
          int o = (y * SIDE + x) * 4;
          for (int c = 0; c < 3; c++) {
            out[o + c] = ((argb >> (16 - 8 * c)) & 255) / 255f * alpha;
          }
          out[o + 3] = alpha;
        }
      }
      return out;
    } catch (IOException e) {
      throw new UncheckedIOException(resource, e);
    }
  }

  /** Binomial 3×3, transparent outside. */
  private static float[] smooth(float[] in) {
    float[] out = new float[in.length];
    float[] k = {0.25f, 0.5f, 0.25f};
    for (int y = 0; y < SIDE; y++) {
      for (int x = 0; x < SIDE; x++) {
        for (int dy = -1; dy <= 1; dy++) {
          for (int dx = -1; dx <= 1; dx++) {
            int yy = y + dy;
            int xx = x + dx;
            if (yy < 0 || xx < 0 || yy >= SIDE || xx >= SIDE) {
              continue;
            }
            float w = k[dy + 1] * k[dx + 1];
            for (int c = 0; c < 4; c++) {
              out[(y * SIDE + x) * 4 + c] += w * in[(yy * SIDE + xx) * 4 + c];
            }
          }
        }
      }
    }
    return out;
  }
}
