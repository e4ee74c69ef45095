package io.headgate.cli;

import io.headgate.command.ModelBench;
import io.headgate.command.ServiceBench;
import io.headgate.console.Console;
import io.headgate.console.UsageException;
import io.headgate.pipeline.PipelineBench;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code headgate bench}: measures one part at a time, or the pipeline that they make. */
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
      "  headgate bench --service 127.0.0.1:7860 --callers 64 --load-images clean/",
      "  headgate bench --serve --model DIR --calibration calibration.json --load-images clean/",
      "  headgate bench --pipeline --json pipeline.json"
    })
public final class BenchCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Mixin private ModelBench modelBench;

  @Mixin private ServiceBench serviceBench;

  @Mixin private PipelineBench pipelineBench;

  @Option(names = "--json", paramLabel = "FILE", description = "Also write the figures as JSON.")
  private Path json;

  @Override
  public Integer call() throws Exception {
    PrintWriter out = spec.commandLine().getOut();
    long asked =
        Stream.of(
                modelBench.asked() && !serviceBench.serves(),
                serviceBench.asked(),
                pipelineBench.asked())
            .filter(part -> part)
            .count();
    if (asked != 1) {
      throw new UsageException(
          "what to measure? (expected: --model DIR, --random NAME, --service HOST:PORT, --serve with"
              + " --model, or --pipeline)");
    }
    if (serviceBench.asked()) {
      serviceBench.run(modelBench.model(), json, out);
    } else if (pipelineBench.asked()) {
      pipelineBench.run(json, out);
    } else {
      modelBench.run(json, out);
    }
    return Console.OK;
  }
}
