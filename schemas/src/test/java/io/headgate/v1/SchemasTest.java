package io.headgate.v1;

import static org.assertj.core.api.Assertions.assertThat;

import io.confluent.kafka.schemaregistry.CompatibilityLevel;
import io.confluent.kafka.schemaregistry.ParsedSchema;
import io.confluent.kafka.schemaregistry.ParsedSchemaHolder;
import io.confluent.kafka.schemaregistry.SimpleParsedSchemaHolder;
import io.confluent.kafka.schemaregistry.avro.AvroSchema;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The contracts: documented throughout, and readable with every earlier version. */
class SchemasTest {
  static List<Schema> events() {
    return List.of(ImageSubmitted.getClassSchema(), ModeratedImage.getClassSchema());
  }

  @ParameterizedTest
  @MethodSource("events")
  void everyRecordEnumFixedAndFieldHasADoc(Schema event) {
    List<String> undocumented = new ArrayList<>();

    collectUndocumented(event, undocumented, new HashSet<>());

    assertThat(undocumented).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("events")
  void everyEnumHasADefaultForSymbolsOfTheFuture(Schema event) {
    Set<Schema> named = new HashSet<>();
    collectUndocumented(event, new ArrayList<>(), named);

    assertThat(named)
        .filteredOn(s -> s.getType() == Schema.Type.ENUM)
        .allSatisfy(s -> assertThat(s.getEnumDefault()).isNotNull());
  }

  /**
   * Published versions lie in {@code src/test/resources/published/<Event>.vN.avsc}. They are never
   * edited: whoever changes a schema adds the next one.
   */
  @ParameterizedTest
  @MethodSource("events")
  void readsAllPublishedVersionsTransitively(Schema event) throws Exception {
    List<ParsedSchema> published = published(event.getName());

    List<String> incompatible =
        new AvroSchema(event)
            .isCompatible(CompatibilityLevel.BACKWARD_TRANSITIVE, holders(published));

    assertThat(published).isNotEmpty();
    assertThat(incompatible).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("events")
  void latestPublishedVersionIsTheOneInUse(Schema event) throws Exception {
    List<ParsedSchema> published = published(event.getName());

    Schema latest = (Schema) published.get(published.size() - 1).rawSchema();

    assertThat(withoutJavaStrings(event)).isEqualTo(withoutJavaStrings(latest));
  }

  @Test
  void aNewFieldWithoutDefaultWouldBeCaught() throws Exception {
    Schema now = ImageSubmitted.getClassSchema();
    String json = now.toString();
    String broken =
        json.substring(0, json.length() - 2)
            + ",{\"name\":\"novel\",\"type\":\"int\",\"doc\":\"x\"}]}";

    List<String> incompatible =
        new AvroSchema(new Schema.Parser().parse(broken))
            .isCompatible(
                CompatibilityLevel.BACKWARD_TRANSITIVE, holders(List.of(new AvroSchema(now))));

    assertThat(incompatible).isNotEmpty();
  }

  @Test
  void everyMessageFieldValueAndCallOfTheGrpcContractHasAComment() throws Exception {
    Pattern declaration =
        Pattern.compile(
            "\\s*(message|service|enum|rpc)\\s.*|\\s*(repeated )?\\w+ \\w+ = \\d+;|\\s*[A-Z_]+ = \\d+;");
    List<String> lines = Files.readAllLines(Path.of("src/main/proto/inspector.proto"));

    List<String> declarations = new ArrayList<>();
    List<String> undocumented = new ArrayList<>();
    for (int i = 1; i < lines.size(); i++) {
      if (declaration.matcher(lines.get(i)).matches()) {
        declarations.add(lines.get(i));
        if (!lines.get(i - 1).strip().startsWith("//")) {
          undocumented.add(lines.get(i));
        }
      }
    }

    assertThat(declarations).hasSizeGreaterThan(60);
    assertThat(undocumented).isEmpty();
  }

  private static List<ParsedSchemaHolder> holders(List<ParsedSchema> schemas) {
    return schemas.stream().<ParsedSchemaHolder>map(SimpleParsedSchemaHolder::new).toList();
  }

  private static List<ParsedSchema> published(String event) throws Exception {
    Path folder = Path.of("src/test/resources/published");
    List<ParsedSchema> schemas = new ArrayList<>();
    for (int version = 1; ; version++) {
      Path file = folder.resolve("%s.v%d.avsc".formatted(event, version));
      if (Files.notExists(file)) {
        return schemas;
      }
      schemas.add(new AvroSchema(new Schema.Parser().parse(Files.readString(file))));
    }
  }

  private static Schema withoutJavaStrings(Schema schema) {
    return new Schema.Parser()
        .parse(schema.toString().replace(",\"avro.java.string\":\"String\"", ""));
  }

  private static void collectUndocumented(Schema schema, List<String> found, Set<Schema> seen) {
    switch (schema.getType()) {
      case RECORD -> {
        if (!seen.add(schema)) {
          return;
        }
        check(schema.getFullName(), schema.getDoc(), found);
        for (Schema.Field field : schema.getFields()) {
          check(schema.getFullName() + "." + field.name(), field.doc(), found);
          collectUndocumented(field.schema(), found, seen);
        }
      }
      case ENUM, FIXED -> {
        if (seen.add(schema)) {
          check(schema.getFullName(), schema.getDoc(), found);
        }
      }
      case ARRAY -> collectUndocumented(schema.getElementType(), found, seen);
      case MAP -> collectUndocumented(schema.getValueType(), found, seen);
      case UNION -> schema.getTypes().forEach(s -> collectUndocumented(s, found, seen));
      default -> {}
    }
  }

  private static void check(String name, String doc, List<String> found) {
    if (Stream.ofNullable(doc).allMatch(String::isBlank)) {
      found.add(name);
    }
  }
}
