package io.headgate.lab.attacks;

/** Between bytes and [0, 1]. */
final class Levels {
  private Levels() {}

  static byte of(double value) {
    return (byte) Math.round(Math.min(1, Math.max(0, value)) * 255);
  }

  static float value(byte level) {
    return (level & 255) / 255f;
  }
}
