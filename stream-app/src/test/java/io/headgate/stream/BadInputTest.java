package io.headgate.stream;

import static io.headgate.stream.Harness.TOPICS;
import static io.headgate.stream.Harness.texts;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.confluent.kafka.schemaregistry.avro.AvroSchema;
import io.confluent.kafka.schemaregistry.client.SchemaRegistryClient;
import io.confluent.kafka.schemaregistry.testutil.MockSchemaRegistry;
import io.headgate.claimcheck.AddressRange;
import io.headgate.claimcheck.ClaimRules;
import io.headgate.claimcheck.RawServer;
import io.headgate.claimcheck.UriPrefix;
import io.headgate.v1.ImageSubmitted;
import io.headgate.v1.ModeratedImage;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.apache.avro.Schema;
import org.apache.avro.SchemaBuilder;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.test.TestRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a submitter may get wrong, or try: each ends on its topic, and the stream goes on. */
class BadInputTest {
  private static final String SCOPE = "bad-input-test";
  private static final String SUBJECT = TOPICS.submitted() + "-value";

  private Harness harness = new Harness(SCOPE);

  @AfterEach
  void theStreamGoesOn() {
    harness.submit("after", TestEvents.inline("after", TestEvents.png(TestEvents.CLEAN)));
    assertThat(harness.read(TOPICS.clean()))
        .extracting(record -> new String(record.key(), UTF_8))
        .contains("after");
    harness.close();
  }

  @ParameterizedTest
  @CsvSource({
    "empty.jpg, IMAGE_EMPTY",
    "truncated.jpg, IMAGE_TRUNCATED",
    "not_an_image.png, IMAGE_CORRUPT",
    "header_too_long.safetensors, IMAGE_NOT_AN_IMAGE",
    "legacy_nonzip.pt, IMAGE_NOT_AN_IMAGE",
    "overlap.safetensors, IMAGE_NOT_AN_IMAGE",
    "shape_offset_mismatch.safetensors, IMAGE_NOT_AN_IMAGE",
    "truncated.safetensors, IMAGE_NOT_AN_IMAGE",
    "unknown_dtype.safetensors, IMAGE_NOT_AN_IMAGE",
    "unknown_global.pt, IMAGE_NOT_AN_IMAGE"
  })
  void refusesFilesThatAreNoImage(String file, String code) throws Exception {
    byte[] bytes = resource("/negative/" + file);

    harness.submit("a", TestEvents.inline("a", bytes));

    assertThat(harness.code()).isEqualTo(code);
  }

  @Test
  void refusesARecordWithNeitherKeyNorValue() {
    harness.submit(null, (byte[]) null);

    TestRecord<byte[], byte[]> letter = harness.only(TOPICS.deadLetter());
    assertThat(Harness.code(letter)).isEqualTo("NULL_VALUE");
    assertThat(letter.key()).isNull();
  }

  @Test
  void refusesAnEmptyValueAndAnEmptyEnvelope() {
    harness.submit("a".getBytes(UTF_8), new byte[0]);
    harness.submit("b".getBytes(UTF_8), new byte[] {0, 0, 0, 0});

    assertThat(harness.read(TOPICS.deadLetter()))
        .extracting(Harness::code)
        .containsExactly("NULL_VALUE", "UNDECODABLE_RECORD");
  }

  @Test
  void readsEventsOfANewerSchema() throws Exception {
    ImageSubmitted event = TestEvents.inline("a", TestEvents.png(TestEvents.CLEAN));
    Schema with = TestEvents.with(event.getSchema(), "camera");
    GenericRecord record = TestEvents.in(with, event);
    record.put("camera", "north gate");

    harness.submit("a".getBytes(UTF_8), wire(with, record));

    ModeratedImage image =
        harness.events.moderated(TOPICS.clean(), harness.only(TOPICS.clean()).value());
    assertThat(image.getSubmitted()).isEqualTo(event);
  }

