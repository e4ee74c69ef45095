package io.headgate.imaging;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/** Writes PNG files of every kind, valid or with what a test wants to break. */
final class PngFiles {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  PngFiles() {
    out.writeBytes(new byte[] {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'});
  }

  PngFiles header(int width, int height, int depth, int colourType, int interlace) {
    return chunk(
        "IHDR",
        ByteBuffer.allocate(13)
            .putInt(width)
            .putInt(height)
            .put((byte) depth)
            .put((byte) colourType)
            .put((byte) 0)
            .put((byte) 0)
            .put((byte) interlace)
            .array());
  }

  PngFiles chunk(String type, byte[] data) {
    CRC32 crc = new CRC32();
    byte[] name = type.getBytes(StandardCharsets.US_ASCII);
    crc.update(name);
    crc.update(data);
    out.writeBytes(ByteBuffer.allocate(4).putInt(data.length).array());
    out.writeBytes(name);
    out.writeBytes(data);
    out.writeBytes(ByteBuffer.allocate(4).putInt((int) crc.getValue()).array());
    return this;
  }

  PngFiles pixels(byte[] filteredRows) {
    return chunk("IDAT", deflate(filteredRows));
  }

  byte[] end() {
    chunk("IEND", new byte[0]);
    return out.toByteArray();
  }

  byte[] cut() {
    return out.toByteArray();
  }

  static byte[] deflate(byte[] data) {
    Deflater deflater = new Deflater();
    deflater.setInput(data);
    deflater.finish();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    byte[] buffer = new byte[8192];
    while (!deflater.finished()) {
      out.write(buffer, 0, deflater.deflate(buffer));
    }
    deflater.end();
    return out.toByteArray();
  }

  /**
   * A file of random samples with a random filter for each row.
   *
   * @param samples {@code [height, width, samples of a pixel]}
   */
  static byte[] of(
      int[][][] samples, int depth, int colourType, boolean interlaced, byte[] palette, Random r) {
    int height = samples.length;
    int width = samples[0].length;
    ByteArrayOutputStream rows = new ByteArrayOutputStream();
    int[][] passes =
        interlaced
            ? new int[][] {
              {0, 0, 8, 8},
              {4, 0, 8, 8},
              {0, 4, 4, 8},
              {2, 0, 4, 4},
              {0, 2, 2, 4},
              {1, 0, 2, 2},
              {0, 1, 1, 2}
            }
            : new int[][] {{0, 0, 1, 1}};
    int step = Math.max(1, samples[0][0].length * depth / 8);
    for (int[] pass : passes) {
      byte[] above = null;
      for (int y = pass[1]; y < height; y += pass[3]) {
        ByteArrayOutputStream row = new ByteArrayOutputStream();
        int bits = 0;
        int count = 0;
        for (int x = pass[0]; x < width; x += pass[2]) {
          for (int sample : samples[y][x]) {
            bits = bits << depth | sample;
            count += depth;
            while (count >= 8) {
              count -= 8;
              row.write(bits >> count);
            }
          }
        }
        if (count > 0) {
          row.write(bits << 8 - count);
        }
        byte[] raw = row.toByteArray();
        if (raw.length > 0) {
          rows.writeBytes(filter(raw, above, step, r.nextInt(5)));
          above = raw;
        }
      }
    }
    PngFiles png = new PngFiles().header(width, height, depth, colourType, interlaced ? 1 : 0);
    if (palette != null) {
      png.chunk("PLTE", palette);
    }
    byte[] packed = deflate(rows.toByteArray());
    int half = r.nextInt(packed.length);
    png.chunk("IDAT", java.util.Arrays.copyOfRange(packed, 0, half));
    png.chunk("IDAT", java.util.Arrays.copyOfRange(packed, half, packed.length));
    return png.end();
  }

  private static byte[] filter(byte[] raw, byte[] above, int step, int type) {
    byte[] out = new byte[raw.length + 1];
    out[0] = (byte) type;
    for (int i = 0; i < raw.length; i++) {
      int a = i >= step ? raw[i - step] & 0xff : 0;
      int b = above != null ? above[i] & 0xff : 0;
      int c = above != null && i >= step ? above[i - step] & 0xff : 0;
      int p = a + b - c;
      int pa = Math.abs(p - a);
      int pb = Math.abs(p - b);
      int pc = Math.abs(p - c);
      int guess =
          switch (type) {
            case 0 -> 0;
            case 1 -> a;
            case 2 -> b;
            case 3 -> (a + b) / 2;
            default -> pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
          };
      out[i + 1] = (byte) (raw[i] - guess);
    }
    return out;
  }
}
