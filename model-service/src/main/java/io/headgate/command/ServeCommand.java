package io.headgate.command;

import io.headgate.calibration.CalibrationKeys;
import io.headgate.clip.ClipOptions;
import io.headgate.connection.DurationConverter;
import io.headgate.console.Console;
import io.headgate.console.Settings;
import io.headgate.console.UsageException;
import io.headgate.console.UserException;
import io.headgate.guard.RepairPolicy;
import io.headgate.serving.BatchingConfig;
import io.headgate.serving.LimitsConfig;
import io.headgate.serving.ModelServer;
import io.headgate.serving.ModelSource;
import io.headgate.serving.ServerConfig;
import io.headgate.serving.TlsConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code headgate serve}: the model service as a process. */
@Command(
    name = "serve",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Serves a model over gRPC: judges images in batches, and swaps calibration and model while it"
          + " runs when their files change.",
      "",
      "Every option may also come from the environment (HEADGATE_MAX_BATCH=64) or from a file of"
          + " 'key = value' lines (max-batch = 64). The command line wins over the environment,"
          + " that over the file, that over the defaults. --print-config shows the outcome.",
      "",
      "Example:",
      "  headgate serve --model models/vit-b-32 --calibration calibration.json"
    })
public final class ServeCommand implements Callable<Integer> {
  private static final Pattern SECRET =
      Pattern.compile("password|secret|jaas|token|credential|key$", Pattern.CASE_INSENSITIVE);

  @Spec private CommandSpec spec;
  @Mixin private ModelOptions model;

  @Option(
      names = "--calibration",
      paramLabel = "PATH",
      description = "Calibration file, or a folder of them: the one of this model is taken.")
  private Path calibration;

  @Option(
      names = "--calibrations-topic",
      paramLabel = "TOPIC",
      description =
          "Compacted Kafka topic of calibrations to follow, such as headgate.calibrations.v1.")
  private String calibrationsTopic;

  @Option(
      names = "--bootstrap-servers",
      paramLabel = "HOST:PORT",
      description = "Kafka brokers of that topic.")
  private String bootstrapServers;

  @Option(
      names = "--kafka-config",
      paramLabel = "FILE",
      description = "Kafka client settings (properties): the place for credentials.")
  private Path kafkaConfig;

  @Option(
      names = "--calibration-key",
      paramLabel = "PEM",
      description = "Ed25519 public key: calibrations it has not signed are refused.")
  private Path calibrationKey;

  @Option(
      names = "--canaries",
      paramLabel = "FILE",
      description =
          "Images with known answers that a model must still give. Default: canaries.json beside the"
              + " model, if there.")
  private Path canaries;

  @Option(
      names = "--policy",
      paramLabel = "NAME",
      description =
          "Repair of suspicious images: prune, paper, attribution or none. Default: prune.")
  private String policy = "prune";

  @Option(
      names = "--host",
      paramLabel = "ADDRESS",
      description = "Address to bind to. Default: 127.0.0.1, this machine only.")
  private String host = ServerConfig.LOOPBACK;

  @Option(
      names = "--port",
      paramLabel = "PORT",
      description = "gRPC port; 0 picks a free one. Default: 7860.")
  private int port = ServerConfig.DEFAULT_PORT;

  @Option(
      names = "--http-port",
      paramLabel = "PORT",
      description =
          "Port of /metrics, /livez, /readyz and /info; 0 picks a free one, -1 switches it off."
              + " Default: 7861.")
  private int httpPort = ServerConfig.DEFAULT_HTTP_PORT;

  @Option(
      names = "--max-batch",
      paramLabel = "N",
      description = "Most images in one batch. Default: 32.")
  private int maxBatch = BatchingConfig.defaults().maxBatch();

  @Option(
      names = "--linger",
      paramLabel = "TIME",
      converter = DurationConverter.class,
      description = "How long the first image of a batch waits for company. Default: 2ms.")
  private Duration linger = BatchingConfig.defaults().linger();

  @Option(
      names = "--lanes",
      paramLabel = "N",
      description = "Batches run at the same time. Default: one per core; one on a GPU.")
  private Integer lanes;

  @Option(
      names = "--padded-sizes",
      split = ",",
      paramLabel = "N",
      description =
          "Batch sizes that the device is given. Default: powers of two on a GPU, no padding on a"
              + " CPU.")
  private List<Integer> paddedSizes;

  @Option(
      names = "--queue-items",
      paramLabel = "N",
      description = "Most images waiting. Default: 1024.")
  private int queueItems = BatchingConfig.defaults().queueItems();

  @Option(
      names = "--queue-bytes",
      paramLabel = "SIZE",
      converter = ByteSizeConverter.class,
      description = "Most bytes of pixels waiting. Default: 256MiB.")
  private long queueBytes = BatchingConfig.defaults().queueBytes();

