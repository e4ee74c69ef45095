/**
 * A Kafka broker without containers: in this JVM for the demo and tests, or as a process of its own
 * that a test can kill. Knows Kafka, not Headgate.
 */
package io.headgate.broker;
