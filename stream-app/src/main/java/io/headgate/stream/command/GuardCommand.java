package io.headgate.stream.command;

import io.headgate.console.Console;
import io.headgate.console.Settings;
import io.headgate.console.UsageException;
import io.headgate.console.UserException;
import io.headgate.operations.OperationsServer;
import io.headgate.stream.GuardApp;
import io.headgate.stream.RunningGuard;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code headgate guard}. */
@Command(
    name = "guard",
    mixinStandardHelpOptions = true,
    abbreviateSynopsis = true,
    sortOptions = false,
    description = {
      "Runs the guard: reads submitted images, has the model service judge them, routes each exactly once to clean, repaired, quarantined or dead-letter.",
      "Every option may also come from the environment (HEADGATE_OUTAGE_POLICY) or a settings file (outage-policy = hold); the command line wins over the environment, the environment over the file."
    },
    footer = {
      "",
      "Example:",
      "  headgate guard --bootstrap kafka:9092 --registry http://registry:8081 --service dns:///models:7860",
      "",
      "Ends cleanly on SIGTERM within --grace."
    })
public final class GuardCommand implements Callable<Integer> {
  @Spec private CommandSpec command;
  @Mixin private GuardOptions options;

  @Option(
      names = "--http-host",
      defaultValue = "127.0.0.1",
      description =
          "Where /livez, /readyz, /metrics and /topology listen (default: ${DEFAULT-VALUE}).")
  private String httpHost;

  @Option(
      names = "--http-port",
      defaultValue = "7870",
      description = "Their port; 0 for a free one (default: ${DEFAULT-VALUE}).")
  private int httpPort;

  @Option(names = "--config", paramLabel = "FILE", description = "Settings file: key = value.")
  private Path config;

  @Option(
      names = "--print-config",
      description = "Print all settings in force, secrets masked, and end.")
  private boolean printConfig;

  /** For picocli. */
  public GuardCommand() {}

  @Override
  public Integer call() throws InterruptedException {
    if (httpPort < 0 || httpPort > 65_535) {
      throw new UsageException("--http-port: %d (expected: 0 to 65535)".formatted(httpPort));
    }
    GuardApp app = GuardApp.configure(options.config());
    if (printConfig) {
      print(app);
    } else {
      run(app);
    }
    return Console.OK;
  }

  private void run(GuardApp app) throws InterruptedException {
    PrometheusMeterRegistry meters = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    new JvmMemoryMetrics().bindTo(meters);
    new JvmThreadMetrics().bindTo(meters);
    new ProcessorMetrics().bindTo(meters);
    new UptimeMetrics().bindTo(meters);
    try (JvmGcMetrics gc = new JvmGcMetrics();
        RunningGuard guard = app.start(meters);
        OperationsServer http =
            OperationsServer.start(httpHost, httpPort, guard.pages(meters::scrape))) {
      gc.bindTo(meters);
      Thread hook = new Thread(guard::close, "headgate-shutdown");
      Runtime.getRuntime().addShutdownHook(hook);
      command
          .commandLine()
          .getErr()
          .printf(
              "guard: %s -> %s; http://%s:%d/readyz%n",
              app.config().topics().submitted(),
              app.config().topics().outputs(),
              httpHost,
              http.port());
      guard.awaitEnd();
      if (guard.failure().isPresent()) {
        Runtime.getRuntime().removeShutdownHook(hook);
        throw new UserException(
            "the guard ended: " + guard.failure().get().getMessage(), guard.failure().get());
      }
    }
  }

  private void print(GuardApp app) {
    PrintWriter out = command.commandLine().getOut();
    Settings.print(command.commandLine(), out);
    out.println();
    out.println("# Kafka settings that follow from these; not part of a settings file");
    app.kafkaSettings().forEach((key, value) -> out.println("# " + key + " = " + value));
    out.flush();
  }
}
