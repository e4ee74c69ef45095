/**
 * Measures the pipeline as it is deployed: speed next to its model service alone and next to one
 * blocking call per record, latency, fullness of batches, memory.
 */
package io.headgate.pipeline;
