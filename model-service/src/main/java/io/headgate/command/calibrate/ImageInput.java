package io.headgate.command.calibrate;

import io.headgate.command.ImageFiles;
import io.headgate.connection.ClusterOptions;
import io.headgate.connection.RegistryOptions;
import io.headgate.console.UsageException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.LongFunction;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Where images come from: a picocli mixin. */
final class ImageInput {
  @Option(
      names = "--images",
      paramLabel = "DIR",
      description = "Folder of images, folders below included.")
  private Path images;

  @Option(
      names = "--topic",
      paramLabel = "NAME",
      description =
          "Topic of images in place of a folder: of submitted ones (headgate.images.submitted.v1) or of judged ones (headgate.images.clean.v1).")
  private String topic;

  @Option(
      names = "--from",
      paramLabel = "TIME",
      converter = Moment.Converter.class,
      description =
          "First record of the topic: a time (2026-05-01T12:00:00Z), a day (2026-05-01, UTC), how long ago (24h), or earliest. Default: earliest.")
  private Moment from;

  @Option(
      names = "--to",
      paramLabel = "TIME",
      converter = Moment.Converter.class,
      description = "End of the range, itself excluded, in the same forms. Default: latest.")
  private Moment to;

  @Option(
      names = "--exclude",
      paramLabel = "FILE",
      description =
          "Images to leave out: one name (or image id) a line, up to the first tab. The list of suspects that a calibration writes is such a file.")
  private Path exclude;

  @Mixin private ClusterOptions cluster;
  @Mixin private RegistryOptions registry;

  /** Whether images were named at all. */
  boolean present() {
    return images != null || topic != null;
  }

  /** Fails unless images were named in one of the two ways. */
  void require() {
    if (images == null && topic == null) {
      throw new UsageException("--images DIR or --topic NAME is missing");
    }
    if (images != null && topic != null) {
      throw new UsageException(
          "--images %s and --topic %s (expected: one of both)".formatted(images, topic));
    }
    if (topic == null && (from != null || to != null)) {
      throw new UsageException("--from and --to without --topic (expected: --topic NAME as well)");
    }
  }

  /** Settings of a Kafka client. */
  Map<String, Object> kafka() {
    return cluster.client();
  }

  /**
   * Opens them; the caller closes.
   *
   * @param cuts for a number of images, the indices at which a stage ends
   */
  ImageSource open(ImageFiles decoder, long seed, LongFunction<long[]> cuts) throws IOException {
    Set<String> excluded = excluded();
    return images != null
        ? new FolderImages(images, excluded, seed, decoder)
        : new TopicImages(
            topic,
            from == null ? Moment.EARLIEST : from,
            to == null ? Moment.LATEST : to,
            kafka(),
            registry.serdes(),
            excluded,
            seed,
            cuts,
            decoder);
  }

  private Set<String> excluded() throws IOException {
    Set<String> names = new HashSet<>();
    if (exclude != null) {
      for (String line : Files.readAllLines(exclude)) {
        if (!line.isBlank() && !line.startsWith("#")) {
          names.add(line.split("\t", 2)[0]);
        }
      }
    }
    return names;
  }
}
