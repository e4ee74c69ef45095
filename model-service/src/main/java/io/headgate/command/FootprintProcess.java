package io.headgate.command;

import io.headgate.clip.Architecture;
import io.headgate.clip.ClipBench;
import io.headgate.clip.ClipBench.Variant;
import io.headgate.clip.ClipOptions;
import io.headgate.console.UserException;
import io.headgate.weights.Activation;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** One way to run in a JVM of its own, which tells what memory it took and how soon it answered. */
final class FootprintProcess {
  private static final int ROUNDS = 3;

  private FootprintProcess() {}

  /**
   * Starts the process, and waits for its figures.
   *
   * @param architecture null to measure the checkpoint
   * @param checkpoint null to measure the architecture
   */
  static ModelReport.Footprint measure(
      Architecture architecture,
      Path checkpoint,
      ClipOptions options,
      Variant variant,
      int batch,
      int threads)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(ProcessHandle.current().info().command().orElse("java"));
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.addAll(
        List.of(
            "-cp",
            System.getProperty("java.class.path"),
            FootprintProcess.class.getName(),
            variant.name(),
            Integer.toString(batch),
            Integer.toString(threads),
            options.device(),
            architecture == null ? "" : architecture.name(),
            checkpoint == null ? "" : checkpoint.toString(),
            options.activation().map(Enum::name).orElse(""),
            options.heads().isPresent() ? "" + options.heads().getAsInt() : ""));
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
    return new ModelReport.Footprint(
        variant.toString(), batch, Long.parseLong(fields[0]), Double.parseDouble(fields[1]));
  }

  /** What {@link #measure} starts. */
  public static void main(String[] args) throws IOException {
    Variant variant = Variant.valueOf(args[0]);
    int batch = Integer.parseInt(args[1]);
    int threads = Integer.parseInt(args[2]);
    ClipOptions options = ClipOptions.defaults().withDevice(args[3]);
    if (!args[6].isEmpty()) {
      options = options.withActivation(Activation.valueOf(args[6]));
    }
    if (!args[7].isEmpty()) {
      options = options.withHeads(Integer.parseInt(args[7]));
    }
    Set<Variant> only = EnumSet.of(variant);
    try (ClipBench bench =
        args[5].isEmpty()
            ? ClipBench.random(Architecture.valueOf(args[4]), options, threads, batch, only)
            : ClipBench.open(Path.of(args[5]), options, threads, batch, only)) {
      int side = bench.shape().imageSize();
      bench.run(variant, ModelBench.images(side, 1));
      long started = ManagementFactory.getRuntimeMXBean().getStartTime();
      double first = (System.currentTimeMillis() - started) / 1e3;
      for (int i = 0; i < ROUNDS; i++) {
        bench.run(variant, ModelBench.images(side, batch));
      }
      System.out.println(peakResidentBytes() + " " + first);
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
}
