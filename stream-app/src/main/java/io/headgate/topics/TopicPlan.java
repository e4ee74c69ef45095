package io.headgate.topics;

import io.headgate.broker.TopicSetup;
import io.headgate.console.UserException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/** Compares a cluster's topics with what they should be, and creates what is missing. */
public final class TopicPlan {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final Admin admin;
  private final List<TopicSpec> specs;

  /**
   * @param admin used, not closed
   */
  public TopicPlan(Admin admin, List<TopicSpec> specs) {
    this.admin = admin;
    this.specs = List.copyOf(specs);
  }

  /**
   * Looks, and changes nothing.
   *
   * @throws UserException if the cluster refuses to say
   */
  public List<TopicState> compare() {
    Map<String, TopicDescription> existing = existing();
    Map<String, Config> configs = configs(existing.keySet());
    List<TopicState> states = new ArrayList<>();
    for (TopicSpec spec : specs) {
      TopicDescription topic = existing.get(spec.name());
      if (topic == null) {
        states.add(
            new TopicState(
                spec.name(),
                false,
                false,
                spec.partitions(),
                List.of("missing; 'headgate topics create' creates it")));
      } else {
        states.add(
            new TopicState(
                spec.name(),
                true,
                false,
                topic.partitions().size(),
                differences(spec, topic, configs.get(spec.name()))));
      }
    }
    return states;
  }

  /**
   * Creates the topics that are missing and waits until they can be written to. Topics that exist
   * are left as they are, their differences reported; with {@code alter} their settings are set
   * (never partitions or replicas).
   *
   * @throws UserException if the cluster refuses
   */
  public List<TopicState> create(boolean alter) throws InterruptedException {
    Set<String> existing = existing().keySet();
    List<NewTopic> missing = new ArrayList<>();
    for (TopicSpec spec : specs) {
      if (!existing.contains(spec.name())) {
        missing.add(
            new NewTopic(spec.name(), spec.partitions(), spec.replication())
                .configs(spec.config()));
      }
    }
    if (!missing.isEmpty()) {
      try {
        TopicSetup.createAndAwait(admin, missing, PATIENCE);
      } catch (IllegalStateException e) {
        throw refused("create topics", e);
      }
    }
    if (alter) {
      alter(existing);
    }
    Set<String> created = missing.stream().map(NewTopic::name).collect(Collectors.toSet());
    return compare().stream()
        .map(
            s ->
                new TopicState(
                    s.topic(),
                    s.exists(),
                    created.contains(s.topic()),
                    s.partitions(),
                    s.problems()))
        .toList();
  }

  private void alter(Set<String> existing) throws InterruptedException {
    Map<String, Config> configs = configs(existing);
    Map<ConfigResource, Collection<AlterConfigOp>> changes = new HashMap<>();
    for (TopicSpec spec : specs) {
      if (!existing.contains(spec.name())) {
        continue;
      }
      List<AlterConfigOp> ops = new ArrayList<>();
      spec.config()
          .forEach(
              (name, value) -> {
                if (!value.equals(value(configs.get(spec.name()), name))) {
                  ops.add(
                      new AlterConfigOp(new ConfigEntry(name, value), AlterConfigOp.OpType.SET));
                }
              });
      if (!ops.isEmpty()) {
        changes.put(new ConfigResource(ConfigResource.Type.TOPIC, spec.name()), ops);
      }
    }
    try {
      admin.incrementalAlterConfigs(changes).all().get();
    } catch (ExecutionException e) {
      throw refused("alter topics", e);
    }
  }

  private static List<String> differences(TopicSpec spec, TopicDescription topic, Config config) {
    List<String> problems = new ArrayList<>();
    if (topic.partitions().size() != spec.partitions()) {
      problems.add(
          "partitions: %d (expected: %d); more can be added with Kafka's own kafka-topics --alter, fewer need a new topic"
              .formatted(topic.partitions().size(), spec.partitions()));
    }
    int replicas = topic.partitions().stream().mapToInt(p -> p.replicas().size()).min().orElse(0);
    if (replicas < spec.replication()) {
      problems.add(
          "replicas: %d (expected: %d); reassign with Kafka's own kafka-reassign-partitions"
              .formatted(replicas, spec.replication()));
    }
    spec.config()
        .forEach(
            (name, expected) -> {
              String found = value(config, name);
              if (!expected.equals(found)) {
                problems.add(
                    "%s: %s (expected: %s); 'headgate topics create --alter' sets it"
                        .formatted(name, found, expected));
              }
            });
    return problems;
  }

  private static String value(Config config, String name) {
    ConfigEntry entry = config == null ? null : config.get(name);
    return entry == null ? "unknown" : entry.value();
  }

  private Map<String, TopicDescription> existing() {
    Map<String, TopicDescription> found = new HashMap<>();
    List<String> names = specs.stream().map(TopicSpec::name).toList();
    admin
        .describeTopics(names, new DescribeTopicsOptions())
        .topicNameValues()
        .forEach(
            (name, future) -> {
              try {
                found.put(name, future.get());
              } catch (ExecutionException e) {
                if (!(e.getCause() instanceof UnknownTopicOrPartitionException)) {
                  throw refused("describe topic " + name, e);
                }
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw refused("describe topic " + name, e);
              }
            });
    return found;
  }

  private Map<String, Config> configs(Set<String> topics) {
    List<ConfigResource> resources =
        topics.stream().map(t -> new ConfigResource(ConfigResource.Type.TOPIC, t)).toList();
    try {
      return admin.describeConfigs(resources).all().get().entrySet().stream()
          .collect(Collectors.toMap(e -> e.getKey().name(), Map.Entry::getValue));
    } catch (ExecutionException e) {
      throw refused("describe the settings of " + topics, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw refused("describe the settings of " + topics, e);
    }
  }

  private static UserException refused(String what, Throwable e) {
    Throwable cause = e;
    while (cause.getCause() != null && !(cause instanceof ApiException)) {
      cause = cause.getCause();
    }
    return new UserException(
        "%s: %s; check the cluster and this principal's permissions"
            .formatted(what, cause.getMessage() == null ? cause : cause.getMessage()),
        e);
  }
}
