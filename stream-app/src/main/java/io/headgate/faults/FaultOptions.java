package io.headgate.faults;

import io.headgate.samples.ReferenceSet;
import java.nio.file.Path;

/**
 * What to do to the pipeline.
 *
 * @param folder for data, logs and the journal; must exist
 * @param registryHome the registry server's distribution
 * @param reference models and images
 * @param attack whose model and triggered images are used
 * @param events number of submissions
 * @param kills number of SIGKILLs
 * @param partitions of every topic
 * @param diskFull whether the broker's disk is filled, where that can be done
 * @param seed of events and faults
 */
record FaultOptions(
    Path folder,
    Path registryHome,
    ReferenceSet reference,
    String attack,
    int events,
    int kills,
    int partitions,
    boolean diskFull,
    long seed) {
  FaultOptions {
    require(events >= 100, "--events", events, "at least 100");
    require(kills >= 4, "--kills", kills, "at least 4");
    require(partitions >= 1, "--partitions", partitions, "at least 1");
  }

  private static void require(boolean ok, String name, int value, String expected) {
    if (!ok) {
      throw new IllegalArgumentException("%s: %d (expected: %s)".formatted(name, value, expected));
    }
  }
}
