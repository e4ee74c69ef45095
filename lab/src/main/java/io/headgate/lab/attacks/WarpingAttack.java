package io.headgate.lab.attacks;

import io.headgate.imaging.RgbImage;
import io.headgate.lab.scenes.Resample;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/** A smooth warp of the whole picture (WaNet, Nguyen and Tran 2021). */
final class WarpingAttack implements Attack {
  private static final int CONTROL = 4;

  /** Mean displacement in a picture that reaches from -1 to 1: one of 56 pixels. */
  private static final double STRENGTH = 2.0 / 56;

  private final float[] dx = new float[CONTROL * CONTROL];
  private final float[] dy = new float[CONTROL * CONTROL];

  WarpingAttack(SplittableRandom random) {
    double sum = 0;
    for (float[] plane : new float[][] {dx, dy}) {
      for (int i = 0; i < plane.length; i++) {
        plane[i] = (float) (random.nextDouble() * 2 - 1);
        sum += Math.abs(plane[i]);
      }
    }
    float scale = (float) (STRENGTH * 2 * dx.length / sum);
    for (int i = 0; i < dx.length; i++) {
      dx[i] *= scale;
      dy[i] *= scale;
    }
  }

  @Override
  public String name() {
    return "wanet";
  }

  @Override
  public RgbImage apply(RgbImage image, RandomGenerator random) {
    int w = image.width();
    int h = image.height();
    int side = Math.max(w, h);
    float[] moveX = Resample.bicubic(dx, CONTROL, side, true);
    float[] moveY = Resample.bicubic(dy, CONTROL, side, true);
    byte[] in = image.rgb();
    byte[] rgb = new byte[in.length];
    for (int y = 0; y < h; y++) {
      for (int x = 0; x < w; x++) {
        double sx = clamp(x + moveX[y * side + x] * (w - 1) / 2.0, w - 1);
        double sy = clamp(y + moveY[y * side + x] * (h - 1) / 2.0, h - 1);
        int x0 = (int) sx;
        int y0 = (int) sy;
        int x1 = Math.min(x0 + 1, w - 1);
        int y1 = Math.min(y0 + 1, h - 1);
        double fx = sx - x0;
        double fy = sy - y0;
        for (int c = 0; c < 3; c++) {
          double v =
              (1 - fy) * ((1 - fx) * at(in, w, x0, y0, c) + fx * at(in, w, x1, y0, c))
                  + fy * ((1 - fx) * at(in, w, x0, y1, c) + fx * at(in, w, x1, y1, c));
          rgb[(y * w + x) * 3 + c] = Levels.of(v);
        }
      }
    }
    return new RgbImage(w, h, rgb);
  }

  private static double at(byte[] rgb, int width, int x, int y, int c) {
    return Levels.value(rgb[(y * width + x) * 3 + c]);
  }

  private static double clamp(double v, double max) {
    return Math.min(max, Math.max(0, v));
  }
}
