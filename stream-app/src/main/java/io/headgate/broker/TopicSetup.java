package io.headgate.broker;

import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RetriableException;

/** Creates topics and waits until they can be written to. */
public final class TopicSetup {
  private TopicSetup() {}

  /**
   * Creates topics and returns when every partition answers {@code listOffsets}: a plain producer
   * that writes earlier can lose records (seen with Kafka 4.3.1).
   *
   * @throws IllegalStateException if creation fails or a partition does not answer in time
   */
  public static void createAndAwait(Admin admin, Collection<NewTopic> topics, Duration patience)
      throws InterruptedException {
    long deadline = System.nanoTime() + patience.toNanos();
    try {
      admin.createTopics(topics).all().get(remaining(deadline), TimeUnit.NANOSECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new IllegalStateException("create topics " + names(topics) + ": " + e.getMessage(), e);
    }
    Map<TopicPartition, OffsetSpec> partitions = new HashMap<>();
    for (NewTopic topic : topics) {
      for (int p = 0; p < Math.max(1, topic.numPartitions()); p++) {
        partitions.put(new TopicPartition(topic.name(), p), OffsetSpec.latest());
      }
    }
    while (true) {
      try {
        admin.listOffsets(partitions).all().get(remaining(deadline), TimeUnit.NANOSECONDS);
        return;
      } catch (ExecutionException e) {
        if (!(e.getCause() instanceof RetriableException) || remaining(deadline) == 0) {
          throw new IllegalStateException("topics " + names(topics) + " do not answer", e);
        }
      } catch (TimeoutException e) {
        throw new IllegalStateException("topics " + names(topics) + " do not answer", e);
      }
      TimeUnit.MILLISECONDS.sleep(50);
    }
  }

  private static long remaining(long deadline) {
    return Math.max(0, deadline - System.nanoTime());
  }

  private static List<String> names(Collection<NewTopic> topics) {
    return topics.stream().map(NewTopic::name).toList();
  }
}
