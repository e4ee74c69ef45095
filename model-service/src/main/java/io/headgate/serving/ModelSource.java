package io.headgate.serving;

import io.headgate.clip.ClipOptions;
import io.headgate.guard.RepairPolicy;
import java.nio.file.Path;
import java.security.PublicKey;
import java.util.Map;
import java.util.Optional;

/**
 * What is to be served and where it comes from. All places are watched: what changes there is
 * loaded beside what is served, checked, and switched to.
 *
 * @param model folder or file
 * @param options how to run it
 * @param calibrations a calibration file or a folder of them; may be empty if there is a topic
 * @param topic the compacted topic of calibrations; may be empty if there is a file
 * @param signer whose signature every calibration must bear; empty: none is asked for
 * @param canaries images with known answers; empty: those in the model's folder, if any
 * @param policy repair policy
 */
public record ModelSource(
    Path model,
    ClipOptions options,
    Optional<Path> calibrations,
    Optional<Topic> topic,
    Optional<PublicKey> signer,
    Optional<Path> canaries,
    RepairPolicy policy) {
  /**
   * @throws IllegalArgumentException if there is no place for calibrations
   */
  public ModelSource {
    if (calibrations.isEmpty() && topic.isEmpty()) {
      throw new IllegalArgumentException(
          "calibrations: neither a file nor a topic (expected: at least one)");
    }
  }

  /** A model folder and a calibration file, repaired by pruning. */
  public static ModelSource of(Path model, Path calibration) {
    return new ModelSource(
        model,
        ClipOptions.defaults(),
        Optional.of(calibration),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        RepairPolicy.PRUNE);
  }

  /**
   * A topic of calibrations.
   *
   * @param name of the topic
   * @param kafka settings of the consumer, at least {@code bootstrap.servers}
   */
  public record Topic(String name, Map<String, Object> kafka) {
    public Topic {
      kafka = Map.copyOf(kafka);
    }
  }
}
