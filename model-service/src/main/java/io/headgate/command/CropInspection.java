package io.headgate.command;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.headgate.console.Console;
import io.headgate.console.UserException;
import io.headgate.imaging.ImageLimits;
import io.headgate.imaging.ImagePreprocessor;
import io.headgate.imaging.RgbImage;
import io.headgate.weights.SafetensorsWriter;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Images to the crops that a model would see, as one safetensors file.
 *
 * @param to the file to write
 * @param size side of the crops, in pixels
 */
record CropInspection(Path to, int size, List<Path> images) {
  private static final int BATCH = 32;

  int run(Output output) {
    SafetensorsWriter.requireFolder(to);
    SafetensorsWriter writer = new SafetensorsWriter();
    Map<String, String> files = new HashMap<>();
    try (ImageFiles reader = new ImageFiles(new ImagePreprocessor(ImageLimits.defaults()), size)) {
      reader.forEach(
          null,
          images,
          BATCH,
          loaded -> {
            for (ImageFiles.Loaded image : loaded) {
              if (image.pixels() == null) {
                output.remark("%s: %s: %s", image.name(), image.errorCode(), image.error());
                continue;
              }
              if (image.frames() > 1) {
                output.remark(
                    "%s: animated, the first of %d frames is taken", image.name(), image.frames());
              }
              String key = stem(Path.of(image.name()));
              String other = files.put(key, image.name());
              if (other != null) {
                throw new UserException(
                    "%s and %s: both would be key %s (expected: names that differ before the extension)"
                        .formatted(other, image.name(), key));
              }
              writer.bytes(key, new long[] {3, size, size}, channelsFirst(image.pixels()));
            }
          });
    }
    writer.write(to);
    int refused = images.size() - files.size();
    output.text("%s: %d crops, %d refused", to, files.size(), refused);
    output.json(
        JsonNodeFactory.instance
            .objectNode()
            .put("file", to.toString())
            .put("crops", files.size())
            .put("refused", refused));
    return refused == 0 ? Console.OK : Console.FAILED;
  }

  static String stem(Path file) {
    String name = file.getFileName().toString();
    int dot = name.lastIndexOf('.');
    return dot > 0 ? name.substring(0, dot) : name;
  }

  private static byte[] channelsFirst(RgbImage image) {
    byte[] rgb = image.rgb();
    int pixels = image.width() * image.height();
    byte[] planes = new byte[rgb.length];
    for (int i = 0; i < pixels; i++) {
      for (int c = 0; c < RgbImage.CHANNELS; c++) {
        planes[c * pixels + i] = rgb[RgbImage.CHANNELS * i + c];
      }
    }
    return planes;
  }
}
