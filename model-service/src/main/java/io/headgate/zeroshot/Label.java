package io.headgate.zeroshot;

/**
 * A class with its probability.
 *
 * @param index of the class
 * @param name of the class
 * @param probability softmax over all classes of the logit-scaled cosine, in [0, 1]
 */
public record Label(int index, String name, float probability) {}
