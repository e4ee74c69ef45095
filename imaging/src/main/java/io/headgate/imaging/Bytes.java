package io.headgate.imaging;

import java.util.HexFormat;

/** Bounds-checked reads from untrusted bytes: past the end is {@code TRUNCATED}, never a crash. */
final class Bytes {
  private final byte[] data;

  Bytes(byte[] data) {
    this.data = data;
  }

  int length() {
    return data.length;
  }

  byte[] array() {
    return data;
  }

  boolean startsWith(int... expected) {
    return matches(0, expected);
  }

  boolean matches(int at, int... expected) {
    if (at < 0 || at > data.length - expected.length) {
      return false;
    }
    for (int i = 0; i < expected.length; i++) {
      if ((data[at + i] & 0xff) != expected[i]) {
        return false;
      }
    }
    return true;
  }

  int u8(int at) throws ImageRejectedException {
    need(at, 1);
    return data[at] & 0xff;
  }

  int u16be(int at) throws ImageRejectedException {
    need(at, 2);
    return (data[at] & 0xff) << 8 | data[at + 1] & 0xff;
  }

  int u16le(int at) throws ImageRejectedException {
    need(at, 2);
    return (data[at + 1] & 0xff) << 8 | data[at] & 0xff;
  }

  int u24le(int at) throws ImageRejectedException {
    return u16le(at) | u8(at + 2) << 16;
  }

  long u32be(int at) throws ImageRejectedException {
    return (long) u16be(at) << 16 | u16be(at + 2);
  }

  long u32le(int at) throws ImageRejectedException {
    return (long) u16le(at + 2) << 16 | u16le(at);
  }

  /** Refuses unless {@code count} bytes from {@code at} are there. */
  void need(int at, int count) throws ImageRejectedException {
    if (at < 0 || count < 0 || at > data.length - count) {
      throw truncated("the file ends at byte %d".formatted(data.length));
    }
  }

  String hex(int at, int count) {
    int end = Math.min(data.length, at + count);
    return at >= end ? "" : HexFormat.ofDelimiter(" ").formatHex(data, at, end);
  }

  static ImageRejectedException truncated(String what) {
    return new ImageRejectedException(
        RejectionCode.TRUNCATED, what + ", before the picture is complete: send the whole file");
  }

  static ImageRejectedException corrupt(String what) {
    return new ImageRejectedException(
        RejectionCode.CORRUPT, what + ": the file is damaged; export or send it again");
  }

  static ImageRejectedException unsupported(String what) {
    return new ImageRejectedException(
        RejectionCode.UNSUPPORTED_FORMAT, what + ": convert it first");
  }
}
