package io.headgate.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.headgate.stream.AvroBounds.OutOfBoundsException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.apache.avro.Schema;
import org.apache.avro.SchemaBuilder;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.junit.jupiter.api.Test;

class AvroBoundsTest {
  private static final Schema ALL =
      new Schema.Parser()
          .parse(
              """
              {"type":"record","name":"All","fields":[
                {"name":"n","type":"null"},{"name":"b","type":"boolean"},{"name":"i","type":"int"},
                {"name":"l","type":"long"},{"name":"f","type":"float"},{"name":"d","type":"double"},
                {"name":"s","type":"string"},{"name":"bytes","type":"bytes"},
                {"name":"fixed","type":{"type":"fixed","name":"F","size":3}},
                {"name":"e","type":{"type":"enum","name":"E","symbols":["A","B"]}},
                {"name":"u","type":["null","string",{"type":"record","name":"R","fields":[{"name":"x","type":"int"}]}]},
                {"name":"a","type":{"type":"array","items":"float"}},
                {"name":"m","type":{"type":"map","values":{"type":"array","items":"string"}}}]}
              """);

  @Test
  void acceptsWhatAvroWrites() throws Exception {
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < 500; i++) {
      byte[] data = write(ALL, random(random));

      assertThatCode(() -> AvroBounds.check(ALL, data, 0)).doesNotThrowAnyException();
    }
  }

  @Test
  void refusesEveryTruncation() throws Exception {
    byte[] data = write(ALL, random(new SplittableRandom(2)));
    for (int length = 0; length < data.length; length++) {
      byte[] cut = Arrays.copyOf(data, length);

      assertThatThrownBy(() -> AvroBounds.check(ALL, cut, 0))
          .isInstanceOf(OutOfBoundsException.class);
    }
  }

  @Test
  void whatItAcceptsAvroReads() throws Exception {
    SplittableRandom random = new SplittableRandom(3);
    byte[] whole = write(ALL, random(random));
    int accepted = 0;
    for (int i = 0; i < 20_000; i++) {
      byte[] mutant = whole.clone();
      mutant[random.nextInt(mutant.length)] = (byte) random.nextInt(256);
      try {
        AvroBounds.check(ALL, mutant, 0);
      } catch (OutOfBoundsException e) {
        continue;
      }
      accepted++;
      new GenericDatumReader<GenericRecord>(ALL)
          .read(null, DecoderFactory.get().binaryDecoder(mutant, null));
    }
    assertThat(accepted).isPositive();
  }

  @Test
  void refusesItemsThatTakeNoBytes() throws Exception {
    Schema nulls = SchemaBuilder.array().items().nullType();
    byte[] data = {(byte) 0xfe, (byte) 0xff, (byte) 0xff, (byte) 0xff, 0x0f, 0};

    assertThatThrownBy(() -> AvroBounds.check(nulls, data, 0))
        .isInstanceOf(OutOfBoundsException.class)
        .hasMessageContaining("2147483647 items");
  }

  @Test
  void refusesEndlessRecursion() {
    Schema list =
        new Schema.Parser()
            .parse(
                "{\"type\":\"record\",\"name\":\"L\",\"fields\":[{\"name\":\"next\",\"type\":[\"null\",\"L\"]}]}");
    byte[] data = new byte[100_000];
    Arrays.fill(data, (byte) 2);

    assertThatThrownBy(() -> AvroBounds.check(list, data, 0))
        .isInstanceOf(OutOfBoundsException.class)
        .hasMessageContaining("deeper");
  }

  private static GenericRecord random(SplittableRandom random) {
    GenericRecord record = new GenericData.Record(ALL);
    record.put("b", random.nextBoolean());
    record.put("i", (int) random.nextLong());
    record.put("l", random.nextLong());
    record.put("f", (float) random.nextDouble());
    record.put("d", random.nextDouble());
    record.put("s", "ä".repeat(random.nextInt(40)));
    record.put("bytes", ByteBuffer.wrap(new byte[random.nextInt(300)]));
    record.put("fixed", new GenericData.Fixed(ALL.getField("fixed").schema(), new byte[3]));
    record.put("e", new GenericData.EnumSymbol(ALL.getField("e").schema(), "B"));
    record.put("u", random.nextBoolean() ? null : "x");
    List<Float> floats = new ArrayList<>();
    for (int i = random.nextInt(50); i > 0; i--) {
      floats.add((float) random.nextDouble());
    }
    record.put("a", floats);
    Map<String, List<String>> map = new HashMap<>();
    for (int i = random.nextInt(5); i > 0; i--) {
      map.put("key" + i, List.of("value", ""));
    }
    record.put("m", map);
    return record;
  }

  private static byte[] write(Schema schema, Object datum) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(out, null);
    new GenericDatumWriter<>(schema).write(datum, encoder);
    encoder.flush();
    return out.toByteArray();
  }
}
