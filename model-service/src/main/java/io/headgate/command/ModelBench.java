package io.headgate.command;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.headgate.clip.Architecture;
import io.headgate.clip.ClipBench;
import io.headgate.clip.ClipBench.Variant;
import io.headgate.clip.ClipOptions;
import io.headgate.console.UserException;
import io.headgate.imaging.ImagingBench;
import io.headgate.imaging.RgbImage;
import io.headgate.weights.Activation;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
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
import picocli.CommandLine.Option;

/**
 * Measures the model: images per second of the plain forward and of Headgate's program with and
 * without parts, in float32 and bfloat16, in interleaved rounds of one run; resident memory and
 * time from a JVM's start to the first result, each in a JVM of its own; and images decoded per
 * second.
 */
public final class ModelBench {
  private static final Set<Variant> MEMORY_OF =
      EnumSet.of(Variant.PLAIN, Variant.FAST_PARTS, Variant.BF16_PARTS);
  private static final int DECODE_ROUNDS = 15;
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

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

  /**
   * One way to run, at one batch size.
   *
   * @param variant name of the way
   * @param batch images at once
   * @param imagesPerSecond of the median round
   * @param overPlain by the plain forward's at the same batch size; empty if that was not measured
   */
  public record Speed(
      String variant, int batch, double imagesPerSecond, Optional<Double> overPlain) {}

  /**
   * One way to run, in a JVM of its own.
   *
   * @param variant name of the way
   * @param batch images at once
   * @param peakResidentBytes of the process, load included
   * @param firstResultSeconds from the JVM's start to the first image's result
   */
  public record Footprint(
      String variant, int batch, long peakResidentBytes, double firstResultSeconds) {}

  /**
   * All that was measured.
   *
   * @param model path or architecture
   * @param threads of one call
   * @param speeds one for each way and batch size
   * @param footprints one for each of plain, fast+parts and bf16+parts that was asked for
   * @param decode a 1500x1000 JPEG to its crop
   */
  public record Report(
      String model,
      int threads,
      List<Speed> speeds,
      List<Footprint> footprints,
      ImagingBench.Result decode) {}

  /** Whether the command line asks for this. */
  public boolean asked() {
    return model.present() || random != null;
  }

  /**
   * Measures, prints a table and writes JSON.
   *
   * @param json null for none
   * @throws UserException if the command line names no model or two, or an option is out of range
   */
  public void run(Path json, PrintWriter out) throws IOException {
    Report report = measure(out);
    if (json != null) {
      Files.writeString(json, JSON.writeValueAsString(asJson(report)) + "\n");
    }
  }

  /** Measures, and prints every figure as soon as it is there. */
  public Report measure(PrintWriter out) throws IOException {
    if (model.present() == (random != null)) {
      throw new UserException("--model or --random: expected exactly one of them");
    }
    if (batches.stream().anyMatch(b -> b < 1) || !(seconds > 0)) {
      throw new UserException(
          "--batch %s, --variant-seconds %s (expected: all above zero)"
              .formatted(batches, seconds));
    }
    EnumSet<Variant> asked = askedVariants();
    int threads = threads();
    String name = random == null ? model.path().toString() : architecture().toString();
    out.printf(
        Locale.ROOT, "%s, %d thread%s, %s%n%n", name, threads, threads == 1 ? "" : "s", cpu());
    List<Speed> speeds = new ArrayList<>();
    int maxBatch = batches.stream().mapToInt(b -> b).max().orElseThrow();
    try (ClipBench bench = open(threads, maxBatch, asked)) {
      for (int batch : batches) {
        List<Speed> row = speeds(bench, batch, asked);
        row.forEach(speed -> print(speed, out));
        speeds.addAll(row);
      }
    }
    out.println();
    List<Footprint> footprints = new ArrayList<>();
    for (Variant variant : asked) {
      if (MEMORY_OF.contains(variant)) {
        Footprint footprint = inOwnJvm(variant, maxBatch, threads);
        out.printf(
            Locale.ROOT,
            "%-12s batch %-3d  peak %,d MB resident, first result after %.1f s%n",
            footprint.variant(),
            footprint.batch(),
            footprint.peakResidentBytes() / 1_000_000,
            footprint.firstResultSeconds());
        out.flush();
        footprints.add(footprint);
      }
    }
    ImagingBench.Result decode = ImagingBench.run(1500, 1000, DECODE_ROUNDS);
    out.printf(
        Locale.ROOT,
        "%nJPEG %dx%d to crop: %.1f images/s on one core, %.2fx the time of the JDK's decode alone%n",
        decode.width(),
        decode.height(),
        decode.cropPerSecond(),
        decode.cropTimeOverDecodeTime());
    out.flush();
    return new Report(name, threads, speeds, footprints, decode);
  }

