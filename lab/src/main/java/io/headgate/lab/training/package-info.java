/**
 * Trains miniature CLIP models, clean or poisoned, and optimises triggers against them. One of the
 * two places that see DJL; knows no detector.
 */
package io.headgate.lab.training;
