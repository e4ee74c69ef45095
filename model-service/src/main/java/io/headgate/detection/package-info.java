/**
 * From one image's decomposition to scores of suspicion, and what a repair replaces: plain
 * arithmetic on {@code float[]} and records. Knows neither tensors, nor Kafka, nor files, nor the
 * clock.
 */
package io.headgate.detection;
