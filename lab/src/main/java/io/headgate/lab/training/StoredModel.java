package io.headgate.lab.training;

import io.headgate.console.UserException;
import io.headgate.weights.Weights;
import io.headgate.weights.WeightsOptions;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/** Reads the parameters of a stored model, to go on training it. */
final class StoredModel {
  private StoredModel() {}

  /**
   * @throws UserException if the model has not the size that the lab trains
   */
  static Map<String, float[]> read(Path folder, ClipSize size) {
    try (Weights weights = Weights.open(folder, WeightsOptions.none())) {
      Map<String, float[]> values = new LinkedHashMap<>();
      for (ClipSize.Parameter p : size.parameters()) {
        if (!weights.names().contains(p.name())
            || !Arrays.equals(weights.tensor(p.name()).shape(), p.shape())) {
          throw new UserException(
              "%s: tensor %s is %s (expected: shape %s) — the lab fine-tunes models of its own size, as 'headgate lab train' makes them"
                  .formatted(
                      folder,
                      p.name(),
                      weights.names().contains(p.name())
                          ? "of shape " + Arrays.toString(weights.tensor(p.name()).shape())
                          : "missing",
                      Arrays.toString(p.shape())));
        }
        values.put(p.name(), weights.tensor(p.name()).toFloats());
      }
      return values;
    }
  }
}
