package io.headgate.faults;

import io.headgate.samples.CorruptSamples;
import io.headgate.samples.ReferenceSet;
import io.headgate.samples.Sample;
import io.headgate.serde.HeadgateSerdes;
import io.headgate.v1.ImageReference;
import io.headgate.v1.ImageSubmitted;
import io.headgate.v1.InlineImage;
import io.headgate.v1.Sha256;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.Serde;

/**
 * A record to submit. The same bytes go to the fault-free run and to the one under fire.
 *
 * @param id its key
 * @param value null for a record without one
 */
record Submission(String id, byte[] value) {
  private static final double CORRUPT = 0.03;

  /**
   * Clean and triggered images of the reference set in equal parts, and some three in a hundred
   * that must become dead letters: broken files and records, no value, a reference that nobody may
   * follow.
   *
   * @param attack whose triggered images
   */
  static List<Submission> of(
      int count,
      ReferenceSet reference,
      String attack,
      HeadgateSerdes serdes,
      String topic,
      long seed)
      throws IOException {
    Random random = new Random(seed);
    List<Sample> clean = reference.cleanTest();
    List<Sample> triggered = reference.triggered(attack);
    List<Sample> corrupt = CorruptSamples.all(clean.get(0).bytes());
    Instant now = Instant.ofEpochMilli(System.currentTimeMillis());
    List<Submission> submissions = new ArrayList<>(count);
    try (Serde<ImageSubmitted> serde = serdes.imageSubmitted()) {
      for (int i = 0; i < count; i++) {
        String id = new UUID(random.nextLong(), random.nextLong()).toString();
        boolean broken = random.nextDouble() < CORRUPT;
        int kind = random.nextInt(corrupt.size() + 2);
        if (broken && kind == corrupt.size()) {
          submissions.add(new Submission(id, null));
        } else if (broken && kind == corrupt.size() + 1) {
          submissions.add(
              new Submission(id, serde.serializer().serialize(topic, forbidden(id, now))));
        } else {
          List<Sample> from = broken ? corrupt : random.nextBoolean() ? clean : triggered;
          Sample sample = from.get(broken ? kind : random.nextInt(from.size()));
          submissions.add(
              new Submission(
                  id,
                  sample.rawRecord()
                      ? sample.bytes()
                      : serde.serializer().serialize(topic, inline(id, now, sample))));
        }
      }
    }
    return submissions;
  }

  private static ImageSubmitted inline(String id, Instant at, Sample sample) {
    return event(id, at).setContent(new InlineImage(ByteBuffer.wrap(sample.bytes()), "")).build();
  }

  private static ImageSubmitted forbidden(String id, Instant at) {
    return event(id, at)
        .setContent(
            new ImageReference(
                "http://169.254.169.254/latest/meta-data", new Sha256(new byte[32]), 100L))
        .build();
  }

  private static ImageSubmitted.Builder event(String id, Instant at) {
    return ImageSubmitted.newBuilder().setId(id).setSubmittedAt(at).setSource("faults");
  }

  /** As a record of {@code topic}, with headers that must come out as they went in. */
  ProducerRecord<String, byte[]> record(String topic) {
    ProducerRecord<String, byte[]> record = new ProducerRecord<>(topic, id, value);
    String hex = id.replace("-", "");
    header(record, "ce_id", id);
    header(record, "traceparent", "00-" + hex + "-" + hex.substring(0, 16) + "-01");
    return record;
  }

  private static void header(ProducerRecord<String, byte[]> record, String name, String value) {
    record.headers().add(name, value.getBytes(StandardCharsets.UTF_8));
  }
}
