package io.headgate.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.headgate.serde.HeadgateSerdes;
import io.headgate.v1.ImageSubmitted;
import io.headgate.v1.ModeratedImage;
import io.headgate.v1.Route;
import io.headgate.v1.Verdict;
import java.nio.ByteBuffer;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A bad record and a registry that is away must never be taken for one another. */
class EventsTest {
  private static final String TOPIC = Topics.defaults().submitted();
  private static final ImageSubmitted EVENT =
      TestEvents.inline("a", TestEvents.png(TestEvents.CLEAN));

  private final FakeRegistry registry = new FakeRegistry();
  private final Events events =
      new Events(Map.of(HeadgateSerdes.REGISTRY_URL, registry.url(), "max.retries", "0"));

  @AfterEach
  void stop() {
    events.close();
    registry.close();
  }

  @Test
  void readsAnEvent() throws Exception {
    assertThat(events.read(TOPIC, wire(FakeRegistry.SUBMITTED_ID))).isEqualTo(EVENT);
  }

  @Test
  void asksTheRegistryOncePerSchema() throws Exception {
    for (int i = 0; i < 20; i++) {
      events.read(TOPIC, wire(FakeRegistry.SUBMITTED_ID));
    }

    assertThat(registry.asked()).isLessThanOrEqualTo(2); // once to check, once to read
  }

  @Test
  void takesARegistryThatIsNotThereForAnOutageAndRecovers() throws Exception {
    registry.stop();

    assertThatThrownBy(() -> events.read(TOPIC, wire(FakeRegistry.SUBMITTED_ID)))
        .isInstanceOf(RegistryOutageException.class);

    registry.restart();
    assertThat(events.read(TOPIC, wire(FakeRegistry.SUBMITTED_ID))).isEqualTo(EVENT);
  }

  @ParameterizedTest
  @ValueSource(ints = {400, 401, 403, 404, 408, 429, 500, 502, 503, 504})
  void takesARegistryThatCannotOrWillNotAnswerForAnOutage(int status) throws Exception {
    registry.status(status);

    assertThatThrownBy(() -> events.read(TOPIC, wire(FakeRegistry.SUBMITTED_ID)))
        .isInstanceOf(RegistryOutageException.class);

    registry.status(200);
    assertThat(events.read(TOPIC, wire(FakeRegistry.SUBMITTED_ID))).isEqualTo(EVENT);
  }

  @Test
  void takesARegistryThatHangsForAnOutage() throws Exception {
    try (Events impatient =
        new Events(
            Map.of(HeadgateSerdes.REGISTRY_URL, registry.url(), "http.read.timeout.ms", "200"))) {
      registry.hang();

      assertThatThrownBy(() -> impatient.read(TOPIC, wire(FakeRegistry.SUBMITTED_ID)))
          .isInstanceOf(RegistryOutageException.class);

      registry.goOn();
      assertThat(impatient.read(TOPIC, wire(FakeRegistry.SUBMITTED_ID))).isEqualTo(EVENT);
    }
  }

  @Test
  void takesAnUnknownSchemaForABadRecord() throws Exception {
    byte[] unknown = wire(99);

    RefusedException refusal =
        catchThrowableOfType(RefusedException.class, () -> events.read(TOPIC, unknown));

    assertThat(refusal.outcome().code()).isEqualTo(DeadLetterCode.UNKNOWN_SCHEMA);
    assertThat(refusal).hasMessageContaining("99");
  }

  @Test
  void takesAShortRecordForABadRecordNotForAnOutage() throws Exception {
    byte[] cut = java.util.Arrays.copyOf(wire(FakeRegistry.SUBMITTED_ID), 30);

    RefusedException refusal =
        catchThrowableOfType(RefusedException.class, () -> events.read(TOPIC, cut));

    assertThat(refusal.outcome().code()).isEqualTo(DeadLetterCode.CORRUPT_RECORD);
  }

  @Test
  void waitsForTheRegistryToKnowTheSchemaOfWhatItWrites() throws Exception {
    ModeratedImage image =
        ModeratedImage.newBuilder()
            .setSubmitted(EVENT)
            .setVerdict(Verdict.newBuilder().setRoute(Route.CLEAN).build())
            .build();
    for (int status : new int[] {404, 503}) {
      registry.status(status);

      assertThatThrownBy(() -> events.write("out", image))
          .isInstanceOf(RegistryOutageException.class);
    }

    registry.status(200);
    assertThat(ByteBuffer.wrap(events.write("out", image)).getInt(1))
        .isEqualTo(FakeRegistry.MODERATED_ID);
  }

  private static byte[] wire(int schemaId) throws Exception {
    byte[] body = ImageSubmitted.getEncoder().encode(EVENT).array();
    byte[] datum = java.util.Arrays.copyOfRange(body, 10, body.length); // after Avro's own header
    return ByteBuffer.allocate(5 + datum.length).put((byte) 0).putInt(schemaId).put(datum).array();
  }
}
