package io.headgate.stream;

import java.util.Optional;
import org.apache.kafka.common.header.Headers;

/**
 * A record ready for its topic.
 *
 * @param route taken
 * @param key of the output; null only for a dead letter that had none
 * @param value of the output; null only for a dead letter that had none
 * @param headers of the output
 * @param deadLetter the code, of a dead letter
 * @param unverified whether the outage policy routed it
 */
record Routed(
    Route route,
    byte[] key,
    byte[] value,
    Headers headers,
    Optional<DeadLetterCode> deadLetter,
    boolean unverified) {}