  @Test
  void refusesAnEventOfAnotherKind() throws Exception {
    Schema other =
        SchemaBuilder.record("Order").namespace("shop").fields().requiredString("id").endRecord();
    GenericRecord record = new GenericData.Record(other);
    record.put("id", "a");

    harness.submit("a".getBytes(UTF_8), wire(other, record));

    assertThat(harness.code()).isEqualTo("WRONG_SCHEMA");
  }

  @Test
  void refusesAnEventOfTheSameNameThatCannotBeReadAsOne() throws Exception {
    Schema other =
        SchemaBuilder.record("ImageSubmitted")
            .namespace("io.headgate.v1")
            .fields()
            .requiredInt("id")
            .endRecord();
    GenericRecord record = new GenericData.Record(other);
    record.put("id", 7);

    harness.submit("a".getBytes(UTF_8), wire(other, record));

    assertThat(harness.code()).isEqualTo("WRONG_SCHEMA");
  }

  @Test
  void refusesARecordThatClaimsTwoGigabytes() {
    byte[] whole = harness.events.bytes(TestEvents.inline("a", new byte[100]));
    int length = indexOf(whole, new byte[] {(byte) 0xc8, 1, 0, 0, 0}); // zig-zag 100
    byte[] bomb =
        concat(
            Arrays.copyOf(whole, length),
            new byte[] {(byte) 0xfe, (byte) 0xff, (byte) 0xff, (byte) 0xff, 0x0f, 1, 2, 3});

    harness.submit("a".getBytes(UTF_8), bomb);

    assertThat(harness.code()).isEqualTo("CORRUPT_RECORD");
  }

  @Test
  void survivesEventsWithBitsFlipped() {
    byte[] whole = harness.events.bytes(TestEvents.inline("a", TestEvents.png(TestEvents.CLEAN)));
    SplittableRandom random = new SplittableRandom(7);
    int submitted = 300;
    for (int i = 0; i < submitted; i++) {
      byte[] mutant = whole.clone();
      for (int flips = 1 + random.nextInt(4); flips > 0; flips--) {
        mutant[5 + random.nextInt(mutant.length - 5)] ^= (byte) (1 << random.nextInt(8));
      }
      harness.submit(("m" + i).getBytes(UTF_8), mutant);
    }

    List<TestRecord<byte[], byte[]>> letters = harness.read(TOPICS.deadLetter());
    int routed = letters.size();
    for (String topic : List.of(TOPICS.clean(), TOPICS.repaired(), TOPICS.quarantined())) {
      routed += harness.read(topic).size();
    }
    assertThat(routed).isEqualTo(submitted);
    assertThat(letters).extracting(Harness::code).doesNotContain("INTERNAL_ERROR");
  }

  @Test
  void refusesAnEventThatWithItsVerdictExceedsItsTopic() {
    byte[] bulky = png(Harness.LARGEST_RECORD - 500);

    harness.submit("a", TestEvents.inline("a", bulky));

    TestRecord<byte[], byte[]> letter = harness.only(TOPICS.deadLetter());
    assertThat(Harness.code(letter)).isEqualTo("OUTPUT_TOO_LARGE");
    assertThat(texts(letter.headers()).get(HeaderNames.TRUNCATED)).isEqualTo("value");
    assertThat(letter.key()).isEqualTo("a".getBytes(UTF_8));
    assertThat(letter.value()).isNull();
  }

  @Test
  void passesLargeHeadersThatFit() {
    Headers headers = new RecordHeaders().add("large", new byte[48 << 10]);

    harness.submit("a", TestEvents.inline("a", TestEvents.png(TestEvents.CLEAN)), headers);

    assertThat(harness.only(TOPICS.clean()).headers().lastHeader("large").value())
        .hasSize(48 << 10);
  }

