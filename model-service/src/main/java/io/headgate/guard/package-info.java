/**
 * Judges images: one pass through the model, a second for the suspicious ones, a verdict for each.
 * Knows neither tensors, nor Kafka, nor the network.
 */
package io.headgate.guard;
