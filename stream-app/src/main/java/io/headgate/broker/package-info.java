/**
 * A Kafka broker without containers, in this JVM for the demo and tests; and broker and schema
 * registry as processes of their own that can be killed. Knows Kafka, not Headgate.
 */
package io.headgate.broker;
