/** Zero-shot labels: class names as unit text embeddings. Pure; knows neither tensors nor Kafka. */
package io.headgate.zeroshot;
