package io.headgate.topics;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * One topic as it should be.
 *
 * @param name of the topic
 * @param partitions number of partitions, positive
 * @param replication number of replicas, positive
 * @param config topic settings by name
 */
public record TopicSpec(
    String name, int partitions, short replication, Map<String, String> config) {
  public TopicSpec {
    if (name.isBlank() || partitions < 1 || replication < 1) {
      throw new IllegalArgumentException(
          "topic '%s': %d partitions, %d replicas (expected: a name, both positive)"
              .formatted(name, partitions, replication));
    }
    config = Collections.unmodifiableMap(new TreeMap<>(config));
  }
}
