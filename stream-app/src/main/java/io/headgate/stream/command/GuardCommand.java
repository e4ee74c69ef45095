package io.headgate.stream.command;

import io.headgate.claimcheck.AddressRange;
import io.headgate.claimcheck.ClaimRules;
import io.headgate.claimcheck.UriPrefix;
import io.headgate.client.Backoff;
import io.headgate.connection.ClusterOptions;
import io.headgate.connection.DurationConverter;
import io.headgate.connection.RegistryOptions;
import io.headgate.console.Console;
import io.headgate.console.Settings;
import io.headgate.console.UserException;
import io.headgate.imaging.ImageLimits;
import io.headgate.stream.GuardApp;
import io.headgate.stream.GuardConfig;
import io.headgate.stream.OperationsServer;
import io.headgate.stream.OutagePolicy;
import io.headgate.stream.RunningGuard;
import io.headgate.stream.Timing;
import io.headgate.stream.Topics;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.apache.kafka.clients.CommonClientConfigs;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** {@code headgate guard}. */
@Command(
    name = "guard",
    mixinStandardHelpOptions = true,
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
  @Mixin private ClusterOptions cluster;
  @Mixin private RegistryOptions registry;

  @Option(
      names = "--service",
      paramLabel = "HOST:PORT",
      defaultValue = "127.0.0.1:7860",
      description =
          "The model service, or a gRPC target such as dns:///models:7860, over all of whose addresses calls are spread (default: ${DEFAULT-VALUE}).")
  private String service;

  @Option(names = "--service-tls", description = "Call the service over TLS.")
  private boolean serviceTls;

  @Option(
      names = "--service-ca",
      paramLabel = "FILE",
      description = "Certificates (PEM) to trust for the service instead of the JVM's.")
  private Path serviceCa;

  @Option(
      names = "--expect-model",
      paramLabel = "FINGERPRINT",
      defaultValue = "",
      description = "Judge with exactly this model; wait while another is served.")
  private String expectModel;

  @Option(
      names = "--expect-calibration",
      paramLabel = "ID",
      defaultValue = "",
      description = "Judge with exactly this calibration; wait while another is served.")
  private String expectCalibration;

  @Option(
      names = "--application-id",
      defaultValue = "headgate-guard",
      description =
          "Name that all instances of one guard share: consumer group and prefix of transactional ids (default: ${DEFAULT-VALUE}).")
  private String applicationId;

  @Option(
      names = "--instance-id",
      paramLabel = "NAME",
      description =
          "Static membership: a name of this instance that survives its restart, such as the pod's.")
  private String instanceId;

  @Option(
      names = "--topic-submitted",
      paramLabel = "TOPIC",
      defaultValue = "headgate.images.submitted.v1",
      description = "Where submitted images are read from (default: ${DEFAULT-VALUE}).")
  private String submitted;

  @Option(
      names = "--topic-clean",
      paramLabel = "TOPIC",
      defaultValue = "headgate.images.clean.v1",
      description = "Where images judged clean go (default: ${DEFAULT-VALUE}).")
  private String clean;

  @Option(
      names = "--topic-repaired",
      paramLabel = "TOPIC",
      defaultValue = "headgate.images.repaired.v1",
      description = "Where images with a repaired embedding go (default: ${DEFAULT-VALUE}).")
  private String repaired;

  @Option(
      names = "--topic-quarantined",
      paramLabel = "TOPIC",
      defaultValue = "headgate.images.quarantined.v1",
      description =
          "Where images held for review go, with their evidence (default: ${DEFAULT-VALUE}).")
  private String quarantined;

  @Option(
      names = "--topic-dead-letter",
      paramLabel = "TOPIC",
      defaultValue = "headgate.dead-letter.v1",
      description = "Where records go that could not be judged (default: ${DEFAULT-VALUE}).")
  private String deadLetter;

  @Option(
      names = "--threads",
      defaultValue = "2",
      description = "Stream threads; more than partitions are idle (default: ${DEFAULT-VALUE}).")
  private int threads;

  @Option(
      names = "--decode-threads",
      description = "Threads that decode images (default: one per processor).")
  private Integer decodeThreads;

  @Option(
      names = "--fetch-threads",
      defaultValue = "8",
      description = "Threads that fetch references (default: ${DEFAULT-VALUE}).")
  private int fetchThreads;

  @Option(
      names = "--batch",
      defaultValue = "32",
      description = "Most images per call of the service (default: ${DEFAULT-VALUE}).")
  private int batch;

  @Option(
      names = "--in-flight",
      defaultValue = "2",
      description = "Most calls of the service open at a time (default: ${DEFAULT-VALUE}).")
  private int inFlight;

  @Option(
      names = "--look-ahead",
      defaultValue = "128",
      description =
          "Records polled per stream thread and worked on at once; bounds memory (default: ${DEFAULT-VALUE}).")
  private int lookAhead;

  @Option(
      names = "--tensor-memory",
      paramLabel = "MIB",
      defaultValue = "64",
      description = "Memory for decoded images (default: ${DEFAULT-VALUE} MiB).")
  private long tensorMemory;

  @Option(
      names = "--max-record-bytes",
      defaultValue = "16777216",
      description = "Largest record written (default: ${DEFAULT-VALUE}).")
  private int maxRecordBytes;

  @Option(
      names = "--max-image-bytes",
      defaultValue = "33554432",
      description = "Longest image file decoded (default: ${DEFAULT-VALUE}).")
  private long maxImageBytes;

  @Option(
      names = "--max-image-pixels",
      defaultValue = "50000000",
      description = "Most pixels decoded (default: ${DEFAULT-VALUE}).")
  private long maxImagePixels;

  @Option(
      names = "--duplicate-window",
      paramLabel = "IDS",
      defaultValue = "10000",
      description =
          "Ids remembered per partition, to mark repetitions (default: ${DEFAULT-VALUE}).")
  private int duplicateWindow;

  @Option(
      names = "--linger",
      defaultValue = "2ms",
      converter = DurationConverter.class,
      description = "How long an image waits for others to share its call (default: 2ms).")
  private Duration linger;

  @Option(
      names = "--deadline",
      defaultValue = "8s",
      converter = DurationConverter.class,
      description = "Deadline of one call of the service (default: 8s).")
  private Duration deadline;

  @Option(
      names = "--attempts",
      defaultValue = "3",
      description =
          "Calls per image that must fit into one transaction; retrying itself does not end (default: ${DEFAULT-VALUE}).")
  private int attempts;

  @Option(
      names = "--backoff",
      defaultValue = "50ms",
      converter = DurationConverter.class,
      description = "First wait before a retry; doubles from there, with jitter (default: 50ms).")
  private Duration backoff;

  @Option(
      names = "--backoff-cap",
      defaultValue = "2s",
      converter = DurationConverter.class,
      description = "Longest wait before a retry (default: 2s).")
  private Duration backoffCap;

  @Option(
      names = "--commit-interval",
      defaultValue = "100ms",
      converter = DurationConverter.class,
      description = "How often transactions are committed (default: 100ms).")
  private Duration commitInterval;

  @Option(
      names = "--transaction-timeout",
      defaultValue = "60s",
      converter = DurationConverter.class,
      description =
          "When the brokers abort a transaction. Readers wait that long for an instance that was killed (default: 60s).")
  private Duration transactionTimeout;

  @Option(
      names = "--max-poll-interval",
      defaultValue = "15m",
      converter = DurationConverter.class,
      description =
          "When a thread that waits loses its partitions; above the outages to sit out (default: 15m).")
  private Duration maxPollInterval;

  @Option(
      names = "--outage-policy",
      paramLabel = "POLICY",
      defaultValue = "hold",
      converter = PolicyConverter.class,
      description =
          "When the service stays away: hold (events wait), quarantine, or pass-unverified (the guard is off); unjudged images are marked (default: ${DEFAULT-VALUE}).")
  private OutagePolicy outagePolicy;

  @Option(
      names = "--outage-after",
      defaultValue = "60s",
      converter = DurationConverter.class,
      description = "How long the service must be away for the policy to apply (default: 60s).")
  private Duration outageAfter;

  @Option(
      names = "--grace",
      defaultValue = "20s",
      converter = DurationConverter.class,
      description = "Time for a clean shutdown (default: 20s).")
  private Duration grace;

  @Option(
      names = "--claim-prefix",
      paramLabel = "URL",
      split = ",",
      description =
          "Place that references may point below, such as https://images.example.org/crawl/; repeatable. None: references are refused.")
  private List<String> claimPrefixes = List.of();

  @Option(
      names = "--claim-folder",
      paramLabel = "DIR",
      split = ",",
      description = "Folder that file: references may point below; repeatable.")
  private List<Path> claimFolders = List.of();

  @Option(
      names = "--claim-address",
      paramLabel = "CIDR",
      split = ",",
      description =
          "Range of private or local addresses that allowed places may have, such as 10.1.0.0/16; repeatable.")
  private List<String> claimAddresses = List.of();

  @Option(
      names = "--claim-max-bytes",
      defaultValue = "33554432",
      description = "Longest file fetched (default: ${DEFAULT-VALUE}).")
  private long claimMaxBytes;

  @Option(
      names = "--claim-deadline",
      defaultValue = "4s",
      converter = DurationConverter.class,
      description = "Time for one attempt to fetch a file (default: 4s).")
  private Duration claimDeadline;

  @Option(
      names = "--claim-attempts",
      defaultValue = "3",
      description =
          "Attempts at a place that fails, before the event is a dead letter (default: ${DEFAULT-VALUE}).")
  private int claimAttempts;

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
    GuardApp app;
    try {
      app = GuardApp.configure(guardConfig());
    } catch (IllegalArgumentException e) {
      throw new UserException(e.getMessage(), e);
    }
    if (printConfig) {
      print(app);
      return Console.OK;
    }
    PrometheusMeterRegistry meters = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    new JvmMemoryMetrics().bindTo(meters);
    new JvmThreadMetrics().bindTo(meters);
    new ProcessorMetrics().bindTo(meters);
    new UptimeMetrics().bindTo(meters);
    try (JvmGcMetrics gc = new JvmGcMetrics();
        RunningGuard guard = app.start(meters);
        OperationsServer http = OperationsServer.start(httpHost, httpPort, guard, meters::scrape)) {
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
      return Console.OK;
    }
  }

  /** What the options say. */
  GuardConfig guardConfig() {
    Map<String, String> kafka = new TreeMap<>();
    cluster.client().forEach((key, value) -> kafka.put(key, value.toString()));
    kafka.remove(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG);
    Timing defaults = Timing.defaults();
    ImageLimits limits = ImageLimits.defaults();
    GuardConfig.Builder builder =
        GuardConfig.builder(cluster.bootstrap(), registry.url(), service)
            .registry(
                registry.config().entrySet().stream()
                    .collect(Collectors.toMap(Map.Entry::getKey, e -> e.getValue().toString())))
            .serviceTls(serviceTls, Optional.ofNullable(serviceCa))
            .expect(expectModel, expectCalibration)
            .applicationId(applicationId)
            .instanceId(Optional.ofNullable(instanceId))
            .topics(new Topics(submitted, clean, repaired, quarantined, deadLetter))
            .timing(
                new Timing(
                    linger,
                    linger.compareTo(defaults.fillLinger()) > 0 ? linger : defaults.fillLinger(),
                    deadline,
                    attempts,
                    new Backoff(backoff, backoffCap),
                    commitInterval,
                    transactionTimeout,
                    maxPollInterval,
                    outageAfter,
                    grace))
            .streamThreads(threads)
            .fetchThreads(fetchThreads)
            .batch(batch)
            .inFlight(inFlight)
            .maxPollRecords(lookAhead)
            .tensorBytes(tensorMemory << 20)
            .maxRecordBytes(maxRecordBytes)
            .duplicateWindow(duplicateWindow)
            .outagePolicy(outagePolicy)
            .imageLimits(
                new ImageLimits(
                    maxImageBytes,
                    maxImagePixels,
                    limits.maxAspectRatio(),
                    limits.maxFrames(),
                    limits.decodeDeadline()))
            .claims(
                new ClaimRules(
                    claimPrefixes.stream().map(UriPrefix::parse).toList(),
                    claimFolders.stream().map(Path::toAbsolutePath).toList(),
                    claimAddresses.stream().map(AddressRange::parse).toList(),
                    claimMaxBytes,
                    claimDeadline,
                    claimAttempts))
            .kafka(kafka);
    if (decodeThreads != null) {
      builder.decodeThreads(decodeThreads);
    }
    return builder.build();
  }

  private void print(GuardApp app) {
    var out = command.commandLine().getOut();
    Settings.print(command.commandLine(), out);
    out.println();
    out.println("# Kafka settings that follow from these; not part of a settings file");
    app.kafkaSettings().forEach((key, value) -> out.println("# " + key + " = " + value));
    out.flush();
  }

  private static final class PolicyConverter implements ITypeConverter<OutagePolicy> {
    @Override
    public OutagePolicy convert(String text) {
      for (OutagePolicy policy : OutagePolicy.values()) {
        if (policy.name().replace('_', '-').equalsIgnoreCase(text.replace('_', '-'))) {
          return policy;
        }
      }
      throw new TypeConversionException(
          "'%s' (expected: hold, quarantine or pass-unverified)".formatted(text));
    }
  }
}
