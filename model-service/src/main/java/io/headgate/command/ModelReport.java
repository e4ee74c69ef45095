package io.headgate.command;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.headgate.clip.Admission;
import io.headgate.imaging.ImagingBench;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * All that {@link ModelBench} measures.
 *
 * @param model path or architecture
 * @param cpu its name and the instructions that matter
 * @param threads of one call
 * @param speeds one for each way and batch size
 * @param bf16 how bfloat16 compares with float32; empty if it was not asked for
 * @param footprints one for each of plain, fast+parts and bf16+parts that was asked for
 * @param decode a 1500x1000 JPEG to its crop
 */
record ModelReport(
    String model,
    String cpu,
    int threads,
    List<Speed> speeds,
    Optional<Admission> bf16,
    List<Footprint> footprints,
    ImagingBench.Result decode) {
  /**
   * One way to run, at one batch size.
   *
   * @param variant name of the way
   * @param batch images at once
   * @param imagesPerSecond of the median round
   * @param overPlain by the plain forward's at the same batch size; empty if that was not measured
   * @param partsOverhead time with parts by time without, minus 1; empty for ways without parts
   */
  record Speed(
      String variant,
      int batch,
      double imagesPerSecond,
      Optional<Double> overPlain,
      Optional<Double> partsOverhead) {
    @Override
    public String toString() {
      return String.format(
              Locale.ROOT, "%-12s batch %-3d %9.2f images/s", variant, batch, imagesPerSecond)
          + overPlain.map(r -> String.format(Locale.ROOT, "  %.2fx plain", r)).orElse("")
          + partsOverhead
              .map(o -> String.format(Locale.ROOT, "  parts cost %.1f %%", 100 * o))
              .orElse("");
    }
  }

  /**
   * One way to run, in a JVM of its own.
   *
   * @param variant name of the way
   * @param batch images at once
   * @param peakResidentBytes of the process, load included
   * @param firstResultSeconds from the JVM's start to the first image's result
   */
  record Footprint(String variant, int batch, long peakResidentBytes, double firstResultSeconds) {
    @Override
    public String toString() {
      return String.format(
          Locale.ROOT,
          "%-12s batch %-3d  peak %,d MB resident, first result after %.1f s",
          variant,
          batch,
          peakResidentBytes / 1_000_000,
          firstResultSeconds);
    }
  }

  ObjectNode asJson() {
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    root.put("model", model);
    root.put("threads", threads);
    root.put("cpu", cpu);
    ArrayNode speedNodes = root.putArray("speeds");
    for (Speed speed : speeds) {
      ObjectNode node =
          speedNodes
              .addObject()
              .put("variant", speed.variant())
              .put("batch", speed.batch())
              .put("images_per_second", speed.imagesPerSecond());
      speed.overPlain().ifPresent(ratio -> node.put("over_plain", ratio));
      speed.partsOverhead().ifPresent(overhead -> node.put("parts_overhead", overhead));
    }
    bf16.ifPresent(
        figures ->
            root.putObject("bf16_self_test")
                .put("admitted", figures.admitted())
                .put("similarity_error", figures.similarityError())
                .put("embedding_cosine", figures.cosine())
                .put("speed_over_fp32", figures.speedRatio()));
    ArrayNode footprintNodes = root.putArray("footprints");
    for (Footprint footprint : footprints) {
      footprintNodes
          .addObject()
          .put("variant", footprint.variant())
          .put("batch", footprint.batch())
          .put("peak_resident_bytes", footprint.peakResidentBytes())
          .put("first_result_seconds", footprint.firstResultSeconds());
    }
    root.putObject("decode")
        .put("width", decode.width())
        .put("height", decode.height())
        .put("encoded_bytes", decode.encodedBytes())
        .put("images_per_second", decode.cropPerSecond())
        .put("time_over_jdk_decode", decode.cropTimeOverDecodeTime());
    return root;
  }
}
