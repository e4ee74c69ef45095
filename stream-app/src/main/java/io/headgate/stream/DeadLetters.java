package io.headgate.stream;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;

/**
 * Dead letters: the record as it came, byte for byte, with the reason in appended headers that are
 * named as Kafka Streams' own dead letters name them (KIP-1034). Pure.
 */
final class DeadLetters {
  private static final int LONGEST_TEXT = 8 << 10;
  // what a record costs beyond its parts: batch header, lengths, timestamps
  private static final int RECORD_OVERHEAD = 512;
  private static final int HEADER_OVERHEAD = 12;

  private DeadLetters() {}

  /** Where a record came from. */
  record Source(String topic, int partition, long offset) {}

  /**
   * @param maxBytes what the dead-letter topic takes. A larger one goes without its value, or even
   *     without key and headers, says so in {@link HeaderNames#TRUNCATED}, and can be had from the
   *     source by topic, partition and offset
   */
  static Routed of(
      byte[] key,
      byte[] value,
      Headers headers,
      Source source,
      Outcome.Refused refused,
      long maxBytes) {
    Headers reason = reason(source, refused);
    RecordHeaders all = new RecordHeaders(headers.toArray());
    reason.forEach(all::add);
    if (size(key, value, all) <= maxBytes) {
      return routed(key, value, all, refused);
    }
    reason.add(HeaderNames.TRUNCATED, utf8("value"));
    RecordHeaders withoutValue = new RecordHeaders(headers.toArray());
    reason.forEach(withoutValue::add);
    if (size(key, null, withoutValue) <= maxBytes) {
      return routed(key, null, withoutValue, refused);
    }
    reason.remove(HeaderNames.TRUNCATED);
    reason.add(HeaderNames.TRUNCATED, utf8("all"));
    return routed(null, null, reason, refused);
  }

  private static Routed routed(byte[] key, byte[] value, Headers headers, Outcome.Refused refused) {
    return new Routed(Route.DEAD_LETTER, key, value, headers, Optional.of(refused.code()), false);
  }

  private static Headers reason(Source source, Outcome.Refused refused) {
    StringWriter trace = new StringWriter();
    refused.cause().printStackTrace(new PrintWriter(trace));
    RecordHeaders headers = new RecordHeaders();
    headers.add(HeaderNames.ERROR_CODE, utf8(refused.code().name()));
    headers.add(HeaderNames.ROUTE, utf8("dead-letter"));
    headers.add(HeaderNames.CALIBRATION, new byte[0]);
    headers.add(HeaderNames.MODEL, new byte[0]);
    headers.add(HeaderNames.EXCEPTION, utf8(refused.cause().getClass().getName()));
    headers.add(HeaderNames.MESSAGE, utf8(refused.cause().getMessage()));
    headers.add(HeaderNames.STACKTRACE, utf8(trace.toString()));
    headers.add(HeaderNames.TOPIC, utf8(source.topic()));
    headers.add(HeaderNames.PARTITION, utf8(Integer.toString(source.partition())));
    headers.add(HeaderNames.OFFSET, utf8(Long.toString(source.offset())));
    return headers;
  }

  private static byte[] utf8(String text) {
    if (text == null) {
      return new byte[0];
    }
    String cut = text.length() <= LONGEST_TEXT ? text : text.substring(0, LONGEST_TEXT) + "…";
    return cut.getBytes(StandardCharsets.UTF_8);
  }

  /** Upper bound of the bytes a record takes in a batch of its own, uncompressed. */
  static long size(byte[] key, byte[] value, Headers headers) {
    long size = RECORD_OVERHEAD + length(key) + length(value);
    for (var header : headers) {
      size += HEADER_OVERHEAD + 4L * header.key().length() + length(header.value());
    }
    return size;
  }

  private static long length(byte[] bytes) {
    return bytes == null ? 0 : bytes.length;
  }
}