  private EnumSet<Variant> askedVariants() {
    EnumSet<Variant> asked = EnumSet.noneOf(Variant.class);
    for (String name : variants) {
      asked.add(
          Arrays.stream(Variant.values())
              .filter(v -> v.toString().equals(name))
              .findFirst()
              .orElseThrow(
                  () ->
                      new UserException(
                          "--variants %s (expected: any of %s)"
                              .formatted(name, Arrays.toString(Variant.values())))));
    }
    return asked.isEmpty() ? EnumSet.allOf(Variant.class) : asked;
  }

  private int threads() {
    int threads = model.options().threads();
    return threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
  }

  private Architecture architecture() {
    try {
      return Architecture.named(random);
    } catch (IllegalArgumentException e) {
      throw new UserException("--random: " + e.getMessage(), e);
    }
  }

  private ClipBench open(int threads, int maxBatch, Set<Variant> asked) {
    return random == null
        ? ClipBench.open(model.path(), model.options(), threads, maxBatch, asked)
        : ClipBench.random(architecture(), threads, maxBatch, asked);
  }

  private List<Speed> speeds(ClipBench bench, int batch, Set<Variant> asked) {
    List<RgbImage> images = images(bench.shape().imageSize(), batch);
    Map<Variant, List<Long>> nanos = new EnumMap<>(Variant.class);
    for (Variant variant : asked) {
      bench.run(variant, images); // warm-up
      nanos.put(variant, new ArrayList<>());
    }
    long end = System.nanoTime() + (long) (seconds * asked.size() * 1e9);
    do {
      for (Variant variant : asked) {
        long start = System.nanoTime();
        bench.run(variant, images);
        nanos.get(variant).add(System.nanoTime() - start);
      }
    } while (System.nanoTime() < end || nanos.values().iterator().next().size() < 3);
    List<Speed> speeds = new ArrayList<>();
    Optional<Double> plain =
        Optional.ofNullable(nanos.get(Variant.PLAIN)).map(n -> batch / median(n));
    for (Variant variant : asked) {
      double rate = batch / median(nanos.get(variant));
      speeds.add(new Speed(variant.toString(), batch, rate, plain.map(p -> rate / p)));
    }
    return speeds;
  }

  private static void print(Speed speed, PrintWriter out) {
    out.printf(
        Locale.ROOT,
        "%-12s batch %-3d %9.2f images/s%s%n",
        speed.variant(),
        speed.batch(),
        speed.imagesPerSecond(),
        speed.overPlain().map(r -> String.format(Locale.ROOT, "  %.2fx plain", r)).orElse(""));
    out.flush();
  }

