package io.headgate.clip;

import io.headgate.decomposition.ModelShape;
import io.headgate.weights.Preprocessing;
import java.util.Arrays;
import java.util.stream.Collectors;

/** Vision towers known by name (OpenCLIP's), to be measured with random weights. */
public enum Architecture {
  VIT_B_32("ViT-B-32", new ModelShape(224, 32, 12, 12, 768, 512), true),
  VIT_B_16("ViT-B-16", new ModelShape(224, 16, 12, 12, 768, 512), true),
  VIT_L_14("ViT-L-14", new ModelShape(224, 14, 24, 16, 1024, 768), true),
  VIT_L_14_336("ViT-L-14-336", new ModelShape(336, 14, 24, 16, 1024, 768), true),
  VIT_H_14("ViT-H-14", new ModelShape(224, 14, 32, 16, 1280, 1024), false);

  private final String label;
  private final ModelShape shape;
  private final boolean quickGelu;

  Architecture(String label, ModelShape shape, boolean quickGelu) {
    this.label = label;
    this.shape = shape;
    this.quickGelu = quickGelu;
  }

  /**
   * @param label as OpenCLIP writes it; case does not matter
   * @throws IllegalArgumentException naming all that there are
   */
  public static Architecture named(String label) {
    return Arrays.stream(values())
        .filter(a -> a.label.equalsIgnoreCase(label))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "architecture: %s (expected one of: %s)"
                        .formatted(
                            label,
                            Arrays.stream(values())
                                .map(Architecture::toString)
                                .collect(Collectors.joining(", ")))));
  }

  /** Sizes. */
  public ModelShape shape() {
    return shape;
  }

  VisionSpec spec() {
    Preprocessing clip = Preprocessing.clip(shape.imageSize());
    return new VisionSpec(shape, quickGelu, 1e-5, clip.mean(), clip.std());
  }

  Parameters parameters() {
    return RandomParameters.vision(shape, 4 * shape.width(), 1);
  }

  @Override
  public String toString() {
    return label;
  }
}
