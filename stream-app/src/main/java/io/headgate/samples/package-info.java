/**
 * What to try a pipeline with: the reference images and models, and payloads that are broken on
 * purpose. Knows no pipeline.
 */
package io.headgate.samples;
