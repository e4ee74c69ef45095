package io.headgate.serde;

import io.confluent.kafka.schemaregistry.client.SchemaRegistryClientConfig;
import io.confluent.kafka.schemaregistry.client.rest.exceptions.RestClientException;
import io.confluent.kafka.schemaregistry.testutil.MockSchemaRegistry;
import io.confluent.kafka.serializers.AbstractKafkaSchemaSerDeConfig;
import io.confluent.kafka.serializers.KafkaAvroDeserializer;
import io.confluent.kafka.serializers.KafkaAvroDeserializerConfig;
import io.confluent.kafka.serializers.KafkaAvroSerializer;
import io.confluent.kafka.serializers.KafkaAvroSerializerConfig;
import io.confluent.kafka.serializers.subject.TopicNameStrategy;
import io.headgate.v1.ImageSubmitted;
import io.headgate.v1.ModeratedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.Serializer;

/**
 * Serdes of Headgate's events: Confluent's own serializers, bytes on the wire as every
 * Confluent-compatible client expects them (a zero byte, the schema id as four big-endian bytes,
 * Avro binary).
 *
 * <p>Subjects follow {@code TopicNameStrategy}: {@code <topic>-value}. A registry address {@code
 * mock://scope} keeps schemas in this JVM, shared by all serdes of that scope.
 *
 * <p>Immutable. Each call of a factory method gives a new serde, which its caller closes; a serde's
 * serializer and deserializer may be used by one thread at a time.
 */
public final class HeadgateSerdes {
  /** Where the schema registry is: one URL or several separated by commas. Required. */
  public static final String REGISTRY_URL =
      AbstractKafkaSchemaSerDeConfig.SCHEMA_REGISTRY_URL_CONFIG;

  /** Whether a serializer may register a schema that its subject lacks. Default false. */
  public static final String AUTO_REGISTER = AbstractKafkaSchemaSerDeConfig.AUTO_REGISTER_SCHEMAS;

  /** The zero byte and the schema id. */
  private static final int HEADER_BYTES = 5;

  private static final String MOCK = "mock://";

  private final Map<String, Object> config;

  /**
   * @param config of Confluent's serializers, at least {@link #REGISTRY_URL}; credentials, TLS and
   *     cache sizes pass through. {@link #AUTO_REGISTER} is off unless it is set, as in production
   *     schemas are registered before they are used
   * @throws IllegalArgumentException if the registry's address is missing
   */
  public HeadgateSerdes(Map<String, ?> config) {
    Object url = config.get(REGISTRY_URL);
    if (url == null || url.toString().isBlank()) {
      throw new IllegalArgumentException(
          "%s: %s (expected: a registry's URL such as http://registry:8081, or mock://scope)"
              .formatted(REGISTRY_URL, url));
    }
    Map<String, Object> complete = new HashMap<>(config);
    complete.putIfAbsent(AUTO_REGISTER, url.toString().startsWith(MOCK));
    // A registry that hangs is found out before a transaction times out (the client's own default
    // is a minute), and whoever waits for one decides when to ask again.
    complete.putIfAbsent(SchemaRegistryClientConfig.HTTP_CONNECT_TIMEOUT_MS, 5_000);
    complete.putIfAbsent(SchemaRegistryClientConfig.HTTP_READ_TIMEOUT_MS, 10_000);
    complete.putIfAbsent(SchemaRegistryClientConfig.MAX_RETRIES_CONFIG, 0);
    complete.put(KafkaAvroDeserializerConfig.SPECIFIC_AVRO_READER_CONFIG, true);
    // Registered schemas stay free of Java's string type, which other languages need not know.
    complete.put(KafkaAvroSerializerConfig.AVRO_REMOVE_JAVA_PROPS_CONFIG, true);
    complete.put(
        AbstractKafkaSchemaSerDeConfig.VALUE_SUBJECT_NAME_STRATEGY,
        TopicNameStrategy.class.getName());
    this.config = Map.copyOf(complete);
  }

  /**
   * Serdes against the registry at {@code url}, registering nothing unless it is {@code mock://}.
   */
  public static HeadgateSerdes of(String url) {
    return new HeadgateSerdes(Map.of(REGISTRY_URL, url));
  }

  /** Forgets the schemas of a {@code mock://} scope; for the end of a test or a demo. */
  public static void dropMock(String scope) {
    MockSchemaRegistry.dropScope(scope);
  }

  /** Images as they enter the pipeline. */
  public Serde<ImageSubmitted> imageSubmitted() {
    return serde(ImageSubmitted.class);
  }

  /** Images with their verdict. */
  public Serde<ModeratedImage> moderatedImage() {
    return serde(ModeratedImage.class);
  }

  /** What the serdes are configured with, defaults included. Holds credentials: not for logs. */
  public Map<String, Object> config() {
    return config;
  }

  private <T extends SpecificRecord> Serde<T> serde(Class<T> type) {
    KafkaAvroSerializer serializer = new KafkaAvroSerializer();
    serializer.configure(config, false);
    KafkaAvroDeserializer deserializer = new KafkaAvroDeserializer();
    deserializer.configure(config, false);
    return Serdes.serdeFrom(
        new TypedSerializer<>(serializer), new TypedDeserializer<>(deserializer, type));
  }

  private record TypedSerializer<T>(KafkaAvroSerializer avro) implements Serializer<T> {
    @Override
    public byte[] serialize(String topic, T event) {
      return avro.serialize(topic, event);
    }

    @Override
    public void close() {
      avro.close();
    }
  }

  private record TypedDeserializer<T>(KafkaAvroDeserializer avro, Class<T> type)
      implements Deserializer<T> {
    @Override
    public T deserialize(String topic, byte[] bytes) {
      Object event;
      try {
        checkLengths(topic, bytes);
        event = avro.deserialize(topic, bytes);
      } catch (KafkaException e) {
        throw e;
      } catch (RuntimeException e) { // Confluent's own let some through, such as BufferUnderflow
        throw new SerializationException(
            "record in %s: %d bytes that are no event: %s (expected: Confluent wire format, %s)"
                .formatted(topic, bytes.length, e, type.getName()),
            e);
      }
      if (event != null && !type.isInstance(event)) {
        throw new WrongEventException(topic, event.getClass().getName(), type.getName());
      }
      return type.cast(event);
    }

    /** Where the registry does not answer, leaves it to Confluent's deserializer to say so. */
    private void checkLengths(String topic, byte[] bytes) {
      if (bytes == null || bytes.length < HEADER_BYTES || bytes[0] != 0) {
        return;
      }
      Object writer;
      try {
        writer =
            avro.getSchemaBySubjectAndId(topic + "-value", ByteBuffer.wrap(bytes).getInt(1))
                .rawSchema();
      } catch (IOException | RestClientException e) {
        return;
      }
      if (writer instanceof Schema schema) {
        LengthGuard.check(schema, bytes, HEADER_BYTES);
      }
    }

    @Override
    public void close() {
      avro.close();
    }
  }
}
