/**
 * Calls of the model service: single images in, verdicts out, with batching, retry and a circuit
 * breaker in between. Knows gRPC, not Kafka, and nothing of what an event is.
 */
package io.headgate.client;
