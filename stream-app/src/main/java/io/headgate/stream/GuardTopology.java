package io.headgate.stream;

import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.AutoOffsetReset;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.TimestampExtractor;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;

/**
 * The topology: one source, the guard, four sinks; all nodes named, no stores, no internal topics.
 *
 * <p>Records enter and leave as bytes. Reading them in the processor, not in the source node, is
 * what lets a registry's outage be waited out (a deserialization handler can only drop or die),
 * lets an event be decoded once instead of twice, and keeps a dead letter's original bytes at hand.
 */
final class GuardTopology {
  static final String SOURCE = "submitted";
  static final String GUARD = "guard";

  private GuardTopology() {}

  static Map<Route, String> sinks() {
    Map<Route, String> sinks = new EnumMap<>(Route.class);
    for (Route route : Route.values()) {
      sinks.put(route, route.name().toLowerCase(Locale.ROOT).replace('_', '-'));
    }
    return sinks;
  }

  static Topology build(Topics topics, ProcessorSupplier<byte[], byte[], byte[], byte[]> guard) {
    Topology topology = new Topology();
    topology.addSource(
        AutoOffsetReset.earliest(),
        SOURCE,
        neverNegative(),
        new ByteArrayDeserializer(),
        new ByteArrayDeserializer(),
        topics.submitted());
    topology.addProcessor(GUARD, guard, SOURCE);
    Map<Route, String> sinks = sinks();
    addSink(topology, sinks.get(Route.CLEAN), topics.clean());
    addSink(topology, sinks.get(Route.REPAIRED), topics.repaired());
    addSink(topology, sinks.get(Route.QUARANTINED), topics.quarantined());
    addSink(topology, sinks.get(Route.DEAD_LETTER), topics.deadLetter());
    return topology;
  }

  private static void addSink(Topology topology, String name, String topic) {
    topology.addSink(name, topic, new ByteArraySerializer(), new ByteArraySerializer(), GUARD);
  }

  /** Streams drops records with a negative timestamp, and the guard drops nothing. */
  static TimestampExtractor neverNegative() {
    return (record, partitionTime) -> Math.max(0, record.timestamp());
  }
}
