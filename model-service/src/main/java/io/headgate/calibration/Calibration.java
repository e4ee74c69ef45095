package io.headgate.calibration;

import io.headgate.calibration.CalibrationException.Code;
import io.headgate.decomposition.ModelShape;
import io.headgate.detection.DetectorBank;
import io.headgate.detection.FittedDetectors;
import io.headgate.zeroshot.ZeroShotClassifier;
import java.nio.file.Path;
import java.security.PublicKey;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What clean images taught about one model: the artefact that detection runs on. Immutable; its id
 * is the SHA-256 of its content.
 */
public final class Calibration {
  private final Content content;
  private final String id;
  private final Optional<Signature> signature;

  /**
   * All that the id covers.
   *
   * @param modelFingerprint of the model it belongs to
   * @param preprocessing specification, for example {@code clip-bicubic-rgb/224}
   * @param classes names in index order; empty for a model without classes
   * @param classEmbeddings {@code [C, D]} flattened: shares are measured along these
   * @param createdAt when it was made
   * @param expiresAt from when on it is refused; empty for never
   */
  public record Content(
      String modelFingerprint,
      String preprocessing,
      List<String> classes,
      float[] classEmbeddings,
      Instant createdAt,
      Optional<Instant> expiresAt,
      CalibrationSettings settings,
      CalibrationImages images,
      List<Suspect> suspects,
      Measured measured,
      FittedDetectors detectors) {
    public Content {
      classes = List.copyOf(classes);
      suspects = List.copyOf(suspects);
    }
  }

  /**
   * @param publicKey Base64 of the X.509 form
   * @param value Base64 of the Ed25519 signature (RFC 8032) of the id's ASCII bytes
   */
  public record Signature(String publicKey, String value) {}

  private Calibration(Content content, String id, Optional<Signature> signature) {
    this.content = content;
    this.id = id;
    this.signature = signature;
  }

  /** Computes the id. */
  public static Calibration of(Content content) {
    return new Calibration(content, CalibrationCodec.id(content), Optional.empty());
  }

  static Calibration read(Content content, String id, Optional<Signature> signature) {
    return new Calibration(content, id, signature);
  }

  /** The same, signed. */
  public Calibration signed(Signature by) {
    return new Calibration(content, id, Optional.of(by));
  }

  /**
   * Reads a calibration and the numbers beside it.
   *
   * @throws CalibrationException if it is damaged or was altered
   */
  public static Calibration load(Path file) {
    return CalibrationFile.load(file);
  }

  /**
   * The same, from a trusted signer only.
   *
   * @throws CalibrationException also if it is not signed by this key
   */
  public static Calibration load(Path file, PublicKey signer) {
    Calibration calibration = CalibrationFile.load(file);
    CalibrationKeys.verify(calibration, signer, file.toString());
    return calibration;
  }

  /** Writes {@code FILE.json} and {@code FILE.safetensors} beside it, each in one step. */
  public void save(Path file) {
    CalibrationFile.save(this, file);
  }

  /** SHA-256 of the content, lower-case hex. */
  public String id() {
    return id;
  }

  public String modelFingerprint() {
    return content.modelFingerprint();
  }

  public ModelShape shape() {
    return content.detectors().reference().shape();
  }

  public FittedDetectors detectors() {
    return content.detectors();
  }

  public Measured measured() {
    return content.measured();
  }

  public Content content() {
    return content;
  }

  public Optional<Signature> signature() {
    return signature;
  }

  /**
   * Fails unless this calibration belongs to the model.
   *
   * @throws CalibrationException naming both fingerprints, or the classes that differ
   */
  public void requireModel(
      String fingerprint, ModelShape shape, Optional<ZeroShotClassifier> classifier) {
    if (!fingerprint.equals(modelFingerprint())) {
      throw new CalibrationException(
          Code.OTHER_MODEL,
          "calibration %s was made for model %s, but this model is %s — calibrate this model with 'headgate calibrate --model DIR', or serve the other one"
              .formatted(id, modelFingerprint(), fingerprint));
    }
    if (!shape.equals(shape())) {
      throw new CalibrationException(
          Code.OTHER_MODEL,
          "calibration %s was made for %s, but this model is %s".formatted(id, shape(), shape));
    }
    List<String> names = classifier.map(ZeroShotClassifier::classes).orElse(List.of());
    if (!names.equals(content.classes())) {
      throw new CalibrationException(
          Code.OTHER_CLASSES,
          "calibration %s was made with %d classes %s, but the model has %d %s — recalibrate, or restore classes.json"
              .formatted(
                  id,
                  content.classes().size(),
                  head(content.classes()),
                  names.size(),
                  head(names)));
    }
    if (classifier.isPresent()) {
      float[][] embeddings = classifier.get().embeddings();
      int d = shape.embedding();
      for (int c = 0; c < embeddings.length; c++) {
        double dot = 0;
        for (int i = 0; i < d; i++) {
          dot += (double) embeddings[c][i] * content.classEmbeddings()[c * d + i];
        }
        if (!(dot > 0.999)) {
          throw new CalibrationException(
              Code.OTHER_CLASSES,
              "class %s: its text embedding has cosine %.4f with the one that calibration %s was made with (expected: 1) — the prompt templates differ: recalibrate, or restore classes.json"
                  .formatted(names.get(c), dot, id));
        }
      }
    }
  }

  /**
   * Fails if the calibration has expired.
   *
   * @throws CalibrationException naming the date
   */
  public void requireFresh(Instant now) {
    content
        .expiresAt()
        .filter(expiry -> !now.isBefore(expiry))
        .ifPresent(
            expiry -> {
              throw new CalibrationException(
                  Code.EXPIRED,
                  "calibration %s expired at %s (now: %s) — rerun 'headgate calibrate'"
                      .formatted(id, expiry, now));
            });
  }

  /** The detectors, ready to score images of the model that has this classifier. */
  public DetectorBank bank(Optional<ZeroShotClassifier> classifier) {
    return new DetectorBank(detectors(), classifier);
  }

  private static String head(List<String> names) {
    return names.size() <= 5 ? names.toString() : names.subList(0, 5) + " …";
  }

  @Override
  public boolean equals(Object o) {
    return o instanceof Calibration other && id.equals(other.id);
  }

  @Override
  public int hashCode() {
    return id.hashCode();
  }

  @Override
  public String toString() {
    return "Calibration[%s of model %s]".formatted(id, modelFingerprint());
  }
}
