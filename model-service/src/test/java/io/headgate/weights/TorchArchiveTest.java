package io.headgate.weights;

import static io.headgate.weights.TestModels.FIXTURES;
import static io.headgate.weights.TestModels.MINIATURE_OPTIONS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.headgate.weights.TestModels.Sizes;
import io.headgate.weights.TorchFiles.Pickle;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TorchArchiveTest {
  private static final byte[] SIX_FLOATS = TorchFiles.floats(new float[] {0, 1, 2, 3, 4, 5});

  @TempDir Path temp;
  private final List<MappedFile> opened = new ArrayList<>();

  @AfterEach
  void close() {
    opened.forEach(MappedFile::close);
  }

  private Map<String, WeightTensor> read(Path file) {
    MappedFile mapped = MappedFile.open(file);
    opened.add(mapped);
    return TorchArchive.read(mapped).tensors();
  }

  private Path archive(Pickle pickle) {
    Map<String, byte[]> entries = new LinkedHashMap<>();
    entries.put("a/data.pkl", pickle.stop());
    entries.put("a/data/0", SIX_FLOATS);
    return TorchFiles.zip(temp.resolve("a.pt"), entries);
  }

  private Path view(String type, long elements, long offset, long[] shape, long[] strides) {
    return archive(
        new Pickle().op('}').text("w").tensor(type, "0", elements, offset, shape, strides).op('s'));
  }

  private void assertRefused(Path file, String... messages) {
    assertThatThrownBy(() -> read(file))
        .isInstanceOf(WeightsException.class)
        .hasMessageContaining(file.getFileName().toString())
        .hasMessageContainingAll(messages);
  }

  @Test
  void readsViewsInRowMajorOrder() {
    assertThat(
            read(view("FloatStorage", 6, 0, new long[] {2, 3}, new long[] {3, 1}))
                .get("w")
                .toFloats())
        .containsExactly(0, 1, 2, 3, 4, 5);
    assertThat(
            read(view("FloatStorage", 6, 0, new long[] {2, 3}, new long[] {1, 2}))
                .get("w")
                .toFloats())
        .containsExactly(0, 2, 4, 1, 3, 5);
    assertThat(
            read(view("FloatStorage", 6, 1, new long[] {2, 2}, new long[] {3, 1}))
                .get("w")
                .toFloats())
        .containsExactly(1, 2, 4, 5);
    assertThat(read(view("FloatStorage", 6, 5, new long[0], new long[0])).get("w").toFloats())
        .containsExactly(5);
    assertThat(
            read(view("FloatStorage", 6, 0, new long[] {3, 1, 2}, new long[] {1, 77, 3}))
                .get("w")
                .toFloats())
        .containsExactly(0, 3, 1, 4, 2, 5);
    assertThat(
            read(view("FloatStorage", 6, 6, new long[] {0, 4}, new long[] {1, 1}))
                .get("w")
                .toFloats())
        .isEmpty();
  }

  @Test
  void readsColumnMajorViewsInSlices() {
    WeightTensor tensor =
        read(view("FloatStorage", 6, 0, new long[] {2, 3}, new long[] {1, 2})).get("w");
    float[] slice = new float[3];

    tensor.readFloats(2, slice);

    assertThat(slice).containsExactly(4, 1, 3);
  }

  @ParameterizedTest
  @CsvSource({
    "6, 1, 2, 3, 3, 1", // the last element is one too far
    "6, 0, 2, 3, 4, 1",
    "6, 7, 0, 3, 3, 1", // empty, but beyond the end
    "6, 0, 1099511627776, 1, 0, 1", // expanded to more than there is
    "6, 0, 4611686018427387904, 4, 1, 1", // 2^64 elements
    "6, 0, 2, 2, 9223372036854775807, 1",
    "6, 9223372036854775807, 2, 2, 1, 1",
    "7, 0, 2, 3, 3, 1", // the storage says more than its entry has
    "5, 0, 1, 1, 1, 1",
    "2305843009213693953, 0, 1, 1, 1, 1", // 2^61 + 1 floats: 4 bytes modulo 2^64
  })
  void refusesViewsBeyondTheirStorage(
      long elements, long offset, long rows, long columns, long rowStride, long columnStride) {
    Path file =
        view(
            "FloatStorage",
            elements,
            offset,
            new long[] {rows, columns},
            new long[] {rowStride, columnStride});

    assertRefused(file, "storage");
  }

  @Test
  void refusesNegativeStrides() {
    assertRefused(
        view("FloatStorage", 6, 5, new long[] {6}, new long[] {-1}), "size or stride of -1");
  }

  @Test
  void refusesOneStorageOfTwoTypes() {
    Pickle pickle = new Pickle().op('}').op('(');
    pickle.text("a").tensor("FloatStorage", "0", 6, 0, new long[] {6}, new long[] {1});
    pickle.text("b").tensor("HalfStorage", "0", 12, 0, new long[] {12}, new long[] {1});

    assertRefused(archive(pickle.op('u')), "tensor b: storage 0 as F32 and as F16");
  }

  @Test
  void refusesTheUnknownGlobalFixtureByName() {
    Path file = FIXTURES.resolve("negative").resolve("unknown_global.pt");

    assertThatThrownBy(() -> Weights.open(file, MINIATURE_OPTIONS))
        .isInstanceOf(WeightsException.class)
        .hasMessageContainingAll(
            "unknown_global.pt",
            "data.pkl at byte 58",
            "global posix.getcwd",
            "nothing of it was run");
  }

  @Test
  void refusesTheLegacyFormatByName() {
    Path file = FIXTURES.resolve("negative").resolve("legacy_nonzip.pt");

    assertThatThrownBy(() -> Weights.open(file, MINIATURE_OPTIONS))
        .isInstanceOf(WeightsException.class)
        .hasMessageContainingAll("legacy_nonzip.pt", "before PyTorch 1.6", "torch.save it again");
  }

  @ParameterizedTest
  @CsvSource({
    "builtins, eval",
    "__builtin__, exec",
    "os, system",
    "torch, load",
    "torch._utils, _rebuild_tensor_v2x",
    "torch.jit._pickle, build_intlist",
    "__torch__.clip, Model",
    "numpy.core.multiarray, _reconstruct",
  })
  void refusesGlobalsThatAreNotOnTheList(String module, String name) {
    Path file = archive(new Pickle().global(module, name).op(')').op('R'));

    assertRefused(file, "a/data.pkl at byte 2", "global " + module + "." + name);
  }

  @ParameterizedTest
  @CsvSource({
    "i, INST",
    "o, OBJ",
    "I, INT",
    "U, SHORT_BINSTRING",
    "P, PERSID",
    "0, POP",
    "2, DUP",
    "l, LIST",
  })
  void refusesOpcodesThatAreNotOnTheListByName(char opcode, String name) {
    assertRefused(archive(new Pickle().op('}').op(opcode)), "opcode " + name, "at byte 3");
  }

  @Test
  void refusesOpcodesOfLaterProtocols() {
    assertRefused(archive(new Pickle().op('}').raw(0x93)), "opcode STACK_GLOBAL (0x93)");
    assertRefused(archive(new Pickle().op('}').raw(0x82)), "opcode EXT1 (0x82)");
    assertRefused(archive(new Pickle().op('}').raw(0xfe)), "opcode that no pickle has (0xfe)");
  }

  @Test
  void refusesPicklesThatDoNotAddUp() {
    assertRefused(archive(new Pickle().op('a')), "takes from an empty stack");
    assertRefused(archive(new Pickle().op('t')), "mark that is not there");
    assertRefused(archive(new Pickle().op('(').raw(0x85)), "takes from an empty stack");
    assertRefused(archive(new Pickle().raw('h', 9)), "memo 9 was never set");
    assertRefused(archive(new Pickle().op('}').op(')').op('N').op('s')), "key of a Tuple");
    assertRefused(archive(new Pickle().op('}').op('}')), "ends with 2 values");
    assertRefused(archive(new Pickle().op('(').op('}')), "1 open marks");
    assertRefused(archive(new Pickle().op('X').int32(1 << 30)), "truncated");
    assertRefused(archive(new Pickle().op('X').int32(-5)), "truncated");
    assertRefused(archive(new Pickle().text("only")), "pickle of no dictionary");
    assertRefused(archive(new Pickle().op('}')), "no tensors");
  }

  @Test
  void boundsTheNumberOfOpcodes() {
    Pickle pickle = new Pickle();
    for (int i = 0; i <= 1 << 20; i++) {
      pickle.op('N');
    }

    assertRefused(archive(pickle), "more than 1,048,576 opcodes");
  }

  @Test
  void boundsModulesThatHoldEachOther() {
    // Each module holds the one before twice: 2^30 ways to the innermost.
    Pickle pickle = new Pickle().op('}').op('(');
    for (int i = 0; i < 30; i++) {
      pickle.text("m" + i).global("__torch__", "M").op(')').raw(0x81).op('}').op('(');
      if (i > 0) {
        pickle.text("a").raw('h', i - 1).text("b").raw('h', i - 1);
      }
      pickle.op('u').op('b').raw('q', i);
    }
    Pickle root = new Pickle().global("__torch__", "M").op(')').raw(0x81).bytes(body(pickle));
    Map<String, byte[]> entries = new LinkedHashMap<>();
    entries.put("a/data.pkl", root.op('u').op('b').stop());
    entries.put("a/constants.pkl", new byte[0]);

    assertRefused(TorchFiles.zip(temp.resolve("s.pt"), entries), "more than 100,000 modules");
  }

  @Test
  void boundsModulesThatHoldThemselves() {
    Pickle pickle = new Pickle().global("__torch__", "M").op(')').raw(0x81).raw('q', 0);
    pickle.op('}').text("a").raw('h', 0).op('s').op('b');
    Map<String, byte[]> entries = new LinkedHashMap<>();
    entries.put("a/data.pkl", pickle.stop());
    entries.put("a/constants.pkl", new byte[0]);

    assertRefused(TorchFiles.zip(temp.resolve("s.pt"), entries), "nested deeper than 32");
  }

  /** Without protocol and stop. */
  private static byte[] body(Pickle pickle) {
    byte[] all = pickle.stop();
    return Arrays.copyOfRange(all, 2, all.length - 1);
  }

  @Test
  void findsTheStateDictBesideOptimizerAndEpoch() {
    Pickle pickle = new Pickle().op('}').op('(').text("epoch").number(3).text("optimizer").op('}');
    pickle.op('(').text("lr").op('G').bytes(new byte[8]).op('u');
    pickle.text("state_dict").global("collections", "OrderedDict").op(')').op('R').op('(');
    pickle.text("w").tensor("FloatStorage", "0", 6, 0, new long[] {6}, new long[] {1});
    pickle.op('u').op('}').text("_metadata").op('}').op('s').op('b').op('u');

    assertThat(read(archive(pickle))).containsOnlyKeys("w");
  }

  @Test
  void takesParametersForTensors() {
    Pickle pickle =
        new Pickle().op('}').text("w").global("torch._utils", "_rebuild_parameter").op('(');
    pickle.tensor("FloatStorage", "0", 6, 0, new long[] {6}, new long[] {1}).raw(0x88);
    pickle.global("collections", "OrderedDict").op(')').op('R').op('t').op('R').op('s');

    assertThat(read(archive(pickle)).get("w").toFloats()).containsExactly(0, 1, 2, 3, 4, 5);
  }

  @Test
  void stripsWhatWrappersPutBeforeNames() {
    Map<String, long[]> shapes = TestModels.shapes(Sizes.MINIATURE);
    Map<String, long[]> wrapped = new LinkedHashMap<>();
    shapes.forEach((name, shape) -> wrapped.put("module._orig_mod." + name, shape));
    Path file = TorchFiles.checkpoint(temp.resolve("c.pt"), wrapped, TestModels.random(wrapped, 1));

    try (Weights weights = Weights.open(file, MINIATURE_OPTIONS)) {
      assertThat(weights.names()).containsExactlyInAnyOrderElementsOf(shapes.keySet());
    }
  }

  @Test
  void refusesCompressedEntries() throws IOException {
    Path file = temp.resolve("z.pt");
    try (OutputStream out = Files.newOutputStream(file);
        ZipOutputStream zip = new ZipOutputStream(out)) {
      zip.putNextEntry(new ZipEntry("a/data.pkl"));
      zip.write(new Pickle().op('}').stop());
    }

    assertRefused(file, "entry a/data.pkl is compressed");
  }

  @Test
  void refusesBigEndianFiles() {
    Map<String, byte[]> entries = new LinkedHashMap<>();
    entries.put("a/data.pkl", new Pickle().op('}').stop());
    entries.put("a/byteorder", "big".getBytes(StandardCharsets.US_ASCII));

    assertRefused(TorchFiles.zip(temp.resolve("b.pt"), entries), "byte order 'big'");
  }

  @Test
  void refusesZipArchivesOfOtherThings() {
    Map<String, byte[]> entries = Map.of("word/document.xml", new byte[9]);

    assertRefused(TorchFiles.zip(temp.resolve("w.pt"), entries), "0 entries */data.pkl");
  }

  @Test
  void refusesTruncatedArchives() throws IOException {
    byte[] whole = Files.readAllBytes(FIXTURES.resolve("tiny-gelu").resolve("checkpoint.pt"));
    for (int cut : new int[] {1, 21, 100, 50_000}) {
      Path file = temp.resolve("cut" + cut + ".pt");
      Files.write(file, Arrays.copyOf(whole, whole.length - cut));

      assertRefused(file, "truncated or damaged");
    }
  }
}
