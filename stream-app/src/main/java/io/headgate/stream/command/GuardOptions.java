package io.headgate.stream.command;

import io.headgate.client.ServiceTls;
import io.headgate.connection.ClusterOptions;
import io.headgate.connection.RegistryOptions;
import io.headgate.console.UsageException;
import io.headgate.imaging.ImageLimits;
import io.headgate.stream.GuardConfig;
import io.headgate.stream.OutagePolicy;
import io.headgate.topics.TopicNames;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.kafka.clients.CommonClientConfigs;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/**
 * All that makes a guard's configuration: a picocli mixin of whoever runs a guard or examines one.
 */
public final class GuardOptions {
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
      paramLabel = "PEM",
      description =
          "With --service-tls: who may sign the service's certificate, instead of whom the JVM trusts.")
  private Path serviceCa;

  @Option(
      names = "--service-certificate",
      paramLabel = "PEM",
      description =
          "With --service-tls: this guard's certificate chain, for a service that asks its clients for one. Read again when it changes, as all PEM files.")
  private Path serviceCertificate;

  @Option(
      names = "--service-key",
      paramLabel = "PEM",
      description = "Its private key (PKCS #8, not encrypted).")
  private Path serviceKey;

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

  @Mixin private TopicNames topics;

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

  @Mixin private TimingOptions timing;

  @Option(
      names = "--outage-policy",
      paramLabel = "POLICY",
      defaultValue = "hold",
      converter = PolicyConverter.class,
      description =
          "When the service stays away: hold (events wait), quarantine, or pass-unverified (the guard is off); unjudged images are marked (default: ${DEFAULT-VALUE}).")
  private OutagePolicy outagePolicy;

  @Mixin private ClaimOptions claims;

  /** For picocli. */
  public GuardOptions() {}

  /**
   * What the options say.
   *
   * @throws UsageException if one of them cannot be
   */
  public GuardConfig config() {
    try {
      return build();
    } catch (IllegalArgumentException e) {
      throw new UsageException(e.getMessage());
    }
  }

  private GuardConfig build() {
    ImageLimits limits = ImageLimits.defaults();
    GuardConfig.Builder builder =
        GuardConfig.builder(cluster.bootstrap(), registry.url(), service)
            .kafka(kafka())
            .registry(texts(registry.config()))
            .serviceTls(serviceTls())
            .expect(expectModel, expectCalibration)
            .applicationId(applicationId)
            .instanceId(Optional.ofNullable(instanceId))
            .topics(topics.topics())
            .timing(timing.timing())
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
            .claims(claims.rules());
    if (decodeThreads != null) {
      builder.decodeThreads(decodeThreads);
    }
    return builder.build();
  }

  private Optional<ServiceTls> serviceTls() {
    if (!serviceTls) {
      if (serviceCa != null || serviceCertificate != null || serviceKey != null) {
        throw new UsageException(
            "--service-ca, --service-certificate and --service-key go with --service-tls, which is missing");
      }
      return Optional.empty();
    }
    if ((serviceCertificate == null) != (serviceKey == null)) {
      throw new UsageException(
          "%s is missing (expected: --service-certificate and --service-key together)"
              .formatted(serviceKey == null ? "--service-key" : "--service-certificate"));
    }
    return Optional.of(
        new ServiceTls(
            Optional.ofNullable(serviceCa),
            Optional.ofNullable(serviceCertificate),
            Optional.ofNullable(serviceKey)));
  }

  /** What the user says of Kafka, without what has an option of its own. */
  private Map<String, String> kafka() {
    Map<String, String> settings = texts(cluster.client());
    settings.remove(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG);
    return settings;
  }

  private static Map<String, String> texts(Map<String, Object> values) {
    return values.entrySet().stream()
        .collect(
            Collectors.toMap(
                Map.Entry::getKey, e -> e.getValue().toString(), (a, b) -> b, TreeMap::new));
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
