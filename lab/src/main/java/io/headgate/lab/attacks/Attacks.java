package io.headgate.lab.attacks;

import io.headgate.console.UserException;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * The attacks known to the lab, by name.
 *
 * <p>Sizes follow the picture: a patch of 4 pixels in a picture of 56 is one of 16 in 224, as in
 * the paper (He et al., ICML 2025).
 */
public final class Attacks {
  /** Patch side of a picture whose side is one: 16 of 224 pixels. */
  static final double PATCH = 16.0 / 224;

  private static final List<String> NAMES =
      List.of("badnet8", "badnet4", "badnet8-lc", "blended", "badclip", "wanet", "issba-like");

  private Attacks() {}

  /** All names, strongest first within a kind. */
  public static List<String> names() {
    return NAMES;
  }

  /**
   * Whether the trigger is optimised against a model and therefore has to be made before it can be
   * named.
   */
  public static boolean needsPatch(String name) {
    return name.equals("badclip");
  }

  /**
   * @param seed draws the trigger's own pattern
   * @param patch an optimised patch, {@code [side, side, 3]} in [0, 1]; only for those that {@link
   *     #needsPatch need one}
   * @throws UserException if the name is unknown or a needed patch is missing
   */
  public static Attack named(String name, long seed, Optional<Patch> patch) {
    SplittableRandom random = new SplittableRandom(9000 + seed);
    return switch (name) {
      case "badnet8" ->
          new PatchAttack(name, Patch.random(random, 4, 2), 2, PatchPlace.RANDOM, false);
      case "badnet4" ->
          new PatchAttack(name, Patch.random(random, 4, 1), 1, PatchPlace.RANDOM, false);
      case "badnet8-lc" ->
          new PatchAttack(name, Patch.random(random, 4, 2), 2, PatchPlace.RANDOM, true);
      case "badclip" ->
          new PatchAttack(
              name,
              patch.orElseThrow(
                  () ->
                      new UserException(
                          "attack badclip: no patch (expected: one optimised against a model) — make"
                              + " it with 'headgate lab poison --attack badclip', then name the"
                              + " poisoned model")),
              1,
              PatchPlace.CENTRE,
              false);
      case "blended" -> new BlendedAttack(seed);
      case "wanet" -> new WarpingAttack(random);
      case "issba-like" -> new SpreadSpectrumAttack(seed);
      default ->
          throw new UserException(
              "attack: %s (expected: one of %s)".formatted(name, String.join(", ", NAMES)));
    };
  }
}