  @Test
  void passesAMegabyteOfHeadersWhereItFits() {
    harness.close();
    harness = new Harness(SCOPE, settings -> settings, 4 << 20);
    byte[] large = new byte[1 << 20];
    Arrays.fill(large, (byte) 7);

    harness.submit(
        "a",
        TestEvents.inline("a", TestEvents.png(TestEvents.CLEAN)),
        new RecordHeaders().add("large", large));

    assertThat(harness.only(TOPICS.clean()).headers().lastHeader("large").value()).isEqualTo(large);
  }

  @Test
  void keepsTheTraceOfARecordWhoseHeadersExceedEveryTopic() {
    Headers headers = new RecordHeaders().add("large", new byte[1 << 20]);

    harness.submit("a", TestEvents.inline("a", TestEvents.png(TestEvents.CLEAN)), headers);

    TestRecord<byte[], byte[]> letter = harness.only(TOPICS.deadLetter());
    assertThat(texts(letter.headers()))
        .containsEntry(HeaderNames.ERROR_CODE, "OUTPUT_TOO_LARGE")
        .containsEntry(HeaderNames.TRUNCATED, "all")
        .containsEntry(HeaderNames.OFFSET, "0")
        .doesNotContainKey("large");
  }

  @Test
  void routesWhateverTheTimestamp() {
    byte[] value = harness.events.bytes(TestEvents.inline("a", TestEvents.png(TestEvents.CLEAN)));
    for (long timestamp : new long[] {0, 1, Long.MAX_VALUE}) {
      harness.submit(
          ("t" + timestamp).getBytes(UTF_8),
          value,
          new RecordHeaders(),
          Instant.ofEpochMilli(timestamp));
    }

    assertThat(harness.read(TOPICS.clean())).hasSize(3);
  }

  @Test
  void givesRecordsWithANegativeTimestampAValidOne() {
    var extracted =
        GuardTopology.neverNegative()
            .extract(
                new org.apache.kafka.clients.consumer.ConsumerRecord<>(
                    TOPICS.submitted(), 0, 0, null, null),
                -1);

    assertThat(extracted).isZero(); // that record's timestamp is -1, which Streams would drop
  }

  @Test
  void judgesWhatAReferenceLeadsTo() throws Exception {
    byte[] file = TestEvents.png(TestEvents.REPAIRED);
    try (RawServer server = RawServer.of("HTTP/1.1 200 OK\nContent-Length: " + file.length, file)) {
      restart(server);
      ImageSubmitted event = TestEvents.reference("a", at(server), sha256(file), file.length);

      harness.submit("a", event);

      ModeratedImage image =
          harness.events.moderated(TOPICS.repaired(), harness.only(TOPICS.repaired()).value());
      assertThat(image.getSubmitted()).isEqualTo(event);
      assertThat(image.getJudgedSha256().bytes()).isEqualTo(sha256(file));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "404 Not Found, CLAIM_NOT_FOUND, 1",
    "403 Forbidden, CLAIM_DENIED, 1",
    "302 Found, CLAIM_REDIRECT, 1",
    "400 Bad Request, CLAIM_REFUSED, 1",
    "503 Unavailable, CLAIM_UNAVAILABLE, 3"
  })
  void refusesReferencesThatLeadNowhere(String status, String code, int requests) throws Exception {
    try (RawServer server = RawServer.of("HTTP/1.1 " + status, new byte[0])) {
      restart(server);

      harness.submit("a", TestEvents.reference("a", at(server), new byte[32], 10));

      assertThat(harness.code()).isEqualTo(code);
      assertThat(server.requests()).hasSize(requests);
    }
  }

  @Test
  void refusesReferencesThatStall() throws Exception {
    try (RawServer server = RawServer.of(out -> Thread.sleep(10_000))) {
      restart(server);

      harness.submit("a", TestEvents.reference("a", at(server), new byte[32], 10));

      assertThat(harness.code()).isEqualTo("CLAIM_UNAVAILABLE");
    }
  }

