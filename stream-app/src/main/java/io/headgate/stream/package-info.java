/**
 * The guard: a Kafka Streams topology that has every submitted image judged by the model service
 * and routes it to clean, repaired, quarantined or dead-letter, exactly once. It must not know how
 * a verdict is found.
 */
package io.headgate.stream;
