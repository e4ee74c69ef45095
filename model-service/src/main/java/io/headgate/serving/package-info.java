/**
 * The model service: merges many callers' images into device batches, answers them over gRPC, and
 * swaps calibration and model while it runs. Knows what a judgement looks like on the wire, but
 * neither how it is computed nor what a stream does with it.
 */
package io.headgate.serving;
