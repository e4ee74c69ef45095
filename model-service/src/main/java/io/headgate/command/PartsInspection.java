package io.headgate.command;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.headgate.clip.ClipModel;
import io.headgate.console.Console;
import io.headgate.console.UserException;
import io.headgate.decomposition.Decomposition;
import io.headgate.decomposition.ModelShape;
import io.headgate.weights.Safetensors;
import io.headgate.weights.SafetensorsWriter;
import io.headgate.weights.WeightTensor;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * Prepared pixel values to the parts of their embeddings.
 *
 * @param pixelValues safetensors with {@code pixel_values [B,3,S,S]}
 * @param to the file to write
 */
record PartsInspection(ModelOptions model, Path pixelValues, Path to) {
  private static final String PIXEL_VALUES = "pixel_values";
  private static final int BATCH = 32;

  int run(Output output) {
    SafetensorsWriter.requireFolder(to);
    try (ClipModel clip = model.open();
        Safetensors in = Safetensors.open(pixelValues)) {
      WeightTensor pixels = in.tensor(PIXEL_VALUES);
      int count = requireImages(pixels, clip.shape().imageSize());
      Parts parts = new Parts(clip.shape(), count);
      int size = Math.toIntExact(pixels.elements() / Math.max(1, count));
      for (int from = 0; from < count; from += BATCH) {
        float[] batch = new float[Math.min(BATCH, count - from) * size];
        pixels.readFloats((long) from * size, FloatBuffer.wrap(batch));
        requireFinite(batch, from, size);
        int images = batch.length / size;
        parts.put(from, clip.decomposePixels(batch, images), clip.tokenMapsOfPixels(batch, images));
      }
      parts
          .writer()
          .metadata("model_fingerprint", clip.fingerprint())
          .metadata("weights_hash", clip.weightsHash())
          .write(to);
      output.text(
          "%s: parts of %d images, model %s, weights %s",
          to, count, clip.fingerprint(), clip.weightsHash());
      output.json(
          JsonNodeFactory.instance
              .objectNode()
              .put("file", to.toString())
              .put("images", count)
              .put("modelFingerprint", clip.fingerprint())
              .put("weightsHash", clip.weightsHash()));
    }
    return Console.OK;
  }

  private int requireImages(WeightTensor pixels, int side) {
    long[] sizes = pixels.shape();
    if (sizes.length != 4 || sizes[1] != 3 || sizes[2] != side || sizes[3] != side) {
      throw new UserException(
          "%s: %s is %s (expected: [B, 3, %d, %d])"
              .formatted(pixelValues, PIXEL_VALUES, Arrays.toString(sizes), side, side));
    }
    return Math.toIntExact(sizes[0]);
  }

  private void requireFinite(float[] batch, int from, int size) {
    for (int i = 0; i < batch.length; i++) {
      if (!Float.isFinite(batch[i])) {
        throw new UserException(
            "%s: %s of image %d: %s at element %d (expected: finite numbers)"
                .formatted(pixelValues, PIXEL_VALUES, from + i / size, batch[i], i % size));
      }
    }
  }

  /** The parts of all images, row by row. */
  private static final class Parts {
    private final ModelShape shape;
    private final int count;
    private final FloatBuffer embeds;
    private final FloatBuffer heads;
    private final FloatBuffer mlps;
    private final FloatBuffer maps;

    Parts(ModelShape shape, int count) {
      this.shape = shape;
      this.count = count;
      int d = shape.embedding();
      this.embeds = rows(d);
      this.heads = rows(shape.layers() * shape.heads() * d);
      this.mlps = rows((shape.layers() + 1) * d);
      this.maps = rows(shape.heads() * shape.tokens());
    }

    private FloatBuffer rows(int width) {
      return FloatBuffer.allocate(Math.multiplyExact(count, width));
    }

    void put(int from, List<Decomposition> images, List<float[]> tokenMaps) {
      for (int i = 0; i < images.size(); i++) {
        put(embeds, from + i, images.get(i).embedding());
        put(heads, from + i, images.get(i).heads());
        put(mlps, from + i, images.get(i).mlps());
        put(maps, from + i, tokenMaps.get(i));
      }
    }

    private static void put(FloatBuffer all, int row, float[] values) {
      all.put(row * values.length, values);
    }

    SafetensorsWriter writer() {
      int d = shape.embedding();
      return new SafetensorsWriter()
          .floats("image_embeds", new long[] {count, d}, embeds.array())
          .floats("heads", new long[] {count, shape.layers(), shape.heads(), d}, heads.array())
          .floats("mlps", new long[] {count, shape.layers() + 1, d}, mlps.array())
          .floats("token_maps", new long[] {count, shape.heads(), shape.tokens()}, maps.array());
    }
  }
}
