package io.headgate.submit;

import io.headgate.v1.ImageSubmitted;
import java.io.IOException;
import java.time.Clock;
import java.util.HashMap;
import java.util.Map;

/**
 * Files into events.
 *
 * @param packaging inline or by reference
 * @param ids what ids are made from
 * @param source said of every event
 * @param attributes of every event, besides {@link #FILE}
 * @param clock for {@code submittedAt}
 */
record EventMaker(
    Packaging packaging, IdScheme ids, String source, Map<String, String> attributes, Clock clock) {
  /** Attribute that carries the file's name, unless the user gives it another meaning. */
  static final String FILE = "file";

  EventMaker {
    attributes = Map.copyOf(attributes);
  }

  /**
   * @throws IOException if the file cannot be read
   * @throws org.apache.kafka.common.errors.RecordTooLargeException if no event takes it
   */
  ImageSubmitted event(ImageFile file) throws IOException {
    Packaging.Packed packed = packaging.pack(file);
    Map<String, String> all = new HashMap<>(attributes);
    all.putIfAbsent(FILE, file.name());
    return ImageSubmitted.newBuilder()
        .setId(ids.id(file, packed.sha256()))
        .setSubmittedAt(clock.instant())
        .setSource(source)
        .setContent(packed.content())
        .setAttributes(all)
        .build();
  }
}
