package io.headgate.stream;

import io.headgate.console.UserException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks the brokers, once at start, whether the topics exist and how large their records may be. */
final class TopicCheck {
  private static final Logger log = LoggerFactory.getLogger(TopicCheck.class);
  private static final long PATIENCE_SECONDS = 20;

  /** What a dead letter carries besides the record it stands for. */
  private static final int DEAD_LETTER_HEADERS = 64 << 10;

  private TopicCheck() {}

  /**
   * @throws UserException if a topic is missing, or the brokers refuse the guard
   * @throws NotYetException if the brokers do not answer
   */
  static RecordLimits limits(GuardConfig config) throws NotYetException {
    Topics topics = config.topics();
    List<String> all = new ArrayList<>(topics.outputs());
    all.add(topics.submitted());
    try (Admin admin = Admin.create(KafkaSettings.admin(config))) {
      requireAll(admin, all, config);
      Map<String, Long> bytes = maxMessageBytes(admin, all);
      long request = config.maxRecordBytes();
      Map<Route, Long> limits = new EnumMap<>(Route.class);
      limits.put(Route.CLEAN, Math.min(request, bytes.getOrDefault(topics.clean(), request)));
      limits.put(Route.REPAIRED, Math.min(request, bytes.getOrDefault(topics.repaired(), request)));
      limits.put(
          Route.QUARANTINED, Math.min(request, bytes.getOrDefault(topics.quarantined(), request)));
      limits.put(
          Route.DEAD_LETTER, Math.min(request, bytes.getOrDefault(topics.deadLetter(), request)));
      long largest = bytes.getOrDefault(topics.submitted(), 0L);
      if (largest + DEAD_LETTER_HEADERS > limits.get(Route.DEAD_LETTER)) {
        log.warn(
            "topic {} takes records of {} bytes, dead letters may have {} (recommended: {} more than the source); the largest dead letters will lose their value",
            topics.submitted(),
            largest,
            limits.get(Route.DEAD_LETTER),
            DEAD_LETTER_HEADERS);
      }
      return new RecordLimits(limits);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new NotYetException("the brokers", e);
    }
  }

  private static void requireAll(Admin admin, List<String> topics, GuardConfig config)
      throws NotYetException, InterruptedException {
    List<String> missing = new ArrayList<>();
    for (Map.Entry<String, KafkaFuture<TopicDescription>> described :
        admin.describeTopics(topics).topicNameValues().entrySet()) {
      try {
        described.getValue().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
      } catch (ExecutionException e) {
        if (e.getCause() instanceof UnknownTopicOrPartitionException) {
          missing.add(described.getKey());
        } else {
          refused(e, "topic " + described.getKey());
          throw new NotYetException("the brokers at " + config.bootstrap(), e.getCause());
        }
      } catch (TimeoutException e) {
        throw new NotYetException("the brokers at " + config.bootstrap(), e);
      }
    }
    if (!missing.isEmpty()) {
      throw new UserException(
          "topics %s do not exist on %s (expected: created beforehand); run 'headgate topics create --bootstrap %s'"
              .formatted(missing, config.bootstrap(), config.bootstrap()));
    }
  }

  private static void refused(ExecutionException e, String what) {
    if (e.getCause() instanceof AuthorizationException
        || e.getCause() instanceof AuthenticationException) {
      throw new UserException(
          "%s: the brokers refuse: %s (expected: credentials in --kafka-config, and ACLs to describe, read and write)"
              .formatted(what, e.getCause().getMessage()),
          e.getCause());
    }
  }

  /** Empty where the guard may not ask: the producer's own limit then stands alone. */
  private static Map<String, Long> maxMessageBytes(Admin admin, Collection<String> topics)
      throws InterruptedException {
    List<ConfigResource> resources =
        topics.stream().map(name -> new ConfigResource(ConfigResource.Type.TOPIC, name)).toList();
    Map<String, Long> bytes = new HashMap<>();
    for (Map.Entry<ConfigResource, KafkaFuture<Config>> described :
        admin.describeConfigs(resources).values().entrySet()) {
      try {
        Config topic = described.getValue().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        bytes.put(
            described.getKey().name(),
            Long.parseLong(topic.get(TopicConfig.MAX_MESSAGE_BYTES_CONFIG).value()));
      } catch (ExecutionException | TimeoutException e) {
        log.info("limits of topic {} are not known: {}", described.getKey().name(), e.getMessage());
      }
    }
    return bytes;
  }
}
