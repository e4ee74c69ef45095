/**
 * Checkpoint files in, named tensors out: safetensors and pickled checkpoints are read as data,
 * memory-mapped and checked, and every naming scheme ends in one canonical {@link
 * io.headgate.weights.Weights}. Knows neither DJL nor what is computed with the weights.
 */
package io.headgate.weights;
