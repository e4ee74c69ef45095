package io.headgate.guard;

/**
 * A head of the last layer whose similarity to its prototype is at or below its ε.
 *
 * @param layer from 0
 * @param head from 0
 */
public record InfectedHead(int layer, int head, float similarity, float threshold) {}
