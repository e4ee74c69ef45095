package io.headgate.command;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.headgate.clip.Admission;
import io.headgate.clip.Architecture;
import io.headgate.clip.ClipBench;
import io.headgate.clip.ClipBench.Variant;
import io.headgate.imaging.ImagingBench;
import io.headgate.imaging.RgbImage;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * Measures the model: images per second of the plain forward and of Headgate's program with and
 * without parts, in float32 and bfloat16, in interleaved rounds of one run; resident memory and
 * time from a JVM's start to the first result, each in a JVM of its own; and images decoded per
 * second.
 */
public final class ModelBench {
  private static final Set<Variant> MEMORY_OF =
      EnumSet.of(Variant.PLAIN, Variant.FAST_PARTS, Variant.BF16_PARTS);
  private static final Map<Variant, Variant> WITHOUT_PARTS =
      Map.of(Variant.FAST_PARTS, Variant.FAST, Variant.BF16_PARTS, Variant.BF16);
  private static final int LEAST_ROUNDS = 3;
  private static final int DECODE_ROUNDS = 15;
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Mixin private ModelOptions model;

  @Option(
      names = "--random",
      paramLabel = "NAME",
      description =
          "Instead of --model: random weights of ViT-B-32, ViT-B-16, ViT-L-14, ViT-L-14-336 or"
              + " ViT-H-14.")
  private String random;

  @Option(
      names = "--batch",
      paramLabel = "N",
      split = ",",
      description = "Images at once, one measurement each. Default: 1,8,32.")
  private List<Integer> batches = List.of(1, 8, 32);

  @Option(
      names = "--variant-seconds",
      paramLabel = "S",
      description = "Time for each way and batch. Default: 5.")
  private double seconds = 5;

  @Option(
      names = "--variants",
      paramLabel = "NAME",
      split = ",",
      description = "Of plain, fast, fast+parts, bf16, bf16+parts. Default: all.")
  private List<String> variants = List.of();

  /** Whether the command line asks for this. */
  public boolean asked() {
    return model.present() || random != null;
  }

  /** The model named on the command line, for another bench of it. */
  public ModelOptions model() {
    return model;
  }

  /**
   * Measures, prints every figure as soon as it is there, and writes JSON.
   *
   * @param json null for none
   */
  public void run(Path json, PrintWriter out) throws IOException {
    require(model.present() != (random != null), "--model with --random", "exactly one of them");
    require(batches.stream().allMatch(b -> b >= 1), "--batch " + batches, "all at least 1");
    require(seconds > 0, "--variant-seconds " + seconds, "above 0");
    ModelReport report = measure(architecture(), askedVariants(), threads(), out);
    if (json != null) {
      Files.writeString(json, JSON.writeValueAsString(report.asJson()) + "\n");
    }
  }

  private void require(boolean sense, String problem, String expected) {
    if (!sense) {
      throw new ParameterException(
          command.commandLine(), "%s (expected: %s)".formatted(problem, expected));
    }
  }

  /** Null for a checkpoint. */
  private Architecture architecture() {
    try {
      return random == null ? null : Architecture.named(random);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(command.commandLine(), "--random: " + e.getMessage(), e);
    }
  }

  private EnumSet<Variant> askedVariants() {
    EnumSet<Variant> asked = EnumSet.noneOf(Variant.class);
    for (String name : variants) {
      Optional<Variant> variant =
          Arrays.stream(Variant.values()).filter(v -> v.toString().equals(name)).findFirst();
      require(
          variant.isPresent(), "--variants " + name, "any of " + Arrays.toString(Variant.values()));
      asked.add(variant.orElseThrow());
    }
    return asked.isEmpty() ? EnumSet.allOf(Variant.class) : asked;
  }

  private int threads() {
    int threads = model.options().threads();
    return threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
  }

