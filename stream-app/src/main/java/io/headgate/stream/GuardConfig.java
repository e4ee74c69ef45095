package io.headgate.stream;

import io.headgate.claimcheck.ClaimRules;
import io.headgate.client.ClientConfig;
import io.headgate.client.ServiceTls;
import io.headgate.imaging.ImageLimits;
import io.headgate.serde.HeadgateSerdes;
import java.util.Map;
import java.util.Optional;

/**
 * Everything the guard can be told. Made by {@link #builder}; durations are in {@link Timing}.
 *
 * @param applicationId group and transactional-id prefix; all instances of one guard share it
 * @param bootstrap brokers
 * @param registry configuration of the schema registry's client, at least its URL
 * @param service address of the model service, see {@link ClientConfig#address}
 * @param serviceTls TLS towards it; empty: in plain text
 * @param expectedModel fingerprint that must judge; empty for any
 * @param expectedCalibration id that must judge; empty for any
 * @param topics read and written
 * @param timing all durations
 * @param streamThreads threads of Kafka Streams
 * @param decodeThreads threads that decode images
 * @param fetchThreads threads that fetch references
 * @param batch most images per call
 * @param inFlight most calls open
 * @param maxPollRecords records per poll and stream thread, which is how far the guard looks ahead
 * @param tensorBytes memory for decoded images
 * @param maxRecordBytes largest record written
 * @param duplicateWindow ids remembered per partition
 * @param outagePolicy what to do when the service stays away
 * @param imageLimits bounds of what is decoded
 * @param claims which references are followed
 * @param instanceId static membership; empty for dynamic
 * @param kafka any Kafka setting, over everything above, with Kafka Streams' prefixes
 */
