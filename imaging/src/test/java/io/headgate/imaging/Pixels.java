package io.headgate.imaging;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/** Whole decoded pictures, for tests that look at the decoders alone. */
final class Pixels {
  private static final ImageLimits LIMITS =
      new ImageLimits(1 << 24, 1 << 24, 100_000, 100, Duration.ofSeconds(60));

  private Pixels() {}

  static RgbImage decode(byte[] encoded) throws ImageRejectedException {
    ImageHeader header = HeaderSniffer.sniff(encoded, LIMITS);
    Whole whole = new Whole(header.width(), header.height());
    Decoders.decode(encoded, header, LIMITS, Deadline.after(Duration.ofSeconds(60)), whole);
    return new RgbImage(header.width(), header.height(), whole.rgb);
  }

  static String sha256(RgbImage image) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(image.rgb()));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The lines of a list of expected pictures, as {@code [file, width, height, hash]}. */
  static List<String[]> expectations(String resource) {
    return Stream.of(new String(Goldens.resource(resource)).split("\n"))
        .filter(line -> !line.startsWith("#"))
        .map(line -> line.split(" "))
        .toList();
  }

  /** A sink that keeps everything. */
  static final class Whole implements RowSink {
    private final int width;
    private final int height;
    private final byte[] rgb;

    Whole(int width, int height) {
      this.width = width;
      this.height = height;
      this.rgb = new byte[width * height * RgbImage.CHANNELS];
    }

    @Override
    public int firstColumn() {
      return 0;
    }

    @Override
    public int endColumn() {
      return width;
    }

    @Override
    public boolean wants(int y) {
      return y >= 0 && y < height;
    }

    @Override
    public void row(int y, byte[] pixels, int offset) {
      int length = width * RgbImage.CHANNELS;
      System.arraycopy(pixels, offset, rgb, y * length, length);
    }
  }
}
