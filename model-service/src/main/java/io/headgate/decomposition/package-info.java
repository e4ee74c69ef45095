/**
 * What a CLIP image embedding is made of: plain values and the contract of whoever computes them.
 * Knows neither tensors nor Kafka.
 */
package io.headgate.decomposition;
