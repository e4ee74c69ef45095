package io.headgate.command;

import io.headgate.clip.ClipModel;
import io.headgate.clip.ClipOptions;
import io.headgate.clip.Precision;
import io.headgate.console.UsageException;
import io.headgate.weights.Activation;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** The options that open a model, the same in every command. */
public final class ModelOptions {
  @Option(
      names = "--model",
      paramLabel = "DIR",
      description = "Model folder (or a checkpoint file in one): transformers or OpenCLIP form.")
  private Path model;

  @Option(
      names = "--activation",
      paramLabel = "NAME",
      description = "quick_gelu or gelu, of a checkpoint that does not say.")
  private Activation activation;

  @Option(
      names = "--heads",
      paramLabel = "N",
      description = "Attention heads per vision layer, of a checkpoint that does not say.")
  private Integer heads;

  @Option(
      names = "--precision",
      paramLabel = "MODE",
      description = "fp32, bf16 or fp16. Default: fp32.")
  private Precision precision = Precision.FP32;

  @Option(
      names = "--device",
      paramLabel = "DEVICE",
      description = "cpu, gpu or gpuN. Default: cpu.")
  private String device = "cpu";

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Cores one call may use. Default: all.")
  private int threads;

  /** Whether {@code --model} was given. */
  public boolean present() {
    return model != null;
  }

  /** The folder or file given. */
  public Path path() {
    return model;
  }

  /**
   * Opens the model; the caller closes it.
   *
   * @throws io.headgate.console.UserException if no model was named or it cannot be opened
   */
  public ClipModel open() {
    if (model == null) {
      throw new UsageException("--model DIR is missing (expected: a model folder)");
    }
    return ClipModel.open(model, options());
  }

  /** How to run it. */
  ClipOptions options() {
    ClipOptions options =
        ClipOptions.defaults().withPrecision(precision).withDevice(device).withThreads(threads);
    if (activation != null) {
      options = options.withActivation(activation);
    }
    if (heads != null) {
      options = options.withHeads(heads);
    }
    return options;
  }
}
