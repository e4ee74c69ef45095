package io.headgate.lab.command;

import io.headgate.console.Console;
import io.headgate.lab.training.Recipe;
import io.headgate.lab.training.Trainer;
import io.headgate.lab.training.TrainingOutcome;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code headgate lab train}. */
@Command(
    name = "train",
    mixinStandardHelpOptions = true,
    description = {
      "Trains a clean miniature CLIP from scratch on composed pictures.",
      "",
      "Writes a model folder in OpenCLIP's form. Started again with the same options after an"
          + " interruption, it goes on from its last checkpoint to the same weights."
    })
final class TrainCommand implements Callable<Integer> {
  @Option(names = "--seed", description = "Of everything random (default: ${DEFAULT-VALUE}).")
  private long seed = 0;

  @Option(names = "--steps", description = "Of 128 pairs each (default: ${DEFAULT-VALUE}).")
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
    TrainingOutcome outcome =
        Trainer.ofReferenceModel(threads)
            .train(
                Recipe.fromScratch(seed, steps, List.of()), Optional.empty(), out, checkpointEvery);
    System.out.printf(
        Locale.ROOT,
        "%s: zero-shot accuracy %.3f, loss %.3f%n",
        out,
        outcome.cleanAccuracy(),
        outcome.loss());
    return Console.OK;
  }
}
