package io.headgate.doctor;

import io.headgate.console.UserException;
import io.headgate.doctor.Finding.Check;
import io.headgate.stream.GuardConfig;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.MemberToRemove;
import org.apache.kafka.clients.admin.RemoveMembersFromConsumerGroupOptions;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.InvalidTxnTimeoutException;
import org.apache.kafka.common.errors.UnknownMemberIdException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Brokers, topics, and what this principal may do with them. */
final class ClusterExamination {
  private static final int PATIENCE_MILLIS = 15_000;

  /** What a dead letter or a verdict adds at least to the record it stands for. */
  private static final long OUTPUT_HEADROOM = 64 << 10;

  /** Whoever bears this name is in no group; asking to remove it changes nothing. */
  private static final String NOBODY = "headgate-doctor-nobody";

  private final GuardConfig config;
  private final List<Finding> findings = new ArrayList<>();

  ClusterExamination(GuardConfig config) {
    this.config = config;
  }

  List<Finding> findings() {
    try (Admin admin = Admin.create(settings())) {
      if (brokers(admin)) {
        topics(admin);
        group(admin);
        transactions();
      } else {
        findings.add(Finding.skipped(Check.TOPICS, "the brokers were not reached"));
        findings.add(Finding.skipped(Check.PERMISSIONS, "the brokers were not reached"));
      }
    } catch (KafkaException | UserException e) {
      findings.add(
          Finding.problem(
              Check.BROKERS, message(e), "correct --bootstrap, --kafka-config and KAFKA_…"));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      findings.add(Finding.skipped(Check.BROKERS, "interrupted"));
    }
    return findings;
  }

  private Map<String, Object> settings() {
    Map<String, Object> settings = new HashMap<>(config.adminSettings());
    settings.put(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, PATIENCE_MILLIS);
    settings.put(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, PATIENCE_MILLIS / 2);
    return settings;
  }

  private boolean brokers(Admin admin) throws InterruptedException {
    try {
      int nodes = get(admin.describeCluster().nodes()).size();
      String id = get(admin.describeCluster().clusterId());
      findings.add(
          Finding.ok(
              Check.BROKERS,
              "%s: cluster %s, %d broker%s"
                  .formatted(config.bootstrap(), id, nodes, nodes == 1 ? "" : "s")));
      return true;
    } catch (Unanswered e) {
      findings.add(
          Finding.problem(
              Check.BROKERS,
              "%s: %s".formatted(config.bootstrap(), message(e.getCause())),
              "start them, or correct --bootstrap; for SASL and TLS see --kafka-config"));
      return false;
    }
  }

  private void topics(Admin admin) throws InterruptedException {
    Map<String, TopicDescription> described = new LinkedHashMap<>();
    List<String> all = new ArrayList<>(List.of(config.topics().submitted()));
    all.addAll(config.topics().outputs());
    Map<String, KafkaFuture<TopicDescription>> answers =
        admin
            .describeTopics(all, new DescribeTopicsOptions().includeAuthorizedOperations(true))
            .topicNameValues();
    for (String topic : all) {
      try {
        described.put(topic, get(answers.get(topic)));
      } catch (Unanswered e) {
        missing(topic, e.getCause());
      }
    }
    Map<String, Config> configs = configs(admin, described.keySet());
    int before = problems();
    described.values().forEach(topic -> partitions(topic, configs.get(topic.name())));
    sizes(configs);
    retention(configs);
    if (problems() == before && described.size() == all.size()) {
      findings.add(
          Finding.ok(
              Check.TOPICS,
              "all %d are there, %d partitions of %s"
                  .formatted(
                      all.size(),
                      described.get(config.topics().submitted()).partitions().size(),
                      config.topics().submitted())));
    }
    described.values().forEach(this::operations);
  }

  private void missing(String topic, Throwable why) {
    if (why instanceof AuthorizationException) {
      findings.add(
          Finding.problem(
              Check.PERMISSIONS,
              "topic %s: this principal may not describe it".formatted(topic),
              "grant DESCRIBE on the topic"));
    } else {
      findings.add(
          Finding.problem(
              Check.TOPICS,
              "%s: %s"
                  .formatted(
                      topic,
                      why instanceof UnknownTopicOrPartitionException
                          ? "does not exist, or may not be seen"
                          : message(why)),
              "headgate topics create --bootstrap " + config.bootstrap()));
    }
  }

  private Map<String, Config> configs(Admin admin, Set<String> topics) throws InterruptedException {
    Map<String, Config> configs = new HashMap<>();
    List<ConfigResource> resources =
        topics.stream().map(name -> new ConfigResource(ConfigResource.Type.TOPIC, name)).toList();
    for (Map.Entry<ConfigResource, KafkaFuture<Config>> entry :
        admin.describeConfigs(resources).values().entrySet()) {
      try {
        configs.put(entry.getKey().name(), get(entry.getValue()));
      } catch (Unanswered e) {
        findings.add(
            Finding.warning(
                Check.TOPICS,
                "%s: its settings cannot be read: %s"
                    .formatted(entry.getKey().name(), message(e.getCause())),
                "grant DESCRIBE_CONFIGS on the topic: without it the guard learns the size limit from refused writes only"));
      }
    }
    return configs;
  }