  @Option(
      names = "--queue-time",
      paramLabel = "TIME",
      converter = DurationConverter.class,
      description =
          "Most work waiting, in the time that it takes at the speed seen; two full batches per lane"
              + " may always wait. Default: 500ms.")
  private Duration queueTime = BatchingConfig.defaults().queueTime();

  @Option(
      names = "--max-items-per-request",
      paramLabel = "N",
      description = "Most images in one call. Default: 64.")
  private int maxItems = LimitsConfig.defaults().maxItemsPerRequest();

  @Option(
      names = "--max-request-bytes",
      paramLabel = "SIZE",
      converter = ByteSizeConverter.class,
      description = "Largest message. Default: 16MiB.")
  private long maxRequestBytes = LimitsConfig.defaults().maxRequestBytes();

  @Option(
      names = "--max-calls-per-connection",
      paramLabel = "N",
      description = "Calls of one connection at the same time. Default: 1024.")
  private int maxCalls = LimitsConfig.defaults().maxCallsPerConnection();

  @Option(
      names = "--keep-alive-time",
      paramLabel = "TIME",
      converter = DurationConverter.class,
      description = "A silent connection is pinged after this long. Default: 1m.")
  private Duration keepAliveTime = LimitsConfig.defaults().keepAliveTime();

  @Option(
      names = "--keep-alive-timeout",
      paramLabel = "TIME",
      converter = DurationConverter.class,
      description = "A pinged connection is closed when it is silent this long. Default: 20s.")
  private Duration keepAliveTimeout = LimitsConfig.defaults().keepAliveTimeout();

  @Option(
      names = "--permitted-keep-alive",
      paramLabel = "TIME",
      converter = DurationConverter.class,
      description = "A client that pings more often is cut off. Default: 10s.")
  private Duration permittedKeepAlive = LimitsConfig.defaults().permittedKeepAlive();

  @Option(
      names = "--max-connection-age",
      paramLabel = "TIME",
      converter = DurationConverter.class,
      description =
          "Connections are closed gracefully after this long, so that clients find new replicas."
              + " Default: never.")
  private Duration maxConnectionAge;

  @Option(
      names = "--stall-limit",
      paramLabel = "TIME",
      converter = DurationConverter.class,
      description = "A batch that runs longer makes /livez fail. Default: 1m.")
  private Duration stallLimit = LimitsConfig.defaults().stallLimit();

  @Option(
      names = "--tls-certificate",
      paramLabel = "PEM",
      description = "Certificate chain of the server; read again when it changes.")
  private Path tlsCertificate;

  @Option(
      names = "--tls-key",
      paramLabel = "PEM",
      description = "Its private key, PKCS #8, not encrypted.")
  private Path tlsKey;

  @Option(
      names = "--tls-client-authorities",
      paramLabel = "PEM",
      description = "Authorities of clients' certificates: every client then needs one.")
  private Path tlsClientAuthorities;

  @Option(
      names = "--tls-allowed-clients",
      split = ",",
      paramLabel = "NAME",
      description =
          "Names (DNS or URI alternative, or common name) that may call. Default: all with an"
              + " accepted certificate.")
  private List<String> tlsAllowedClients = List.of();

  @Option(
      names = "--tls-reload",
      paramLabel = "TIME",
      converter = DurationConverter.class,
      description = "How often the PEM files are looked at. Default: 1m.")
  private Duration tlsReload = Duration.ofMinutes(1);

  @Option(
      names = "--grace",
      paramLabel = "TIME",
      converter = DurationConverter.class,
      description = "How long running calls may take to end on SIGTERM. Default: 30s.")
  private Duration grace = ServerConfig.defaults().grace();

