package io.headgate.imaging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JpegDecoderTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "420_i7_0.jpg",
        "444_i4_3.jpg",
        "progressive_420_i7_0.jpg",
        "gray_i4_3.jpg",
        "ycck.jpg",
        "restart_i4_3.jpg"
      })
  void refusesEveryTruncation(String file) {
    byte[] jpeg = Goldens.resource("jpeg/" + file);

    for (int length = 2; length < jpeg.length; length += length < jpeg.length - 20 ? 37 : 1) {
      byte[] cut = Arrays.copyOf(jpeg, length);
      ImageRejectedException refusal =
          catchThrowableOfType(ImageRejectedException.class, () -> Pixels.decode(cut));
      assertThat(refusal).as("%d of %d bytes", length, jpeg.length).isNotNull();
      assertThat(refusal.code()).isEqualTo(RejectionCode.TRUNCATED);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"420_i7_0.jpg", "progressive_444_i4_3.jpg", "gray_i4_3.jpg", "restart_i4_3.jpg"})
  void refusesDataThatStopsBeforeTheEndMarker(String file) {
    byte[] jpeg = Goldens.resource("jpeg/" + file);
    byte[] cut = Arrays.copyOf(jpeg, jpeg.length * 3 / 4);
    cut[cut.length - 2] = (byte) 0xff;
    cut[cut.length - 1] = (byte) 0xd9;

    ImageRejectedException refusal =
        catchThrowableOfType(ImageRejectedException.class, () -> Pixels.decode(cut));

    assertThat(refusal.code()).isIn(RejectionCode.TRUNCATED, RejectionCode.CORRUPT);
  }

  @Test
  void readsYcbcrWithoutAJfifMarkerAsEverybodyDoes() throws Exception {
    // Cameras write Exif instead; the JDK alone would take such a 4:4:4 file for RGB.
    byte[] jpeg = Goldens.resource("jpeg/444_i4_3.jpg");

    byte[] bare = withoutSegment(jpeg, 0xe0);

    assertThat(bare).hasSizeLessThan(jpeg.length);
    assertThat(Pixels.decode(bare)).isEqualTo(Pixels.decode(jpeg));
  }

  @Test
  void ignoresMetadataHoweverBroken() throws Exception {
    byte[] jpeg = Goldens.resource("jpeg/420_i7_0.jpg");
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    file.write(jpeg, 0, 2);
    for (int marker = 0xe1; marker <= 0xef; marker++) {
      file.writeBytes(new byte[] {(byte) 0xff, (byte) marker, 0, 40});
      file.writeBytes(Arrays.copyOf("ICC_PROFILE\0\1\1junk".getBytes("US-ASCII"), 38));
    }
    file.writeBytes(new byte[] {(byte) 0xff, (byte) 0xfe, 0, 4, 'h', 'i'});
    file.write(jpeg, 2, jpeg.length - 2);

    assertThat(Pixels.decode(file.toByteArray())).isEqualTo(Pixels.decode(jpeg));
  }

  @Test
  void ignoresWhatFollowsTheEndMarker() throws Exception {
    byte[] jpeg = Goldens.resource("jpeg/420_i7_0.jpg");
    byte[] longer = Arrays.copyOf(jpeg, jpeg.length + 5000);

    assertThat(Pixels.decode(longer)).isEqualTo(Pixels.decode(jpeg));
  }

  @Test
  void refusesMoreScansThanAnyEncoderWrites() {
    byte[] jpeg = Goldens.resource("jpeg/progressive_gray_i4_3.jpg");
    int lastScan = 0;
    for (int i = 0; i < jpeg.length - 1; i++) {
      lastScan = jpeg[i] == (byte) 0xff && jpeg[i + 1] == (byte) 0xda ? i : lastScan;
    }
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    file.write(jpeg, 0, lastScan);
    for (int i = 0; i < 200; i++) {
      file.write(jpeg, lastScan, jpeg.length - 2 - lastScan);
    }
    file.write(jpeg, jpeg.length - 2, 2);

    ImageRejectedException refusal =
        catchThrowableOfType(ImageRejectedException.class, () -> Pixels.decode(file.toByteArray()));

    assertThat(refusal.code()).isEqualTo(RejectionCode.UNSUPPORTED_FORMAT);
    assertThat(refusal).hasMessageContaining("scans");
  }

  @Test
  void refusesLosslessAndArithmeticVariantsByName() {
    byte[] jpeg = Goldens.resource("jpeg/420_i7_0.jpg").clone();
    int frame = indexOfMarker(jpeg, 0xc0);
    jpeg[frame + 1] = (byte) 0xc9;

    ImageRejectedException refusal =
        catchThrowableOfType(ImageRejectedException.class, () -> Pixels.decode(jpeg));

    assertThat(refusal.code()).isEqualTo(RejectionCode.UNSUPPORTED_FORMAT);
    assertThat(refusal).hasMessageContaining("SOF9");
  }

  private static byte[] withoutSegment(byte[] jpeg, int marker) {
    int at = indexOfMarker(jpeg, marker);
    int length = 2 + ((jpeg[at + 2] & 0xff) << 8 | jpeg[at + 3] & 0xff);
    byte[] rest = new byte[jpeg.length - length];
    System.arraycopy(jpeg, 0, rest, 0, at);
    System.arraycopy(jpeg, at + length, rest, at, jpeg.length - at - length);
    return rest;
  }

  private static int indexOfMarker(byte[] jpeg, int marker) {
    for (int i = 0; i < jpeg.length - 1; i++) {
      if (jpeg[i] == (byte) 0xff && (jpeg[i + 1] & 0xff) == marker) {
        return i;
      }
    }
    throw new IllegalStateException("no marker " + marker);
  }
}
