package io.headgate.pipeline;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.headgate.broker.RegistryProcess;
import io.headgate.console.Progress;
import io.headgate.console.UsageException;
import io.headgate.rig.RunFolder;
import io.headgate.samples.ReferenceSet;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Option;

/**
 * The whole pipeline: {@code headgate bench --pipeline}. The options of that mode, to be mixed into
 * the command.
 */
public final class PipelineBench {
  @Option(
      names = "--pipeline",
      description =
          "Measure the whole pipeline on this machine with the reference model: broker, registry, service and guard as processes.")
  private boolean pipeline;

  @Option(
      names = "--phase-seconds",
      paramLabel = "S",
      description = "Length of each measurement of --pipeline. Default: 15.")
  private int phaseSeconds = 15;

  @Option(
      names = "--registry-home",
      paramLabel = "DIR",
      description =
          "Apicurio Registry for --pipeline, unpacked. Default: stream-app/target/registry-server of this checkout.")
  private Path registryHome;

  @Option(
      names = "--reference",
      paramLabel = "DIR",
      description =
          "Reference models and images for --pipeline. Default: 'reference' of this installation.")
  private Path reference;

  @Option(
      names = "--keep",
      paramLabel = "DIR",
      description = "Keep the data and the logs of every process of --pipeline there.")
  private Path keep;

  /** For picocli. */
  public PipelineBench() {}

  /** Whether this is what to measure. */
  public boolean asked() {
    return pipeline;
  }

  /**
   * Measures and prints.
   *
   * @param json file for the figures; null for none
   */
  public void run(Path json, PrintWriter out)
      throws IOException, InterruptedException, ExecutionException {
    if (phaseSeconds < 1) {
      throw new UsageException(
          "--phase-seconds: %d (expected: at least 1)".formatted(phaseSeconds));
    }
    Path registry = RegistryProcess.find(registryHome);
    ReferenceSet set = ReferenceSet.find(reference);
    ((Logger) LoggerFactory.getLogger("org.apache.kafka")).setLevel(Level.ERROR);
    PipelineFigures figures;
    try (RunFolder folder = RunFolder.open("headgate-bench-", keep);
        Progress progress = Progress.start("measuring", PipelineRun.steps())) {
      figures =
          new PipelineRun(folder.path(), registry, set, Duration.ofSeconds(phaseSeconds), progress)
              .run();
    }
    out.print(figures.text());
    out.flush();
    if (json != null) {
      ObjectMapper mapper = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
      Files.writeString(json, mapper.writeValueAsString(figures) + "\n");
    }
  }
}
