package io.headgate.topics;

import static org.apache.kafka.common.config.TopicConfig.CLEANUP_POLICY_COMPACT;
import static org.apache.kafka.common.config.TopicConfig.CLEANUP_POLICY_CONFIG;
import static org.apache.kafka.common.config.TopicConfig.CLEANUP_POLICY_DELETE;
import static org.apache.kafka.common.config.TopicConfig.MAX_MESSAGE_BYTES_CONFIG;
import static org.apache.kafka.common.config.TopicConfig.MESSAGE_TIMESTAMP_TYPE_CONFIG;
import static org.apache.kafka.common.config.TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG;
import static org.apache.kafka.common.config.TopicConfig.RETENTION_MS_CONFIG;

import io.headgate.stream.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * All topics of a guard: how many partitions, how safe, how long, how large.
 *
 * @param partitions of the source and of each output; bounds how many threads can work
 * @param replication replicas of each; with three or more, writes need all but one of them
 * @param retention of submitted, clean and repaired images
 * @param reviewRetention of quarantined images and dead letters, which people still have to look at
 * @param maxMessageBytes largest record that may be submitted; outputs may be larger by {@link
 *     #OUTPUT_HEADROOM_BYTES}, since they carry a verdict, or error headers, besides
 */
public record TopicLayout(
    int partitions,
    short replication,
    Duration retention,
    Duration reviewRetention,
    int maxMessageBytes) {
  /** What a verdict with its evidence, or the headers of a dead letter, may add to a record. */
  public static final int OUTPUT_HEADROOM_BYTES = 1 << 20;

  /** Of topics that do not exist and of which nobody says how many. */
  static final int PARTITIONS = 6;

  /** Name of the compacted topic that calibrations are published to. */
  public static final String CALIBRATIONS = "headgate.calibrations.v1";

  public TopicLayout {
    if (partitions < 1 || replication < 1) {
      throw new IllegalArgumentException(
          "topics: %d partitions, %d replicas (expected: both positive)"
              .formatted(partitions, replication));
    }
    if (retention.toMillis() < 1 || reviewRetention.toMillis() < 1) {
      throw new IllegalArgumentException(
          "retention: %s, of what is reviewed %s (expected: both positive)"
              .formatted(retention, reviewRetention));
    }
    if (maxMessageBytes < 1024 || maxMessageBytes > Integer.MAX_VALUE - OUTPUT_HEADROOM_BYTES) {
      throw new IllegalArgumentException(
          "max message bytes: %d (expected: 1,024 to %d)"
              .formatted(maxMessageBytes, Integer.MAX_VALUE - OUTPUT_HEADROOM_BYTES));
    }
  }

  /** Six partitions, 7 days (30 for what is reviewed), records up to 8 MiB. */
  public static TopicLayout defaults(short replication) {
    return new TopicLayout(
        PARTITIONS, replication, Duration.ofDays(7), Duration.ofDays(30), 8 << 20);
  }

  /** The topics as they should be, the source first. */
  public List<TopicSpec> specs(Topics topics) {
    List<TopicSpec> specs = new ArrayList<>();
    specs.add(spec(topics.submitted(), retention, maxMessageBytes, Map.of()));
    // By the time of routing: a replayed old image must not lie past its retention on arrival.
    Map<String, String> routed = Map.of(MESSAGE_TIMESTAMP_TYPE_CONFIG, "LogAppendTime");
    int output = maxMessageBytes + OUTPUT_HEADROOM_BYTES;
    specs.add(spec(topics.clean(), retention, output, routed));
    specs.add(spec(topics.repaired(), retention, output, routed));
    specs.add(spec(topics.quarantined(), reviewRetention, output, routed));
    specs.add(spec(topics.deadLetter(), reviewRetention, output, routed));
    specs.add(
        new TopicSpec(
            CALIBRATIONS,
            1,
            replication,
            config(Map.of(CLEANUP_POLICY_CONFIG, CLEANUP_POLICY_COMPACT), maxMessageBytes)));
    return specs;
  }

  private TopicSpec spec(String name, Duration kept, int largest, Map<String, String> more) {
    Map<String, String> config = new HashMap<>(more);
    config.put(CLEANUP_POLICY_CONFIG, CLEANUP_POLICY_DELETE);
    config.put(RETENTION_MS_CONFIG, Long.toString(kept.toMillis()));
    return new TopicSpec(name, partitions, replication, config(config, largest));
  }

  private Map<String, String> config(Map<String, String> own, int largest) {
    Map<String, String> config = new HashMap<>(own);
    config.put(MAX_MESSAGE_BYTES_CONFIG, Integer.toString(largest));
    config.put(
        MIN_IN_SYNC_REPLICAS_CONFIG, Integer.toString(replication < 3 ? 1 : replication - 1));
    return config;
  }
}
