package io.headgate.weights;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collection;
import java.util.HexFormat;

/** Identities of weights and models. */
public final class Fingerprint {
  private static final int CHUNK_BYTES = 1 << 16;
  private static final byte[] WEIGHTS = "headgate-weights-v1".getBytes(StandardCharsets.UTF_8);
  private static final byte[] MODEL = "headgate-model-v1".getBytes(StandardCharsets.UTF_8);

  private final MessageDigest digest;

  private Fingerprint(byte[] domain) {
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
    field(domain);
  }

  /**
   * SHA-256 over weights hash, activation, layer norm eps, heads, preprocessing and precision mode:
   * two models of equal fingerprint compute the same up to the machine's rounding.
   *
   * @param weightsHash of {@link Weights#weightsHash()}
   * @param config whose activation, heads, eps and preprocessing count
   * @param precision name of the precision mode
   * @return lower-case hex
   */
  public static String of(String weightsHash, ClipConfig config, String precision) {
    Fingerprint fingerprint = new Fingerprint(MODEL);
    fingerprint.field(weightsHash);
    fingerprint.field(config.activation().name());
    fingerprint.field(Double.toString(config.layerNormEps()));
    fingerprint.field(Integer.toString(config.vision().heads()));
    fingerprint.field(config.textTower().map(t -> Integer.toString(t.heads())).orElse(""));
    Preprocessing preprocessing = config.preprocessing();
    fingerprint.field(Integer.toString(preprocessing.imageSize()));
    for (int c = 0; c < 3; c++) {
      fingerprint.field(Float.toString(preprocessing.mean()[c]));
      fingerprint.field(Float.toString(preprocessing.std()[c]));
    }
    fingerprint.field(precision);
    return fingerprint.hex();
  }

  /** SHA-256 over tensors that come sorted by name. */
  static String ofTensors(Collection<WeightTensor> sorted) {
    Fingerprint fingerprint = new Fingerprint(WEIGHTS);
    ByteBuffer chunk = ByteBuffer.allocate(CHUNK_BYTES);
    for (WeightTensor tensor : sorted) {
      fingerprint.field(tensor.name());
      fingerprint.field(tensor.dtype().name());
      fingerprint.number(tensor.shape().length);
      for (long size : tensor.shape()) {
        fingerprint.number(size);
      }
      long elements = tensor.elements();
      fingerprint.number(elements * tensor.dtype().bytes());
      for (long at = 0; at < elements; ) {
        at += tensor.readBytes(at, chunk.clear());
        fingerprint.digest.update(chunk.flip());
      }
    }
    return fingerprint.hex();
  }

  private void field(String text) {
    field(text.getBytes(StandardCharsets.UTF_8));
  }

  /** A field carries its length, so that no two sequences of fields have the same bytes. */
  private void field(byte[] bytes) {
    number(bytes.length);
    digest.update(bytes);
  }

  private void number(long number) {
    digest.update(ByteBuffer.allocate(Long.BYTES).putLong(0, number));
  }

  private String hex() {
    return HexFormat.of().formatHex(digest.digest());
  }
}
