/**
 * Measures a guard on labelled clean and triggered pictures: detection, repair, and known
 * alternatives. Knows neither DJL nor Kafka.
 */
package io.headgate.lab.evaluation;
