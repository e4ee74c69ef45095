package io.headgate.stream;

import io.confluent.kafka.schemaregistry.avro.AvroSchema;
import io.confluent.kafka.schemaregistry.avro.AvroSchemaProvider;
import io.confluent.kafka.schemaregistry.client.SchemaRegistryClient;
import io.confluent.kafka.schemaregistry.client.SchemaRegistryClientFactory;
import io.confluent.kafka.schemaregistry.client.rest.exceptions.RestClientException;
import io.headgate.serde.HeadgateSerdes;
import io.headgate.serde.WrongEventException;
import io.headgate.v1.ImageSubmitted;
import io.headgate.v1.ModeratedImage;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Supplier;
import org.apache.avro.AvroTypeException;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Serde;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Events from bytes and back. Its one subtlety is to tell a bad record from a registry that is
 * away: the first is refused, the second is an outage.
 *
 * <p>Any thread may call; each call borrows a serde of its own.
 */
final class Events implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Events.class);
  private static final String EVENT = ImageSubmitted.getClassSchema().getFullName();
  private static final int HEADER = 5;

  /** Confluent's error codes of "subject not found" and "schema not found". */
  private static final Set<Integer> UNKNOWN = Set.of(40401, 40403);

  private static final int SCHEMAS_CACHED = 1000;

  private final SchemaRegistryClient registry;
  private final Pool<Serde<ImageSubmitted>> submitted;
  private final Pool<Serde<ModeratedImage>> moderated;

  /**
   * @throws IllegalArgumentException if the registry's configuration is incomplete
   */
  Events(Map<String, ?> registryConfig) {
    HeadgateSerdes serdes = new HeadgateSerdes(registryConfig);
    this.registry =
        SchemaRegistryClientFactory.newClient(
            List.of(registryConfig.get(HeadgateSerdes.REGISTRY_URL).toString().split(",")),
            SCHEMAS_CACHED,
            List.of(new AvroSchemaProvider()),
            serdes.config(),
            Map.of());
    this.submitted = new Pool<>(serdes::imageSubmitted);
    this.moderated = new Pool<>(serdes::moderatedImage);
    submitted.giveBack(
        serdes.imageSubmitted()); // a wrong configuration fails here, not on a record
    moderated.giveBack(serdes.moderatedImage());
  }

  /**
   * @throws RefusedException if these bytes are no image event, whatever the registry says later
   * @throws RegistryOutageException if the registry could not be asked
   */
  ImageSubmitted read(String topic, byte[] value) throws RefusedException, RegistryOutageException {
    if (value == null || value.length == 0) {
      throw new RefusedException(
          DeadLetterCode.NULL_VALUE, "record without a value (expected: an ImageSubmitted event)");
    }
    if (value.length < HEADER || value[0] != 0) {
      throw new RefusedException(
          DeadLetterCode.UNDECODABLE_RECORD,
          "record of %d bytes beginning with 0x%02x (expected: Confluent wire format, 0x00 and a schema id of 4 bytes)"
              .formatted(value.length, value[0]));
    }
    requireBounds(value);
    ImageSubmitted event;
    Serde<ImageSubmitted> serde = submitted.borrow();
    try {
      event = serde.deserializer().deserialize(topic, value);
    } catch (RuntimeException e) {
      if (isOutage(e)) {
        throw new RegistryOutageException(e);
      }
      throw new RefusedException(classify(e), describe(e, value));
    } finally {
      submitted.giveBack(serde);
    }
    if (event.getId().isBlank()) {
      throw new RefusedException(
          DeadLetterCode.INVALID_EVENT, "event with an empty id (expected: the image's id)");
    }
    return event;
  }

  /**
   * Asks for the writer's schema first, so that what fails after this is the record's own fault.
   */
  private void requireBounds(byte[] value) throws RefusedException, RegistryOutageException {
    int id = ByteBuffer.wrap(value).getInt(1);
    try {
      if (!(registry.getSchemaById(id) instanceof AvroSchema writer)) {
        throw new RefusedException(
            DeadLetterCode.WRONG_SCHEMA, "schema %d is no Avro schema".formatted(id));
      }
      String kind = writer.rawSchema().getFullName();
      if (!kind.equals(EVENT)) {
        throw new RefusedException(
            DeadLetterCode.WRONG_SCHEMA,
            "event of schema %d: %s (expected: %s); its producer writes to the wrong topic or with the wrong schema"
                .formatted(id, kind, EVENT));
      }
      AvroBounds.check(writer.rawSchema(), value, HEADER);
    } catch (IOException e) {
      throw new RegistryOutageException(e);
    } catch (RestClientException e) {
      if (isOutage(e)) {
        throw new RegistryOutageException(e);
      }
      throw new RefusedException(
          DeadLetterCode.UNKNOWN_SCHEMA,
          "schema id %d is unknown to the registry (expected: a registered one): %s"
              .formatted(id, e.getMessage()));
    } catch (AvroBounds.OutOfBoundsException e) {
      throw new RefusedException(
          DeadLetterCode.CORRUPT_RECORD,
          "event of schema %d in %d bytes: %s".formatted(id, value.length, e.getMessage()));
    }
  }

  /**
   * @throws RegistryOutageException if the registry could not be asked, or does not (yet) know the
   *     schema and may not be taught it
   */
  byte[] write(String topic, ModeratedImage event) throws RegistryOutageException {
    Serde<ModeratedImage> serde = moderated.borrow();
    try {
      return serde.serializer().serialize(topic, event);
    } catch (RuntimeException e) {
      // not registered: an operator's task, not the event's
      if (isOutage(e) || restAnswer(e).isPresent()) {
        throw new RegistryOutageException(e);
      }
      throw e;
    } finally {
      moderated.giveBack(serde);
    }
  }

  private static String describe(Throwable e, byte[] value) {
    Throwable root = e;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    String text = "%s (schema id %d)".formatted(e.getMessage(), ByteBuffer.wrap(value).getInt(1));
    return root == e ? text : text + ": " + root;
  }

  private static DeadLetterCode classify(Throwable e) {
    if (restAnswer(e).isPresent()) {
      return DeadLetterCode.UNKNOWN_SCHEMA;
    }
    for (Throwable t = e; t != null; t = t.getCause()) {
      if (t instanceof WrongEventException || t instanceof AvroTypeException) {
        return DeadLetterCode.WRONG_SCHEMA;
      }
    }
    return DeadLetterCode.CORRUPT_RECORD;
  }

  /**
   * Whether the registry was not there, was busy, or did not let us in. It is then asked again: a
   * record must not suffer for a registry's fault or a wrong password. Of all answers only the
   * registry's own "not found" is about the record; a plain 404 is some proxy's.
   */
  static boolean isOutage(Throwable e) {
    Optional<RestClientException> answer = restAnswer(e);
    if (answer.isPresent()) {
      return !UNKNOWN.contains(answer.get().getErrorCode());
    }
    for (Throwable t = e; t != null; t = t.getCause()) {
      boolean broken =
          t instanceof IOException && !(t instanceof EOFException); // EOF: short record
      boolean refused =
          t instanceof RetriableException
              || t instanceof AuthenticationException
              || t instanceof AuthorizationException
              || (t instanceof ApiException && !(t instanceof SerializationException));
      if (broken || refused) {
        return true;
      }
    }
    return false;
  }

  private static Optional<RestClientException> restAnswer(Throwable e) {
    for (Throwable t = e; t != null; t = t.getCause()) {
      if (t instanceof RestClientException answer) {
        return Optional.of(answer);
      }
    }
    return Optional.empty();
  }

  @Override
  public void close() {
    submitted.close();
    moderated.close();
    try {
      registry.close();
    } catch (IOException e) {
      log.debug("the registry's client did not close", e);
    }
  }

  /** Serdes that are lent to one thread at a time. */
  private static final class Pool<S extends Serde<?>> {
    private final ConcurrentLinkedQueue<S> idle = new ConcurrentLinkedQueue<>();
    private final Supplier<S> make;

    Pool(Supplier<S> make) {
      this.make = make;
    }

    S borrow() {
      S serde = idle.poll();
      return serde == null ? make.get() : serde;
    }

    void giveBack(S serde) {
      idle.add(serde);
    }

    void close() {
      for (S serde = idle.poll(); serde != null; serde = idle.poll()) {
        serde.close();
      }
    }
  }
}
