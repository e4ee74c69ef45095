package io.headgate.serde;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.headgate.v1.DetectorScore;
import io.headgate.v1.ImageReference;
import io.headgate.v1.ImageSubmitted;
import io.headgate.v1.InlineImage;
import io.headgate.v1.ModeratedImage;
import io.headgate.v1.Route;
import io.headgate.v1.Sha256;
import io.headgate.v1.Verdict;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Serde;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class HeadgateSerdesTest {
  private static final String TOPIC = "images";
  private static final String SCOPE = "serdes-test";

  private final HeadgateSerdes serdes = HeadgateSerdes.of("mock://" + SCOPE);

  @AfterEach
  void forget() {
    HeadgateSerdes.dropMock(SCOPE);
  }

  @Test
  void submittedImageSurvivesTheRoundTripByteForByte() {
    ImageSubmitted event = submitted(new InlineImage(ByteBuffer.wrap(new byte[] {1, 2, 3}), ""));

    try (Serde<ImageSubmitted> serde = serdes.imageSubmitted()) {
      byte[] wire = serde.serializer().serialize(TOPIC, event);

      assertThat(serde.deserializer().deserialize(TOPIC, wire)).isEqualTo(event);
    }
  }

  @Test
  void referenceSurvivesTheRoundTrip() {
    byte[] hash = new byte[32];
    Arrays.fill(hash, (byte) 7);
    ImageSubmitted event =
        submitted(new ImageReference("https://store/image.jpg", new Sha256(hash), 42L));

    try (Serde<ImageSubmitted> serde = serdes.imageSubmitted()) {
      byte[] wire = serde.serializer().serialize(TOPIC, event);

      assertThat(serde.deserializer().deserialize(TOPIC, wire)).isEqualTo(event);
    }
  }

  @Test
  void moderatedImageSurvivesTheRoundTrip() {
    ModeratedImage event =
        ModeratedImage.newBuilder()
            .setSubmitted(submitted(new InlineImage(ByteBuffer.wrap(new byte[] {9}), "image/png")))
            .setVerdict(
                Verdict.newBuilder()
                    .setRoute(Route.CLEAN)
                    .setScores(
                        List.of(new DetectorScore("scale", 0.5, Double.POSITIVE_INFINITY, false)))
                    .setEmbedding(List.of(0.6f, 0.8f))
                    .build())
            .build();

    try (Serde<ModeratedImage> serde = serdes.moderatedImage()) {
      byte[] wire = serde.serializer().serialize(TOPIC, event);

      assertThat(serde.deserializer().deserialize(TOPIC, wire)).isEqualTo(event);
    }
  }

  @Test
  void bytesOnTheWireAreConfluentsFormat() throws Exception {
    ImageSubmitted event = submitted(new InlineImage(ByteBuffer.wrap(new byte[] {1, 2, 3}), ""));

    byte[] wire;
    try (Serde<ImageSubmitted> serde = serdes.imageSubmitted()) {
      wire = serde.serializer().serialize(TOPIC, event);
    }

    assertThat(wire[0]).isZero();
    assertThat(ByteBuffer.wrap(wire, 1, 4).getInt()).isPositive();
    BinaryDecoder avro = DecoderFactory.get().binaryDecoder(wire, 5, wire.length - 5, null);
    assertThat(new SpecificDatumReader<>(ImageSubmitted.class).read(null, avro)).isEqualTo(event);
    assertThat(avro.isEnd()).isTrue();
  }

  @Test
  void tombstoneStaysATombstone() {
    try (Serde<ImageSubmitted> serde = serdes.imageSubmitted()) {
      assertThat(serde.serializer().serialize(TOPIC, null)).isNull();
      assertThat(serde.deserializer().deserialize(TOPIC, null)).isNull();
    }
  }

  @Test
  void refusesJunkUnknownSchemaIdsAndTruncatedEvents() {
    try (Serde<ImageSubmitted> serde = serdes.imageSubmitted()) {
      byte[] good =
          serde
              .serializer()
              .serialize(TOPIC, submitted(new InlineImage(ByteBuffer.allocate(100), "")));
      byte[] unknownId = good.clone();
      ByteBuffer.wrap(unknownId).putInt(1, 999_999);

      for (byte[] bad :
          new byte[][] {{}, {0}, {1, 2, 3, 4, 5, 6}, unknownId, Arrays.copyOf(good, 40)}) {
        assertThatThrownBy(() -> serde.deserializer().deserialize(TOPIC, bad))
            .isInstanceOf(SerializationException.class);
      }
    }
  }

  @Test
  void refusesLengthsThatTheRecordCannotHold() {
    try (Serde<ImageSubmitted> serde = serdes.imageSubmitted()) {
      byte[] good =
          serde
              .serializer()
              .serialize(TOPIC, submitted(new InlineImage(ByteBuffer.allocate(1), "")));
      int[] length = {0x80, 0x80, 0x80, 0x80, 0x0C}; // 1.5 GiB, zigzag
      byte[] hugeId = withAvro(good, new int[0], length);
      byte[] hugeBytes = withAvro(good, new int[] {2, 'a', 0, 0, 0}, length);
      byte[] hugeMap = withAvro(good, new int[] {2, 'a', 0, 0, 0, 0, 0}, length);

      for (byte[] bad : new byte[][] {hugeId, hugeBytes, hugeMap}) {
        assertThatThrownBy(() -> serde.deserializer().deserialize(TOPIC, bad))
            .isInstanceOf(SerializationException.class);
      }
    }
  }

  private static byte[] withAvro(byte[] good, int[] start, int[] length) {
    ByteBuffer record = ByteBuffer.allocate(5 + start.length + length.length).put(good, 0, 5);
    IntStream.concat(IntStream.of(start), IntStream.of(length)).forEach(b -> record.put((byte) b));
    return record.array();
  }

  @Test
  void refusesAnEventOfAnotherKindAndNamesBoth() {
    ModeratedImage other =
        ModeratedImage.newBuilder()
            .setSubmitted(submitted(new InlineImage(ByteBuffer.allocate(1), "")))
            .setVerdict(Verdict.newBuilder().setRoute(Route.CLEAN).build())
            .build();

    try (Serde<ModeratedImage> moderated = serdes.moderatedImage();
        Serde<ImageSubmitted> submitted = serdes.imageSubmitted()) {
      byte[] wire = moderated.serializer().serialize(TOPIC, other);

      assertThatThrownBy(() -> submitted.deserializer().deserialize(TOPIC, wire))
          .isInstanceOf(WrongEventException.class)
          .hasMessageContaining("ModeratedImage")
          .hasMessageContaining("ImageSubmitted");
    }
  }

  @Test
  void registersNothingUnlessToldTo() {
    HeadgateSerdes strict =
        new HeadgateSerdes(
            Map.of(
                HeadgateSerdes.REGISTRY_URL,
                "mock://" + SCOPE,
                HeadgateSerdes.AUTO_REGISTER,
                false));

    try (Serde<ImageSubmitted> serde = strict.imageSubmitted()) {
      ImageSubmitted event = submitted(new InlineImage(ByteBuffer.allocate(1), ""));

      assertThatThrownBy(() -> serde.serializer().serialize(TOPIC, event))
          .isInstanceOf(SerializationException.class);
    }
    assertThat(HeadgateSerdes.of("http://127.0.0.1:1").config())
        .containsEntry(HeadgateSerdes.AUTO_REGISTER, false);
  }

  @Test
  void missingRegistryIsRefusedWithWhatToGive() {
    assertThatThrownBy(() -> new HeadgateSerdes(new HashMap<>()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("schema.registry.url")
        .hasMessageContaining("mock://");
  }

  private static ImageSubmitted submitted(Object content) {
    return ImageSubmitted.newBuilder()
        .setId("a")
        .setSubmittedAt(Instant.ofEpochMilli(1_700_000_000_000L))
        .setContent(content)
        .setAttributes(Map.of("camera", "7"))
        .build();
  }
}