  /**
   * @param architecture null for the checkpoint
   */
  private ModelReport measure(
      Architecture architecture, EnumSet<Variant> asked, int threads, PrintWriter out)
      throws IOException {
    String name = architecture == null ? model.path().toString() : architecture.toString();
    String cpu = cpu();
    print(out, "%s, %d thread%s, %s%n", name, threads, threads == 1 ? "" : "s", cpu);
    int maxBatch = batches.stream().mapToInt(b -> b).max().orElseThrow();
    List<ModelReport.Speed> speeds = new ArrayList<>();
    Optional<Admission> bf16;
    try (ClipBench bench =
        architecture == null
            ? ClipBench.open(model.path(), model.options(), threads, maxBatch, asked)
            : ClipBench.random(architecture, model.options(), threads, maxBatch, asked)) {
      for (int batch : batches) {
        List<ModelReport.Speed> row = speeds(bench, batch, asked);
        row.forEach(speed -> print(out, "%s", speed));
        speeds.addAll(row);
      }
      bf16 = bench.admission();
    }
    bf16.ifPresent(figures -> print(out, "%n%s", figures));
    print(out, "");
    List<ModelReport.Footprint> footprints = new ArrayList<>();
    for (Variant variant : asked) {
      if (MEMORY_OF.contains(variant)) {
        ModelReport.Footprint footprint =
            FootprintProcess.measure(
                architecture, model.path(), model.options(), variant, maxBatch, threads);
        print(out, "%s", footprint);
        footprints.add(footprint);
      }
    }
    ImagingBench.Result decode = ImagingBench.run(1500, 1000, DECODE_ROUNDS);
    print(
        out,
        "%nJPEG %dx%d to crop: %.1f images/s on one core, %.2fx the time of the JDK's decode alone",
        decode.width(),
        decode.height(),
        decode.cropPerSecond(),
        decode.cropTimeOverDecodeTime());
    return new ModelReport(name, cpu, threads, speeds, bf16, footprints, decode);
  }

  private static void print(PrintWriter out, String format, Object... values) {
    out.println(String.format(Locale.ROOT, format, values));
    out.flush();
  }

  private List<ModelReport.Speed> speeds(ClipBench bench, int batch, Set<Variant> asked) {
    Map<Variant, Double> rates = rates(bench, batch, asked);
    Optional<Double> plain = Optional.ofNullable(rates.get(Variant.PLAIN));
    List<ModelReport.Speed> speeds = new ArrayList<>();
    rates.forEach(
        (variant, rate) ->
            speeds.add(
                new ModelReport.Speed(
                    variant.toString(),
                    batch,
                    rate,
                    plain.map(p -> rate / p),
                    Optional.ofNullable(WITHOUT_PARTS.get(variant))
                        .map(rates::get)
                        .map(without -> without / rate - 1))));
    return speeds;
  }

  /** Images per second by the median of interleaved rounds. */
  private Map<Variant, Double> rates(ClipBench bench, int batch, Set<Variant> asked) {
    List<RgbImage> images = images(bench.shape().imageSize(), batch);
    Map<Variant, List<Long>> nanos = new EnumMap<>(Variant.class);
    for (Variant variant : asked) {
      bench.run(variant, images); // warm-up
      nanos.put(variant, new ArrayList<>());
    }
    long end = System.nanoTime() + (long) (seconds * asked.size() * 1e9);
    for (int round = 0; round < LEAST_ROUNDS || System.nanoTime() < end; round++) {
      for (Variant variant : asked) {
        long start = System.nanoTime();
        bench.run(variant, images);
        nanos.get(variant).add(System.nanoTime() - start);
      }
    }
    Map<Variant, Double> rates = new EnumMap<>(Variant.class);
    nanos.forEach((variant, times) -> rates.put(variant, batch / median(times)));
    return rates;
  }

  /** In seconds. */
  private static double median(List<Long> nanos) {
    long[] sorted = nanos.stream().mapToLong(n -> n).sorted().toArray();
    return sorted[sorted.length / 2] / 1e9;
  }

  /** Noise, the same on every call. */
  static List<RgbImage> images(int side, int count) {
    Random random = new Random(1);
    List<RgbImage> images = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      byte[] rgb = new byte[side * side * RgbImage.CHANNELS];
      random.nextBytes(rgb);
      images.add(new RgbImage(side, side, rgb));
    }
    return images;
  }

  private static String cpu() throws IOException {
    Path info = Path.of("/proc/cpuinfo");
    if (!Files.isReadable(info)) {
      return System.getProperty("os.arch");
    }
    List<String> lines = Files.readAllLines(info);
    String name = field(lines, "model name").orElse(System.getProperty("os.arch"));
    List<String> flags = List.of(field(lines, "flags").orElse("").split(" "));
    return name
        + " "
        + List.of("avx2", "avx512f", "avx512_bf16", "amx_bf16").stream()
            .filter(flags::contains)
            .toList();
  }

  private static Optional<String> field(List<String> lines, String name) {
    return lines.stream()
        .filter(line -> line.startsWith(name))
        .map(line -> line.substring(line.indexOf(':') + 1).strip())
        .findFirst();
  }
}
