/**
 * Untrusted bytes to a checked, decoded, exactly resampled RGB image. Knows nothing of Kafka, of
 * models, or of what the image shows.
 */
package io.headgate.imaging;
