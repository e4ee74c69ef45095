/**
 * Headgate's events on Confluent's wire format. Knows Avro and the registry client, not what an
 * event means.
 */
package io.headgate.serde;
