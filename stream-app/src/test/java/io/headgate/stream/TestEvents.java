package io.headgate.stream;

import io.headgate.serde.HeadgateSerdes;
import io.headgate.v1.ImageReference;
import io.headgate.v1.ImageSubmitted;
import io.headgate.v1.InlineImage;
import io.headgate.v1.ModeratedImage;
import io.headgate.v1.Sha256;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.apache.avro.Schema;
import org.apache.avro.SchemaBuilder;
import org.apache.avro.data.TimeConversions;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificData;

/** Events for tests, and their bytes under a {@code mock://} registry. */
public final class TestEvents implements AutoCloseable {
  public static final int CLEAN = 50;
  public static final int REPAIRED = 150;
  public static final int QUARANTINED = 250;

  private final String scope;
  private final HeadgateSerdes serdes;

  public TestEvents(String scope) {
    this.scope = scope;
    this.serdes = HeadgateSerdes.of("mock://" + scope);
  }

  public String registry() {
    return "mock://" + scope;
  }

  /** A PNG of one colour, by whose red the fake service judges. */
  public static byte[] png(int red) {
    BufferedImage image = new BufferedImage(16, 16, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < 16; y++) {
      for (int x = 0; x < 16; x++) {
        image.setRGB(x, y, red << 16);
      }
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      ImageIO.write(image, "png", out);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  public static ImageSubmitted inline(String id, byte[] file) {
    return event(id, new InlineImage(ByteBuffer.wrap(file), "image/png"));
  }

  public static ImageSubmitted reference(String id, String uri, byte[] sha256, long size) {
    return event(id, new ImageReference(uri, new Sha256(sha256), size));
  }

  private static ImageSubmitted event(String id, Object content) {
    return ImageSubmitted.newBuilder()
        .setId(id)
        .setSubmittedAt(Instant.ofEpochMilli(1_700_000_000_000L))
        .setSource("test")
        .setContent(content)
        .setAttributes(Map.of("colour", "red"))
        .build();
  }

  public byte[] bytes(ImageSubmitted event) {
    return serdes.imageSubmitted().serializer().serialize(Topics.defaults().submitted(), event);
  }

  /** What a producer of another version of the schema puts on the wire. */
  static byte[] wire(int id, Schema schema, GenericRecord event) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(ByteBuffer.allocate(5).put((byte) 0).putInt(id).array());
    BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(out, null);
    SpecificData data = new SpecificData();
    data.addLogicalTypeConversion(new TimeConversions.TimestampMillisConversion());
    new GenericDatumWriter<GenericRecord>(schema, data).write(event, encoder);
    encoder.flush();
    return out.toByteArray();
  }

  /** The event in another version of its schema: fields that are not there are left out. */
  static GenericRecord in(Schema schema, ImageSubmitted event) {
    GenericRecord record = new GenericData.Record(schema);
    for (Schema.Field field : event.getSchema().getFields()) {
      if (schema.getField(field.name()) != null) {
        record.put(field.name(), event.get(field.pos()));
      }
    }
    return record;
  }

  /** The schema with one more field, as a newer version would have it. */
  static Schema with(Schema schema, String optional) {
    List<Schema.Field> fields = fields(schema);
    fields.add(
        new Schema.Field(
            optional,
            SchemaBuilder.unionOf().nullType().and().stringType().endUnion(),
            null,
            Schema.Field.NULL_DEFAULT_VALUE));
    return record(schema, fields);
  }

  /** The schema with one field less, as an older version had it. */
  static Schema without(Schema schema, String name) {
    List<Schema.Field> fields = fields(schema);
    if (!fields.removeIf(field -> field.name().equals(name))) {
      throw new IllegalArgumentException(name + " is not in " + schema.getFullName());
    }
    return record(schema, fields);
  }

  private static List<Schema.Field> fields(Schema schema) {
    List<Schema.Field> fields = new ArrayList<>();
    schema.getFields().forEach(field -> fields.add(new Schema.Field(field, field.schema())));
    return fields;
  }

  private static Schema record(Schema like, List<Schema.Field> fields) {
    return Schema.createRecord(like.getName(), like.getDoc(), like.getNamespace(), false, fields);
  }

  public ModeratedImage moderated(String topic, byte[] bytes) {
    return serdes.moderatedImage().deserializer().deserialize(topic, bytes);
  }

  @Override
  public void close() {
    HeadgateSerdes.dropMock(scope);
  }
}
