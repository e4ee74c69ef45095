/**
 * Keeps the schema registry's subjects in step with Headgate's events: {@code headgate schemas}.
 * Knows which topic carries which event, not how events are routed.
 */
package io.headgate.registry;
