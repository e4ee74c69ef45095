package io.headgate.weights;

import java.util.Objects;
import java.util.Optional;

/**
 * A CLIP's sizes and constants, from its tensors' shapes and its configuration, which agree.
 *
 * @param vision the vision tower
 * @param textTower the text tower; empty when the checkpoint holds the vision tower alone
 * @param embedding D, of the joint space
 * @param activation of all MLPs
 * @param layerNormEps of all layer norms
 * @param preprocessing of images
 */
public record ClipConfig(
    VisionConfig vision,
    Optional<TextConfig> textTower,
    int embedding,
    Activation activation,
    double layerNormEps,
    Preprocessing preprocessing) {
  public ClipConfig {
    Objects.requireNonNull(vision);
    Objects.requireNonNull(textTower);
    Objects.requireNonNull(activation);
    Objects.requireNonNull(preprocessing);
  }

  /**
   * The text tower.
   *
   * @throws java.util.NoSuchElementException if there is none
   */
  public TextConfig text() {
    return textTower.orElseThrow();
  }
}
