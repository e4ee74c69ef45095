package io.headgate.operations;

/**
 * An answer to a probe.
 *
 * @param why in a few words
 */
public record Health(boolean ok, String why) {}
