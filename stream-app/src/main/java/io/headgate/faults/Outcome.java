package io.headgate.faults;

import io.headgate.v1.Verdict;
import java.util.Map;

/**
 * What became of one submission.
 *
 * @param route {@code clean}, {@code repaired}, {@code quarantined} or {@code dead-letter}
 * @param original the submitted event inside the output; for a dead letter the record's value. Only
 *     its digest, as hexadecimal
 * @param headers by name, but for those that say where and when
 * @param verdict null for a dead letter
 */
record Outcome(String route, String original, Map<String, String> headers, Verdict verdict) {
  Outcome {
    headers = Map.copyOf(headers);
  }
}
