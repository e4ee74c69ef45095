package io.headgate.command;

import io.headgate.console.Console;
import io.headgate.console.UsageException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code headgate bench}: measures one part at a time. */
@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Measures speed.",
      "",
      "Examples:",
      "  headgate bench --random ViT-B-32 --batch 1,8,32 --json model.json",
      "  headgate bench --model DIR --threads 1",
      "  headgate bench --service 127.0.0.1:7860 --callers 64 --load-images clean/"
    })
public final class BenchCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Mixin private ModelBench modelBench;

  @Option(
      names = "--service",
      paramLabel = "HOST:PORT",
      description = "Put load on a running model service.")
  private String service;

  @Mixin private ServiceBench serviceBench;

  @Option(names = "--json", paramLabel = "FILE", description = "Also write the figures as JSON.")
  private Path json;

  @Override
  public Integer call() throws Exception {
    if (modelBench.asked() == (service != null)) {
      throw new UsageException(
          "what to measure? (expected: --model DIR, --random NAME or --service HOST:PORT)");
    }
    if (modelBench.asked()) {
      modelBench.run(json, spec.commandLine().getOut());
      return Console.OK;
    }
    serviceBench.run(service, json, spec.commandLine().getOut());
    return Console.OK;
  }
}
