package io.headgate.command.calibrate;

import io.headgate.calibration.Calibration;
import io.headgate.calibration.CalibrationKeys;
import io.headgate.connection.ClusterOptions;
import io.headgate.console.Console;
import io.headgate.serving.CalibrationPublisher;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code headgate calibrate publish}. */
@Command(
    name = "publish",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Writes a calibration to the compacted topic that services follow, for example after"
          + " 'headgate calibrate verify' found that it holds. One that is damaged, expired or not"
          + " signed by --calibration-key's owner is refused.",
      "",
      "Example:",
      "  headgate calibrate publish calibration.json --calibration-key key.pem.pub",
      ""
    })
final class PublishCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "FILE", description = "Calibration to publish.")
  private Path file;

  @Option(
      names = "--calibration-key",
      paramLabel = "PEM",
      description = "Ed25519 public key that must have signed it.")
  private Path key;

  @Option(
      names = "--calibrations-topic",
      paramLabel = "TOPIC",
      description = "Where to. Default: ${DEFAULT-VALUE}.")
  private String topic = CalibrationPublisher.TOPIC;

  @Mixin private ClusterOptions cluster;

  @Override
  public Integer call() {
    Calibration calibration =
        key == null
            ? Calibration.load(file)
            : Calibration.load(file, CalibrationKeys.publicKey(key));
    calibration.requireFresh(Instant.now());
    Map<String, Object> kafka = cluster.client();
    CalibrationPublisher.requireTopic(kafka, topic);
    CalibrationPublisher.publish(kafka, topic, calibration);
    PrintWriter out = spec.commandLine().getOut();
    out.printf("published    %s to %s%n", calibration.id(), topic);
    out.flush();
    return Console.OK;
  }
}
