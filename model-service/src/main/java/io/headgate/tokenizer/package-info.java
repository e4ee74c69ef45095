/**
 * CLIP's byte-pair encoding: prompts in, token ids out, by a model folder's own vocabulary or by
 * OpenAI's. Knows nothing of models.
 */
package io.headgate.tokenizer;