  @Option(
      names = "--watch",
      paramLabel = "TIME",
      converter = DurationConverter.class,
      description = "How often model and calibration are looked at. Default: 1s.")
  private Duration watch = ServerConfig.defaults().watchEvery();

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "Options as 'key = value' lines; also HEADGATE_CONFIG.")
  private Path config;

  @Option(
      names = "--print-config",
      description = "Print every option with its value, secrets masked, and end.")
  private boolean printConfig;

  @Override
  public Integer call() throws Exception {
    PrintWriter out = spec.commandLine().getOut();
    if (printConfig) {
      Settings.print(spec.commandLine(), out);
      printKafka(out);
    } else {
      serve(out);
    }
    return Console.OK;
  }

  private void printKafka(PrintWriter out) {
    new TreeMap<>(kafka())
        .forEach(
            (name, value) ->
                out.printf(
                    "# Kafka: %s = %s%n", name, SECRET.matcher(name).find() ? "********" : value));
    out.flush();
  }

  private void serve(PrintWriter out) throws InterruptedException {
    ServerConfig server = serverConfig();
    ModelSource source = source();
    ModelServer running = ModelServer.start(server, source);
    Thread drain = new Thread(running::close, "headgate-shutdown");
    Runtime.getRuntime().addShutdownHook(drain);
    out.printf(
        "serving model %s with calibration %s on %s:%d%s%n",
        running.ids().modelFingerprint(),
        running.ids().calibrationId(),
        server.host(),
        running.port(),
        running
            .httpPort()
            .map(http -> " (metrics and probes on http://%s:%d)".formatted(server.host(), http))
            .orElse(""));
    out.flush();
    running.awaitTermination();
  }

  private ServerConfig serverConfig() {
    try {
      return new ServerConfig(
          host,
          port,
          httpPort < 0 ? Optional.empty() : Optional.of(httpPort),
          batching(),
          limits(),
          tls(),
          grace,
          watch);
    } catch (IllegalArgumentException e) {
      throw new UsageException(e.getMessage());
    }
  }

  private BatchingConfig batching() {
    boolean gpu = model.options().device().startsWith("gpu");
    BatchingConfig base =
        new BatchingConfig(
            maxBatch,
            linger,
            lanes == null ? BatchingConfig.defaults().lanes() : lanes,
            queueItems,
            queueBytes,
            queueTime,
            paddedSizes == null ? List.of() : paddedSizes);
    return gpu && lanes == null && paddedSizes == null ? base.forGpu() : base;
  }

  private LimitsConfig limits() {
    return new LimitsConfig(
        maxItems,
        Math.toIntExact(Math.min(Integer.MAX_VALUE, maxRequestBytes)),
        maxCalls,
        keepAliveTime,
        keepAliveTimeout,
        permittedKeepAlive,
        Optional.ofNullable(maxConnectionAge),
        stallLimit);
  }

  private Optional<TlsConfig> tls() {
    if (tlsCertificate == null && tlsKey == null) {
      if (tlsClientAuthorities != null || !tlsAllowedClients.isEmpty()) {
        throw new UsageException(
            "clients cannot be checked without TLS (expected: --tls-certificate and --tls-key as well)");
      }
      return Optional.empty();
    }
    if (tlsCertificate == null || tlsKey == null) {
      throw new UsageException(
          "%s is missing (expected: --tls-certificate and --tls-key together)"
              .formatted(tlsKey == null ? "--tls-key" : "--tls-certificate"));
    }
    return Optional.of(
        new TlsConfig(
            tlsCertificate,
            tlsKey,
            Optional.ofNullable(tlsClientAuthorities),
            Set.copyOf(tlsAllowedClients),
            tlsReload));
  }

  private ModelSource source() {
    if (!model.present()) {
      throw new UsageException("--model DIR is missing (expected: a model folder)");
    }
    if (calibration == null && calibrationsTopic == null) {
      throw new UsageException(
          "--calibration PATH is missing (expected: a calibration file, a folder of them, or --calibrations-topic; make one with 'headgate calibrate')");
    }
    ClipOptions options = model.options().withMaxBatch(maxBatch);
    if (options.threads() == 0) {
      int cores = Runtime.getRuntime().availableProcessors();
      options = options.withThreads(Math.max(1, cores / batching().lanes()));
    }
    return new ModelSource(
        model.path(),
        options,
        Optional.ofNullable(calibration),
        topic(),
        Optional.ofNullable(calibrationKey).map(CalibrationKeys::publicKey),
        Optional.ofNullable(canaries),
        RepairPolicy.of(policy));
  }

  private Optional<ModelSource.Topic> topic() {
    if (calibrationsTopic == null) {
      return Optional.empty();
    }
    Map<String, Object> kafka = kafka();
    if (!kafka.containsKey("bootstrap.servers")) {
      throw new UsageException(
          "--bootstrap-servers is missing (expected: the brokers of topic %s)"
              .formatted(calibrationsTopic));
    }
    return Optional.of(new ModelSource.Topic(calibrationsTopic, kafka));
  }

  private Map<String, Object> kafka() {
    Map<String, Object> settings = new HashMap<>();
    if (kafkaConfig != null) {
      Properties properties = new Properties();
      try (Reader reader = Files.newBufferedReader(kafkaConfig)) {
        properties.load(reader);
      } catch (IOException | IllegalArgumentException e) {
        throw new UserException(
            "%s: cannot be read as properties: %s".formatted(kafkaConfig, e), e);
      }
      properties.stringPropertyNames().forEach(n -> settings.put(n, properties.getProperty(n)));
    }
    if (bootstrapServers != null) {
      settings.put("bootstrap.servers", bootstrapServers);
    }
    return settings;
  }
}
