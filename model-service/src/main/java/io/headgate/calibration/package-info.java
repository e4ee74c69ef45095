/**
 * What clean images taught about one model, fitted offline, as an immutable artefact with an id, a
 * file form and a signature. Knows neither tensors, nor Kafka, nor how images are read.
 */
package io.headgate.calibration;
