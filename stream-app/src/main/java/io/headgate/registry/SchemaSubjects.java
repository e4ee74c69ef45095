package io.headgate.registry;

import io.confluent.kafka.schemaregistry.avro.AvroSchema;
import io.confluent.kafka.schemaregistry.avro.AvroSchemaProvider;
import io.confluent.kafka.schemaregistry.client.SchemaRegistryClient;
import io.confluent.kafka.schemaregistry.client.SchemaRegistryClientFactory;
import io.confluent.kafka.schemaregistry.client.rest.exceptions.RestClientException;
import io.headgate.console.UserException;
import io.headgate.serde.EventSchemas;
import io.headgate.serde.HeadgateSerdes;
import io.headgate.stream.Topics;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;

/**
 * The subjects of Headgate's topics: registers their schemas under {@code BACKWARD_TRANSITIVE}
 * compatibility, so that today's readers read every event ever written, and checks that all this
 * holds.
 */
public final class SchemaSubjects implements AutoCloseable {
  /** A new version must read what any earlier version has written. */
  public static final String COMPATIBILITY = "BACKWARD_TRANSITIVE";

  private static final int NOT_FOUND = 404;
  private static final int CACHED_SCHEMAS = 100;

  private final String url;
  private final Map<String, AvroSchema> subjects = new LinkedHashMap<>();
  private final SchemaRegistryClient client;

  /**
   * @param config of Confluent's client, at least {@link HeadgateSerdes#REGISTRY_URL}
   */
  public SchemaSubjects(Map<String, ?> config, Topics topics) {
    this(config, schemas(topics));
  }

  /**
   * @param schemas by subject
   */
  SchemaSubjects(Map<String, ?> config, LinkedHashMap<String, Schema> schemas) {
    this.url = config.get(HeadgateSerdes.REGISTRY_URL).toString();
    schemas.forEach((subject, schema) -> subjects.put(subject, new AvroSchema(schema)));
    this.client =
        SchemaRegistryClientFactory.newClient(
            List.of(url.split(",")),
            CACHED_SCHEMAS,
            List.of(new AvroSchemaProvider()),
            config,
            Map.of());
  }

  private static LinkedHashMap<String, Schema> schemas(Topics topics) {
    LinkedHashMap<String, Schema> schemas = new LinkedHashMap<>();
    schemas.put(topics.submitted() + "-value", EventSchemas.imageSubmitted());
    for (String topic : List.of(topics.clean(), topics.repaired(), topics.quarantined())) {
      schemas.put(topic + "-value", EventSchemas.moderatedImage());
    }
    return schemas;
  }

  /**
   * Looks, and changes nothing.
   *
   * @throws UserException if the registry cannot be asked
   */
  public List<SubjectState> check() {
    List<SubjectState> states = new ArrayList<>();
    for (Map.Entry<String, AvroSchema> entry : subjects.entrySet()) {
      states.add(ask("check " + entry.getKey(), () -> check(entry.getKey(), entry.getValue())));
    }
    return states;
  }

  /**
   * Sets the compatibility level of each subject, then registers its schema. A schema that is
   * incompatible with an earlier version is a problem of its state, not registered; the others are.
   *
   * @throws UserException if the registry cannot be asked or refuses to be written to
   */
  public List<SubjectState> register() {
    List<SubjectState> states = new ArrayList<>();
    for (Map.Entry<String, AvroSchema> entry : subjects.entrySet()) {
      String subject = entry.getKey();
      AvroSchema schema = entry.getValue();
      states.add(
          ask(
              "register " + subject,
              () -> {
                client.updateCompatibility(subject, COMPATIBILITY);
                if (incompatibilities(subject, schema).isEmpty()) {
                  client.register(subject, schema);
                }
                return check(subject, schema);
              }));
    }
    return states;
  }

  private SubjectState check(String subject, AvroSchema schema)
      throws IOException, RestClientException {
    List<String> problems = new ArrayList<>();
    String compatibility = compatibility(subject);
    if (!COMPATIBILITY.equals(compatibility)) {
      problems.add(
          "compatibility: %s (expected: %s); 'headgate schemas register' sets it"
              .formatted(compatibility, COMPATIBILITY));
    }
    Integer id = orNull(() -> client.getId(subject, schema));
    Integer version = id == null ? null : orNull(() -> client.getVersion(subject, schema));
    if (id == null) {
      List<String> incompatible = incompatibilities(subject, schema);
      if (incompatible.isEmpty()) {
        problems.add("schema not registered; 'headgate schemas register' registers it");
      } else {
        problems.add(
            "schema incompatible with registered versions: %s; another Headgate or another application owns this subject"
                .formatted(String.join("; ", incompatible)));
      }
    }
    return new SubjectState(subject, compatibility, version, id, problems);
  }

  /** The subject's own level, else the registry's. */
  private String compatibility(String subject) throws IOException, RestClientException {
    String own = orNull(() -> client.getCompatibility(subject));
    if (own != null) {
      return own;
    }
    String global = orNull(() -> client.getCompatibility(null));
    return global == null ? "none set" : global;
  }

  /**
   * What the schema cannot read of what has been written so far. Compared here, since registries
   * that are asked beforehand look at the latest version only, and not all of them say why.
   */
  private List<String> incompatibilities(String subject, AvroSchema schema)
      throws IOException, RestClientException {
    List<Integer> versions = orNull(() -> client.getAllVersions(subject));
    List<String> messages = new ArrayList<>();
    for (Integer version : versions == null ? List.<Integer>of() : versions) {
      Schema writer =
          new AvroSchema(client.getByVersion(subject, version, false).getSchema()).rawSchema();
      SchemaCompatibility.checkReaderWriterCompatibility(schema.rawSchema(), writer)
          .getResult()
          .getIncompatibilities()
          .forEach(
              found ->
                  messages.add(
                      "version %d: %s %s at %s"
                          .formatted(
                              version, found.getType(), found.getMessage(), found.getLocation())));
    }
    return messages;
  }

  private interface Question<T> {
    T ask() throws IOException, RestClientException;
  }

  private static <T> T orNull(Question<T> question) throws IOException, RestClientException {
    try {
      return question.ask();
    } catch (RestClientException e) {
      if (e.getStatus() == NOT_FOUND) {
        return null;
      }
      throw e;
    }
  }

  private <T> T ask(String what, Question<T> question) {
    try {
      return question.ask();
    } catch (RestClientException e) {
      throw new UserException(
          "schema registry %s: %s: status %d, %s; check --registry, credentials (--registry-config) and permissions"
              .formatted(url, what, e.getStatus(), e.getMessage()),
          e);
    } catch (IOException e) {
      throw new UserException(
          "schema registry %s: %s: %s (expected: a registry with Confluent's API); check --registry and that it is up"
              .formatted(url, what, e),
          e);
    }
  }

  @Override
  public void close() {
    try {
      client.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