public record GuardConfig(
    String applicationId,
    String bootstrap,
    Map<String, String> registry,
    String service,
    Optional<ServiceTls> serviceTls,
    String expectedModel,
    String expectedCalibration,
    Topics topics,
    Timing timing,
    int streamThreads,
    int decodeThreads,
    int fetchThreads,
    int batch,
    int inFlight,
    int maxPollRecords,
    long tensorBytes,
    int maxRecordBytes,
    int duplicateWindow,
    OutagePolicy outagePolicy,
    ImageLimits imageLimits,
    ClaimRules claims,
    Optional<String> instanceId,
    Map<String, String> kafka) {
  public GuardConfig {
    require(!applicationId.isBlank(), "application id", applicationId, "a name");
    require(!bootstrap.isBlank(), "bootstrap", bootstrap, "host:port[,host:port]");
    require(
        registry.containsKey(HeadgateSerdes.REGISTRY_URL),
        "registry",
        "no " + HeadgateSerdes.REGISTRY_URL,
        "a registry's URL");
    require(!service.isBlank(), "service", service, "host:port");
    within("stream threads", streamThreads, 1, 64);
    within("decode threads", decodeThreads, 1, 256);
    within("fetch threads", fetchThreads, 1, 256);
    within("batch", batch, 1, 1024);
    within("calls in flight", inFlight, 1, 256);
    within("records per poll", maxPollRecords, 1, 10_000);
    within("largest record", maxRecordBytes, 16 << 10, 1 << 30);
    within("duplicate window", duplicateWindow, 1, 10_000_000);
    require(tensorBytes > 0, "tensor memory", tensorBytes, "positive bytes");
    registry = Map.copyOf(registry);
    kafka = Map.copyOf(kafka);
  }

  private static void within(String name, int value, int least, int most) {
    require(value >= least && value <= most, name, value, least + " to " + most);
  }

  private static void require(boolean ok, String name, Object value, String expected) {
    if (!ok) {
      throw new IllegalArgumentException("%s: %s (expected: %s)".formatted(name, value, expected));
    }
  }

  /** A builder with all defaults but the three addresses. */
  public static Builder builder(String bootstrap, String registryUrl, String service) {
    return new Builder(bootstrap, registryUrl, service);
  }

  /** How the durations fit together. */
  public TimingBudget timingBudget() {
    return TimingBudget.of(this);
  }

  /**
   * What an administration client needs to speak to the brokers as the guard does.
   *
   * @throws io.headgate.console.UserException if {@link #kafka()} touches what must not be changed
   */
  public Map<String, Object> adminSettings() {
    return KafkaSettings.admin(this);
  }

  /**
   * What the guard's producers are given, but for their transactional ids, which begin with {@link
   * #applicationId()}.
   *
   * @throws io.headgate.console.UserException if {@link #kafka()} touches what must not be changed
   */
  public Map<String, Object> producerSettings() {
    return KafkaSettings.producer(this);
  }

  /** How the model service is called. */
  public ClientConfig client() {
    return new ClientConfig(
        service,
        batch,
        timing.linger(),
        timing.fillLinger(),
        inFlight,
        timing.deadline(),
        timing.backoff(),
        0,
        expectedModel,
        expectedCalibration,
        serviceTls);
  }

  /** Collects what differs from the defaults; one thread uses it. */
  public static final class Builder {
    private String applicationId = "headgate-guard";
    private final String bootstrap;
    private Map<String, String> registry;
    private final String service;
    private Optional<ServiceTls> serviceTls = Optional.empty();
    private String expectedModel = "";
    private String expectedCalibration = "";
    private Topics topics = Topics.defaults();
    private Timing timing = Timing.defaults();
    private int streamThreads = 2;
    private int decodeThreads = Math.max(1, Runtime.getRuntime().availableProcessors());
    private int fetchThreads = 8;
    private int batch = 32;
    private int inFlight = 2;
    private int maxPollRecords = 128;
    private long tensorBytes = 64L << 20;
    private int maxRecordBytes = 16 << 20;
    private int duplicateWindow = 10_000;
    private OutagePolicy outagePolicy = OutagePolicy.HOLD;
    private ImageLimits imageLimits = ImageLimits.defaults();
    private ClaimRules claims = ClaimRules.none();
    private Optional<String> instanceId = Optional.empty();
    private Map<String, String> kafka = Map.of();

    private Builder(String bootstrap, String registryUrl, String service) {
      this.bootstrap = bootstrap;
      this.registry = Map.of(HeadgateSerdes.REGISTRY_URL, registryUrl);
      this.service = service;
    }

    public Builder applicationId(String id) {
      this.applicationId = id;
      return this;
    }

    /** Replaces the registry's configuration, URL included. */
    public Builder registry(Map<String, String> config) {
      this.registry = config;
      return this;
    }

    public Builder serviceTls(Optional<ServiceTls> tls) {
      this.serviceTls = tls;
      return this;
    }

    public Builder expect(String modelFingerprint, String calibrationId) {
      this.expectedModel = modelFingerprint;
      this.expectedCalibration = calibrationId;
      return this;
    }

    public Builder topics(Topics names) {
      this.topics = names;
      return this;
    }

    public Builder timing(Timing durations) {
      this.timing = durations;
      return this;
    }

    public Builder streamThreads(int threads) {
      this.streamThreads = threads;
      return this;
    }

    public Builder decodeThreads(int threads) {
      this.decodeThreads = threads;
      return this;
    }

    public Builder fetchThreads(int threads) {
      this.fetchThreads = threads;
      return this;
    }

    public Builder batch(int images) {
      this.batch = images;
      return this;
    }

    public Builder inFlight(int calls) {
      this.inFlight = calls;
      return this;
    }

    public Builder maxPollRecords(int records) {
      this.maxPollRecords = records;
      return this;
    }

    public Builder tensorBytes(long bytes) {
      this.tensorBytes = bytes;
      return this;
    }

    public Builder maxRecordBytes(int bytes) {
      this.maxRecordBytes = bytes;
      return this;
    }

    public Builder duplicateWindow(int ids) {
      this.duplicateWindow = ids;
      return this;
    }

    public Builder outagePolicy(OutagePolicy policy) {
      this.outagePolicy = policy;
      return this;
    }

    public Builder imageLimits(ImageLimits limits) {
      this.imageLimits = limits;
      return this;
    }

    public Builder claims(ClaimRules rules) {
      this.claims = rules;
      return this;
    }

    public Builder instanceId(Optional<String> id) {
      this.instanceId = id;
      return this;
    }

    /** Kafka settings over everything else. */
    public Builder kafka(Map<String, String> settings) {
      this.kafka = settings;
      return this;
    }

    /**
     * @throws IllegalArgumentException naming the first value that cannot be
     */
    public GuardConfig build() {
      return new GuardConfig(
          applicationId,
          bootstrap,
          registry,
          service,
          serviceTls,
          expectedModel,
          expectedCalibration,
          topics,
          timing,
          streamThreads,
          decodeThreads,
          fetchThreads,
          batch,
          inFlight,
          maxPollRecords,
          tensorBytes,
          maxRecordBytes,
          duplicateWindow,
          outagePolicy,
          imageLimits,
          claims,
          instanceId,
          kafka);
    }
  }
}