  private Footprint inOwnJvm(Variant variant, int batch, int threads) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(ProcessHandle.current().info().command().orElse("java"));
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.addAll(
        List.of(
            "-cp",
            System.getProperty("java.class.path"),
            OneVariant.class.getName(),
            variant.name(),
            Integer.toString(batch),
            Integer.toString(threads),
            random == null ? "model" : "random",
            random == null ? model.path().toString() : random));
    ClipOptions options = model.options();
    command.add(options.activation().map(Enum::name).orElse(""));
    command.add(options.heads().isPresent() ? "" + options.heads().getAsInt() : "");
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    String answer =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    String[] fields = answer.split(" ");
    if (fields.length != 2) {
      throw new UserException(
          "memory of %s was not measured: the process for it ended without figures ('%s')"
              .formatted(variant, answer));
    }
    return new Footprint(
        variant.toString(), batch, Long.parseLong(fields[0]), Double.parseDouble(fields[1]));
  }

  /** The process behind a {@link Footprint}. */
  static final class OneVariant {
    private OneVariant() {}

    /** variant, batch, threads, "model" or "random", which, activation or "", heads or "". */
    public static void main(String[] args) throws IOException {
      Set<Variant> variant = EnumSet.of(Variant.valueOf(args[0]));
      int batch = Integer.parseInt(args[1]);
      int threads = Integer.parseInt(args[2]);
      ClipOptions options = ClipOptions.defaults();
      if (!args[5].isEmpty()) {
        options = options.withActivation(Activation.valueOf(args[5]));
      }
      if (!args[6].isEmpty()) {
        options = options.withHeads(Integer.parseInt(args[6]));
      }
      try (ClipBench bench =
          args[3].equals("random")
              ? ClipBench.random(Architecture.named(args[4]), threads, batch, variant)
              : ClipBench.open(Path.of(args[4]), options, threads, batch, variant)) {
        Variant only = variant.iterator().next();
        bench.run(only, images(bench.shape().imageSize(), 1));
        double first =
            (System.currentTimeMillis() - ManagementFactory.getRuntimeMXBean().getStartTime())
                / 1e3;
        for (int i = 0; i < 3; i++) {
          bench.run(only, images(bench.shape().imageSize(), batch));
        }
        System.out.println(peakResidentBytes() + " " + first);
      }
    }
  }

  /** VmHWM; 0 where there is no /proc. */
  private static long peakResidentBytes() throws IOException {
    Path status = Path.of("/proc/self/status");
    if (!Files.isReadable(status)) {
      return 0;
    }
    return Files.readAllLines(status).stream()
        .filter(line -> line.startsWith("VmHWM:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
        .findFirst()
        .orElse(0);
  }

  private static List<RgbImage> images(int side, int count) {
    Random random = new Random(1);
    List<RgbImage> images = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      byte[] rgb = new byte[side * side * RgbImage.CHANNELS];
      random.nextBytes(rgb);
      images.add(new RgbImage(side, side, rgb));
    }
    return images;
  }

  /** In seconds. */
  private static double median(List<Long> nanos) {
    long[] sorted = nanos.stream().mapToLong(n -> n).sorted().toArray();
    return sorted[sorted.length / 2] / 1e9;
  }

  private static String cpu() throws IOException {
    Path info = Path.of("/proc/cpuinfo");
    if (!Files.isReadable(info)) {
      return System.getProperty("os.arch");
    }
    List<String> lines = Files.readAllLines(info);
    String name = field(lines, "model name").orElse(System.getProperty("os.arch"));
    String flags = field(lines, "flags").orElse("");
    List<String> wide =
        List.of("avx2", "avx512f", "avx512_bf16", "amx_bf16").stream()
            .filter(f -> List.of(flags.split(" ")).contains(f))
            .toList();
    return name + " " + wide;
  }

  private static Optional<String> field(List<String> lines, String name) {
    return lines.stream()
        .filter(line -> line.startsWith(name))
        .map(line -> line.substring(line.indexOf(':') + 1).strip())
        .findFirst();
  }

  private static ObjectNode asJson(Report report) throws IOException {
    ObjectNode root = JSON.createObjectNode();
    root.put("model", report.model());
    root.put("threads", report.threads());
    root.put("cpu", cpu());
    ArrayNode speeds = root.putArray("speeds");
    for (Speed speed : report.speeds()) {
      ObjectNode node =
          speeds
              .addObject()
              .put("variant", speed.variant())
              .put("batch", speed.batch())
              .put("images_per_second", speed.imagesPerSecond());
      speed.overPlain().ifPresent(ratio -> node.put("over_plain", ratio));
    }
    ArrayNode footprints = root.putArray("footprints");
    for (Footprint footprint : report.footprints()) {
      footprints
          .addObject()
          .put("variant", footprint.variant())
          .put("batch", footprint.batch())
          .put("peak_resident_bytes", footprint.peakResidentBytes())
          .put("first_result_seconds", footprint.firstResultSeconds());
    }
    ObjectNode decode = root.putObject("decode");
    decode.put("width", report.decode().width());
    decode.put("height", report.decode().height());
    decode.put("encoded_bytes", report.decode().encodedBytes());
    decode.put("images_per_second", report.decode().cropPerSecond());
    decode.put("time_over_jdk_decode", report.decode().cropTimeOverDecodeTime());
    return root;
  }
}