  private void partitions(TopicDescription topic, Config settings) {
    int needed =
        value(settings, TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG).map(Integer::parseInt).orElse(1);
    for (TopicPartitionInfo partition : topic.partitions()) {
      if (partition.leader() == null || partition.leader().isEmpty()) {
        findings.add(
            Finding.problem(
                Check.TOPICS,
                "%s-%d has no leader".formatted(topic.name(), partition.partition()),
                "bring back a broker that holds a replica of it"));
      } else if (partition.isr().size() < needed) {
        findings.add(
            Finding.problem(
                Check.TOPICS,
                "%s-%d has %d replicas in sync, writes need %d"
                    .formatted(topic.name(), partition.partition(), partition.isr().size(), needed),
                "bring back the brokers that hold its replicas"));
      }
    }
  }

  /** Outputs carry the event and more. */
  private void sizes(Map<String, Config> configs) {
    Optional<Long> source = bytes(configs.get(config.topics().submitted()));
    for (String output : config.topics().outputs()) {
      Optional<Long> limit = bytes(configs.get(output));
      if (source.isPresent() && limit.isPresent() && limit.get() < source.get() + OUTPUT_HEADROOM) {
        findings.add(
            Finding.warning(
                Check.TOPICS,
                "%s takes %d bytes, %s lets in %d: the largest events will lose their value on the way to the dead letters"
                    .formatted(output, limit.get(), config.topics().submitted(), source.get()),
                "headgate topics create --alter, which leaves outputs 1 MiB more"));
      }
    }
  }

  private void retention(Map<String, Config> configs) {
    configs.forEach(
        (topic, settings) -> {
          if (value(settings, TopicConfig.CLEANUP_POLICY_CONFIG).orElse("").contains("compact")) {
            findings.add(
                Finding.problem(
                    Check.TOPICS,
                    topic + " is compacted: of events with equal keys only the last survives",
                    "set cleanup.policy=delete with 'headgate topics create --alter'"));
          }
        });
  }

  private void operations(TopicDescription topic) {
    Set<AclOperation> granted = topic.authorizedOperations();
    if (granted == null || granted.isEmpty()) {
      return; // brokers that do not say
    }
    AclOperation needed =
        topic.name().equals(config.topics().submitted()) ? AclOperation.READ : AclOperation.WRITE;
    findings.add(
        granted.contains(needed)
            ? Finding.ok(Check.PERMISSIONS, "topic %s: %s".formatted(topic.name(), needed))
            : Finding.problem(
                Check.PERMISSIONS,
                "topic %s: this principal may not %s it"
                    .formatted(topic.name(), needed.name().toLowerCase(java.util.Locale.ROOT)),
                "grant %s on the topic".formatted(needed)));
  }

  /** Asks to remove nobody from the group, for which brokers require what members need. */
  private void group(Admin admin) throws InterruptedException {
    String group = config.applicationId();
    try {
      get(
          admin
              .removeMembersFromConsumerGroup(
                  group,
                  new RemoveMembersFromConsumerGroupOptions(Set.of(new MemberToRemove(NOBODY))))
              .memberResult(new MemberToRemove(NOBODY)));
      findings.add(Finding.ok(Check.PERMISSIONS, "group " + group + ": READ"));
    } catch (Unanswered e) {
      findings.add(
          e.getCause() instanceof UnknownMemberIdException
              ? Finding.ok(Check.PERMISSIONS, "group " + group + ": READ")
              : Finding.problem(
                  Check.PERMISSIONS,
                  "group %s: %s".formatted(group, message(e.getCause())),
                  "grant READ on the group (its name is --application-id)"));
    }
  }

  /** Opens a transaction as the guard does, and leaves it empty. */
  private void transactions() {
    String id = config.applicationId() + "-doctor";
    Map<String, Object> settings = new HashMap<>(config.producerSettings());
    settings.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, id);
    settings.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, PATIENCE_MILLIS);
    settings.remove(ProducerConfig.CLIENT_ID_CONFIG);
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
      try {
        producer.initTransactions();
        findings.add(
            Finding.ok(
                Check.PERMISSIONS,
                "transactional ids %s-*: WRITE".formatted(config.applicationId())));
      } catch (KafkaException e) {
        producer.close(Duration.ZERO);
        findings.add(
            Finding.problem(
                Check.PERMISSIONS,
                "transactional id %s: %s".formatted(id, message(e)),
                e instanceof InvalidTxnTimeoutException
                    ? "lower --transaction-timeout to the brokers' transaction.max.timeout.ms, or raise that"
                    : "grant WRITE and DESCRIBE on transactional ids with the prefix "
                        + config.applicationId()));
      }
    }
  }

  private int problems() {
    return (int) findings.stream().filter(f -> f.state() == Finding.State.PROBLEM).count();
  }

  private static Optional<Long> bytes(Config settings) {
    return value(settings, TopicConfig.MAX_MESSAGE_BYTES_CONFIG).map(Long::parseLong);
  }

  private static Optional<String> value(Config settings, String name) {
    ConfigEntry entry = settings == null ? null : settings.get(name);
    return Optional.ofNullable(entry).map(ConfigEntry::value);
  }

  private static <T> T get(KafkaFuture<T> future) throws Unanswered, InterruptedException {
    try {
      return future.get(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      throw new Unanswered(e.getCause());
    } catch (TimeoutException e) {
      throw new Unanswered(e);
    }
  }

  private static String message(Throwable e) {
    if (e instanceof TimeoutException
        || e instanceof org.apache.kafka.common.errors.TimeoutException) {
      return "no answer within %d s".formatted(PATIENCE_MILLIS / 1000);
    }
    Throwable root = e;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root.getMessage() == null ? root.toString() : root.getMessage();
  }

  /** Carries why a question was not answered. */
  private static final class Unanswered extends Exception {
    private static final long serialVersionUID = 1L;

    Unanswered(Throwable cause) {
      super(cause);
    }
  }
}
