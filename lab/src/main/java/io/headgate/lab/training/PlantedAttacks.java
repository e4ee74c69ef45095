package io.headgate.lab.training;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.headgate.console.UserException;
import io.headgate.lab.attacks.Attack;
import io.headgate.lab.attacks.Attacks;
import io.headgate.lab.attacks.Patch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The triggers that a model of the lab was poisoned with, from its {@code lab.json}. */
public final class PlantedAttacks {
  private PlantedAttacks() {}

  /**
   * All attacks planted in a model; none for a clean one.
   *
   * @throws UserException if the folder was not written by the lab
   */
  public static List<Attack> of(Path modelFolder) throws IOException {
    Path file = modelFolder.resolve(ModelFolder.LAB);
    if (!Files.isRegularFile(file)) {
      throw new UserException(
          "%s: no %s (expected: a model made by 'headgate lab') — name the attack's --seed instead"
              .formatted(modelFolder, ModelFolder.LAB));
    }
    JsonNode lab = new ObjectMapper().readTree(file.toFile());
    List<Attack> attacks = new ArrayList<>();
    for (JsonNode poison : lab.path("recipe").path("poisons")) {
      String name = poison.path("attack").asText();
      Optional<Patch> patch = Optional.empty();
      JsonNode stored = lab.path("patches").path(name);
      if (stored.isObject()) {
        float[] rgb = new float[stored.path("rgb").size()];
        for (int i = 0; i < rgb.length; i++) {
          rgb[i] = (float) stored.path("rgb").get(i).asDouble();
        }
        patch = Optional.of(new Patch(stored.path("side").asInt(), rgb));
      }
      attacks.add(Attacks.named(name, lab.path("recipe").path("seed").asLong(), patch));
    }
    return attacks;
  }
}
