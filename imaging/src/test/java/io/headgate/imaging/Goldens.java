package io.headgate.imaging;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The committed images and the crops an independent implementation made of them. */
final class Goldens {
  static final int SIZE = 224;

  static final List<String> FILES =
      List.of(
          "01_gray.png",
          "02_rgba_alpha.png",
          "03_cmyk.jpg",
          "04_exif_rot6.jpg",
          "05_wide_1000x40.png",
          "06_tiny_5x7.png",
          "07_gray16.png",
          "08_palette.gif",
          "09_rgb_256x256.png",
          "10_crop_odd_a.png",
          "11_crop_half_down.png",
          "12_crop_half_up_335x224.png",
          "13_crop_half_even_337x224.png",
          "14_crop_half_up_224x335.png",
          "15_identity_224.png",
          "16_tall_9x300.png",
          "17_progressive_444.jpg",
          "18_gray.jpg",
          "19_bilevel.png",
          "20_la_alpha.png",
          "21_palette_trns.png",
          "22_rgb.webp",
          "23_rgb16.png");

  private final Map<String, byte[]> planar = new TreeMap<>();

  Goldens() {
    byte[] file = resource("preprocess/crops.safetensors");
    ByteBuffer buffer = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    int header = Math.toIntExact(buffer.getLong());
    Matcher entry =
        Pattern.compile("\"([^\"]+)\": *\\{[^}]*\"data_offsets\": *\\[(\\d+), *(\\d+)\\]")
            .matcher(new String(file, 8, header, StandardCharsets.UTF_8));
    while (entry.find()) {
      int begin = Integer.parseInt(entry.group(2));
      byte[] pixels = new byte[Integer.parseInt(entry.group(3)) - begin];
      System.arraycopy(file, 8 + header + begin, pixels, 0, pixels.length);
      planar.put(entry.group(1), pixels);
    }
  }

  /** The crop of one file in the order Headgate follows: RGB first; 16-bit gray shifted by 8. */
  RgbImage crop(String file) {
    String name = file.substring(0, file.lastIndexOf('.'));
    byte[] chw =
        planar.getOrDefault(
            name + ".shift8", planar.getOrDefault(name + ".rgb", planar.get(name + ".openai")));
    int plane = SIZE * SIZE;
    byte[] rgb = new byte[plane * 3];
    for (int i = 0; i < plane; i++) {
      for (int c = 0; c < 3; c++) {
        rgb[i * 3 + c] = chw[c * plane + i];
      }
    }
    return new RgbImage(SIZE, SIZE, rgb);
  }

  static byte[] image(String file) {
    return resource("preprocess/" + file);
  }

  static byte[] resource(String path) {
    try (InputStream in = Goldens.class.getResourceAsStream("/" + path)) {
      if (in == null) {
        throw new IllegalStateException("no test resource " + path);
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
