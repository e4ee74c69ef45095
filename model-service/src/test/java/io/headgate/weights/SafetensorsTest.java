package io.headgate.weights;

import static io.headgate.weights.TestModels.FIXTURES;
import static io.headgate.weights.TestModels.writeRaw;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SafetensorsTest {
  @TempDir Path temp;

  @Test
  void readsBackWhatTheWriterWrote() {
    Path file = temp.resolve("a.safetensors");
    new SafetensorsWriter()
        .floats("f32", new long[] {2, 2}, new float[] {1, -2.5f, Float.NaN, 1e-30f})
        .floats("f16", DType.F16, new long[] {3}, new float[] {1, 65504, 6e-8f})
        .floats("bf16", DType.BF16, new long[] {2}, new float[] {1, 3e38f})
        .floats("f64", DType.F64, new long[] {1}, new float[] {0.1f})
        .longs("i64", new long[] {2}, new long[] {Long.MIN_VALUE, 7})
        .bytes("u8", new long[] {1, 3}, new byte[] {0, 127, -1})
        .floats("scalar", new long[0], new float[] {4})
        .floats("empty", new long[] {0, 5}, new float[0])
        .metadata("format", "pt")
        .write(file);

    try (Safetensors read = Safetensors.open(file)) {
      assertThat(read.names())
          .containsExactlyInAnyOrder("f32", "f16", "bf16", "f64", "i64", "u8", "scalar", "empty");
      assertThat(read.metadata()).containsEntry("format", "pt");
      assertThat(read.readFloats("f32")).containsExactly(1, -2.5f, Float.NaN, 1e-30f);
      assertThat(read.readFloats("f16")).containsExactly(1, 65504, 0x1p-24f);
      assertThat(read.readFloats("bf16")).containsExactly(1, 0x1.c4p127f);
      assertThat(read.readFloats("f64")).containsExactly(0.1f);
      assertThat(read.readLongs("i64")).containsExactly(Long.MIN_VALUE, 7);
      assertThat(read.readLongs("u8")).containsExactly(0, 127, 255);
      assertThat(read.readBytes("u8")).containsExactly(0, 127, -1);
      assertThat(read.dtype("u8")).isEqualTo(DType.U8);
      assertThat(read.shape("scalar")).isEmpty();
      assertThat(read.readFloats("scalar")).containsExactly(4);
      assertThat(read.shape("empty")).containsExactly(0, 5);
      assertThat(read.readFloats("empty")).isEmpty();
    }
  }

  @Test
  void writesTheSameBytesInWhateverOrderTensorsWereAdded() throws IOException {
    Path one = temp.resolve("one");
    Path two = temp.resolve("two");
    new SafetensorsWriter()
        .bytes("b", new long[] {1}, new byte[] {1})
        .floats("a", new long[] {1}, new float[] {2})
        .write(one);
    new SafetensorsWriter()
        .floats("a", new long[] {1}, new float[] {2})
        .bytes("b", new long[] {1}, new byte[] {1})
        .write(two);

    assertThat(Files.readAllBytes(one)).isEqualTo(Files.readAllBytes(two));
  }

  @Test
  void leavesNoUnfinishedFileWhenItCannotWrite() throws IOException {
    SafetensorsWriter writer = new SafetensorsWriter().bytes("b", new long[] {0}, new byte[0]);

    assertThatThrownBy(() -> writer.write(temp.resolve("gone").resolve("a")))
        .hasMessageContaining("cannot be written");
    assertThat(temp).isEmptyDirectory();
  }

  @Test
  void refusesToWriteMoreOrFewerElementsThanTheShapeHas() {
    assertThatThrownBy(() -> new SafetensorsWriter().floats("a", new long[] {2, 2}, new float[3]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("tensor a: 3 elements (expected: 4");
  }

  @Test
  void readsSlicesAcrossChunks() {
    float[] data = new float[20_000];
    for (int i = 0; i < data.length; i++) {
      data[i] = i;
    }
    Path file = temp.resolve("a");
    new SafetensorsWriter().floats("a", new long[] {data.length}, data).write(file);

    try (Safetensors read = Safetensors.open(file)) {
      FloatBuffer slice = FloatBuffer.allocate(9_000);
      read.tensor("a").readFloats(8_000, slice);
      assertThat(slice.get(0)).isEqualTo(8_000);
      assertThat(slice.get(8_999)).isEqualTo(16_999);

      ByteBuffer bytes = ByteBuffer.allocateDirect(42).order(ByteOrder.LITTLE_ENDIAN);
      assertThat(read.tensor("a").readBytes(19_995, bytes)).isEqualTo(5);
      assertThat(bytes.getFloat(16)).isEqualTo(19_999);

      assertThatThrownBy(() -> read.tensor("a").readFloats(19_999, new float[2]))
          .isInstanceOf(IndexOutOfBoundsException.class);
    }
  }

  @Test
  void namesWhatThereIsWhenATensorIsNotThere() {
    try (Safetensors read =
        Safetensors.open(FIXTURES.resolve("tiny-gelu").resolve("golden.safetensors"))) {
      assertThatThrownBy(() -> read.tensor("nope"))
          .isInstanceOf(WeightsException.class)
          .hasMessageContaining("golden.safetensors: no tensor nope (found: ");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "header_too_long.safetensors | header of 1099511627776 bytes | expected: 2 to 16,777,216",
        "overlap.safetensors | tensor b | inside tensor a",
        "shape_offset_mismatch.safetensors | tensor a: F32 [2, 2] spans 12 bytes | expected: 16",
        "truncated.safetensors | tensor a: bytes 0 to 16 | truncated",
        "unknown_dtype.safetensors | tensor a: dtype F8_E4M3 | F16, BF16",
      })
  void refusesTheNegativeFixtures(String name, String what, String why) {
    Path file = FIXTURES.resolve("negative").resolve(name);

    assertThatThrownBy(() -> Safetensors.open(file))
        .isInstanceOf(WeightsException.class)
        .hasMessageContaining(name)
        .hasMessageContaining(what)
        .hasMessageContaining(why);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{`a`:{`dtype`:`U8`,`shape`:[2],`data_offsets`:[1,3]}} | tensor a: begins at byte 1, leaving a hole",
        "{`a`:{`dtype`:`U8`,`shape`:[2],`data_offsets`:[0,2]}} | 3 bytes of data, but the tensors end at 2",
        "{`a`:{`dtype`:`U8`,`shape`:[3],`data_offsets`:[0,3]},`a`:{`dtype`:`U8`,`shape`:[3],`data_offsets`:[0,3]}} | Duplicate field 'a'",
        "{`a`:{`dtype`:`U8`,`dtype`:`U8`,`shape`:[3],`data_offsets`:[0,3]}} | Duplicate field 'dtype'",
        "{`a`:{`dtype`:`U8`,`shape`:[-3],`data_offsets`:[0,3]}} | tensor a: -3",
        "{`a`:{`dtype`:`U8`,`shape`:[3],`data_offsets`:[3,0]}} | tensor a: bytes 3 to 0",
        "{`a`:{`dtype`:`F64`,`shape`:[4611686018427387904,4],`data_offsets`:[0,3]}} | fewer than 2^63",
        "{`a`:{`dtype`:`U8`,`shape`:[99999999999999999999],`data_offsets`:[0,3]}} | too large",
        "{`a`:{`dtype`:`U8`,`shape`:[3.0],`data_offsets`:[0,3]}} | VALUE_NUMBER_FLOAT in a",
        "{`a`:{`dtype`:`U8`,`shape`:[3],`data_offsets`:[0]}} | tensor a: incomplete",
        "{`a`:{`dtype`:`U8`,`shape`:[3],`data_offsets`:[0,3],`extra`:1}} | unknown field 'extra'",
        "{`a`:{`dtype`:`U8`,`shape`:[3]}} | tensor a: incomplete",
        "{`a`:7} | VALUE_NUMBER_INT in a",
        "{`__metadata__`:{`a`:7}} | VALUE_NUMBER_INT in __metadata__",
        "{`a`:{`dtype`:`U8`,`shape`:[3],`data_offsets`:[0,3]}}{} | goes on after",
        "{`a`:{`dtype`:`U8`,`shape`:[3],`data_offsets`:[0,3]} | not sound JSON",
        "[] | does not begin with '{'",
      })
  void refusesUnsoundHeaders(String header, String message) {
    Path file = writeRaw(temp.resolve("a"), header.replace('`', '"'), 3);

    assertThatThrownBy(() -> Safetensors.open(file))
        .isInstanceOf(WeightsException.class)
        .hasMessageContaining(message);
  }

  @Test
  void refusesFilesTooShortForAHeader() throws IOException {
    Path file = Files.write(temp.resolve("a"), new byte[7]);

    assertThatThrownBy(() -> Safetensors.open(file))
        .isInstanceOf(WeightsException.class)
        .hasMessageContaining("7 bytes");
  }

  @Test
  void keepsControlCharactersOfNamesOutOfMessages() {
    Path file =
        writeRaw(
            temp.resolve("a"),
            "{\"\\u001b[31mred\":{\"dtype\":\"X\",\"shape\":[3],\"data_offsets\":[0,3]}}",
            3);

    assertThatThrownBy(() -> Safetensors.open(file))
        .isInstanceOf(WeightsException.class)
        .message()
        .doesNotContain("\u001b");
  }
}
