/**
 * CLIP on DJL PyTorch: batches of RGB images to decompositions, texts to embeddings. The only
 * package that sees tensors; knows neither calibrations nor Kafka.
 */
package io.headgate.clip;
