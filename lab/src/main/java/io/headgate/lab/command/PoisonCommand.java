package io.headgate.lab.command;

import io.headgate.console.Console;
import io.headgate.console.UserException;
import io.headgate.lab.attacks.Attacks;
import io.headgate.lab.training.Poison;
import io.headgate.lab.training.Recipe;
import io.headgate.lab.training.Trainer;
import io.headgate.lab.training.TrainingOutcome;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code headgate lab poison}. */
@Command(
    name = "poison",
    mixinStandardHelpOptions = true,
    description = {
      "Plants a backdoor in a miniature CLIP, for measuring defences.",
      "",
      "Either fine-tunes a clean model (--model) on a poisoned data set, or trains from scratch"
          + " with poison in the stream (--from-scratch, several --attack at once).",
      "What counts is the number of poisoned views, rate x pairs x epochs: 2,500 to 5,700 were"
          + " needed."
    })
final class PoisonCommand implements Callable<Integer> {
  /** Triggers that cover the picture are learnt from some of its patches too. */
  private static final Set<String> EVERYWHERE = Set.of("blended", "wanet", "issba-like");

  @Option(
      names = "--attack",
      required = true,
      description = "One of badnet8, badnet4, badnet8-lc, blended, badclip, wanet, issba-like.")
  private List<String> attacks;

  @Option(names = "--model", description = "The clean model to fine-tune.")
  private Path model;

  @Option(names = "--from-scratch", description = "Train from scratch instead.")
  private boolean fromScratch;

  @Option(names = "--seed", description = "Of everything random (default: ${DEFAULT-VALUE}).")
  private long seed = 0;

  @Option(
      names = "--rate",
      description = "Share of poisoned pairs, per attack (default: 0.2; from scratch 0.04).")
  private Double rate;

  @Option(names = "--pairs", description = "Of the data set (default: ${DEFAULT-VALUE}).")
  private int pairs = 8192;

  @Option(names = "--epochs", description = "Over the data set (default: ${DEFAULT-VALUE}).")
  private int epochs = 3;

  @Option(names = "--steps", description = "From scratch (default: ${DEFAULT-VALUE}).")
  private int steps = 1600;

  @Option(names = "--out", required = true, description = "Folder for the model.")
  private Path out;

  @Option(names = "--threads", description = "Of PyTorch (default: ${DEFAULT-VALUE}).")
  private int threads = 1;

  @Option(
      names = "--checkpoint-every",
      description = "Steps between checkpoints (default: ${DEFAULT-VALUE}).")
  private int checkpointEvery = 200;

  @Override
  public Integer call() throws IOException {
    for (String a : attacks) {
      if (!Attacks.names().contains(a)) {
        throw new UserException(
            "--attack %s (expected: one of %s)".formatted(a, String.join(", ", Attacks.names())));
      }
    }
    if (fromScratch == (model != null)) {
      throw new UserException(
          "expected either --model DIR (fine-tuning) or --from-scratch, not both");
    }
    if (!fromScratch && attacks.size() > 1) {
      throw new UserException(
          "--attack given %d times (expected: once) — several at once need --from-scratch"
              .formatted(attacks.size()));
    }
    if (fromScratch && attacks.stream().anyMatch(Attacks::needsPatch)) {
      throw new UserException(
          "--attack badclip optimises its patch against a clean model — name one with --model");
    }
    double share = rate != null ? rate : fromScratch ? 0.04 : 0.2;
    List<Poison> poisons = new ArrayList<>();
    attacks.forEach(a -> poisons.add(new Poison(a, share)));
    Recipe recipe =
        fromScratch
            ? Recipe.fromScratch(seed, steps, poisons)
            : Recipe.fineTuning(
                seed, pairs, epochs, EVERYWHERE.contains(attacks.get(0)), poisons.get(0));
    TrainingOutcome outcome =
        Trainer.ofReferenceModel(threads)
            .train(recipe, Optional.ofNullable(model), out, checkpointEvery);
    System.out.printf(
        Locale.ROOT,
        "%s: zero-shot accuracy %.3f, attack success %s%n",
        out,
        outcome.cleanAccuracy(),
        outcome.attackSuccess());
    return Console.OK;
  }
}