  @Test
  void refusesReferencesThatLieAboutSizeOrHash() throws Exception {
    byte[] file = TestEvents.png(TestEvents.CLEAN);
    try (RawServer server = RawServer.of("HTTP/1.1 200 OK\nContent-Length: " + file.length, file)) {
      restart(server);

      harness.submit("a", TestEvents.reference("a", at(server), sha256(file), file.length - 1));
      harness.submit("b", TestEvents.reference("b", at(server), new byte[32], file.length));

      assertThat(harness.read(TOPICS.deadLetter()))
          .extracting(Harness::code)
          .containsExactly("CLAIM_SIZE_MISMATCH", "CLAIM_HASH_MISMATCH");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "file:///etc/hostname, CLAIM_FORBIDDEN",
    "http://169.254.169.254/latest/meta-data/, CLAIM_FORBIDDEN",
    "http://[::ffff:127.0.0.1]/a, CLAIM_FORBIDDEN",
    "http://2130706433/a, CLAIM_BAD_URI",
    "http://user:secret@images.test/a, CLAIM_BAD_URI",
    "'http://images.test/a\r\nHost: evil.test', CLAIM_BAD_URI"
  })
  void refusesReferencesToWhereNoneMayLead(String uri, String code) {
    harness.submit("a", TestEvents.reference("a", uri, new byte[32], 10));

    TestRecord<byte[], byte[]> letter = harness.only(TOPICS.deadLetter());
    assertThat(Harness.code(letter)).isEqualTo(code);
    assertThat(texts(letter.headers()).get(HeaderNames.MESSAGE)).doesNotContain("secret");
  }

  private void restart(RawServer server) {
    harness.close();
    harness =
        new Harness(
            SCOPE,
            settings ->
                settings.claims(
                    new ClaimRules(
                        List.of(UriPrefix.parse("http://127.0.0.1:" + server.port())),
                        List.of(),
                        List.of(AddressRange.parse("127.0.0.1")),
                        1 << 20,
                        Duration.ofMillis(300),
                        3)));
  }

  private static String at(RawServer server) {
    return "http://127.0.0.1:" + server.port() + "/a.png";
  }

  /** Bytes on the wire of a record with its writer's schema registered. */
  private static byte[] wire(Schema schema, GenericRecord record) throws Exception {
    SchemaRegistryClient registry = MockSchemaRegistry.getClientForScope(SCOPE);
    int id = registry.register(SUBJECT + "-" + schema.hashCode(), new AvroSchema(schema));
    return TestEvents.wire(id, schema, record);
  }

  /** A decodable PNG with a comment that makes it {@code bytes} long or slightly longer. */
  private static byte[] png(int bytes) {
    byte[] png = TestEvents.png(TestEvents.CLEAN);
    int header = 8 + 25; // signature and IHDR
    byte[] text = new byte[bytes - png.length];
    ByteBuffer chunk = ByteBuffer.allocate(12 + text.length);
    chunk.putInt(text.length).put("tEXt".getBytes(UTF_8)).put(text);
    java.util.zip.CRC32 crc = new java.util.zip.CRC32();
    crc.update(chunk.array(), 4, 4 + text.length);
    chunk.putInt((int) crc.getValue());
    return concat(
        concat(Arrays.copyOf(png, header), chunk.array()),
        Arrays.copyOfRange(png, header, png.length));
  }

  private static byte[] concat(byte[] a, byte[] b) {
    byte[] both = Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, both, a.length, b.length);
    return both;
  }

  private static int indexOf(byte[] bytes, byte[] part) {
    for (int i = 0; i <= bytes.length - part.length; i++) {
      if (Arrays.equals(bytes, i, i + part.length, part, 0, part.length)) {
        return i;
      }
    }
    throw new IllegalArgumentException("not found");
  }

  private static byte[] resource(String name) throws IOException {
    try (InputStream in = BadInputTest.class.getResourceAsStream(name)) {
      return in.readAllBytes();
    }
  }

  private static byte[] sha256(byte[] bytes) throws Exception {
    return MessageDigest.getInstance("SHA-256").digest(bytes);
  }
}
