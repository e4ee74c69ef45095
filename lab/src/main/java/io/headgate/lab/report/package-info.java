/**
 * Where a backdoor sits in a model, and how well it is found, as one HTML page. Knows neither DJL
 * nor Kafka.
 */
package io.headgate.lab.report;
