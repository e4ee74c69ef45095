package io.headgate.submit;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.headgate.connection.ClusterOptions;
import io.headgate.connection.RegistryOptions;
import io.headgate.console.Console;
import io.headgate.console.Progress;
import io.headgate.console.UserException;
import io.headgate.stream.Topics;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Clock;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.KafkaException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code headgate submit}. */
@Command(
    name = "submit",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Submits image files to the guard: one ImageSubmitted event each, on the submitted topic.",
      "",
      "Folders are taken with all folders below, hidden files left out. What is no image is submitted all the same and ends as a dead letter. The event's attribute 'file' names the file. Exit code 1 when a file was left out.",
      "",
      "Examples:",
      "  headgate submit --dry-run pictures/",
      "  headgate submit --source camera-7 --attribute site=north --rate 20 pictures/ more.jpg",
      "  headgate submit --base-uri https://images.example.org/crawl/ crawl/"
    })
public final class SubmitCommand implements Callable<Integer> {
  private static final int LISTED = 20;

  @Spec private CommandSpec command;
  @Mixin private ClusterOptions cluster;
  @Mixin private RegistryOptions registry;

  @Parameters(paramLabel = "PATH", arity = "1..*", description = "Images, or folders of images.")
  private List<Path> paths;

  @Option(
      names = "--topic",
      paramLabel = "TOPIC",
      description = "The topic that the guard reads (default: headgate.images.submitted.v1).")
  private String topic = Topics.defaults().submitted();

  @Option(
      names = "--source",
      paramLabel = "TEXT",
      defaultValue = "headgate submit",
      description = "Where the images come from, for reviewers (default: ${DEFAULT-VALUE}).")
  private String source;

  @Option(
      names = "--attribute",
      paramLabel = "NAME=VALUE",
      description = "Attribute of every event, passed through by the guard; repeatable.")
  private Map<String, String> attributes = new HashMap<>();

  @Option(
      names = "--ids",
      paramLabel = "SCHEME",
      defaultValue = "random",
      description =
          "What ids are made from: random (UUIDs), path (folder and file name) or sha256 (of the file). With the last two, the guard marks what is submitted again as a duplicate (default: ${DEFAULT-VALUE}).")
  private IdScheme ids;

  @Option(
      names = "--reference",
      description =
          "Do not send the image but a file: reference to it with its SHA-256. The guard must see the same path: its --claim-folder.")
  private boolean reference;

  @Option(
      names = "--base-uri",
      paramLabel = "URL",
      description =
          "Send references below this http(s) address, where the files' paths below the given folders are published: the guard's --claim-prefix.")
  private String baseUri;

  @Option(
      names = "--rate",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "Most events per second; 0 for as fast as the brokers take them (default: ${DEFAULT-VALUE}).")
  private double rate;

  @Option(names = "--dry-run", description = "Print what would be submitted; connect to nothing.")
  private boolean dryRun;

  @Option(names = "--json", description = "Print the result as JSON.")
  private boolean json;

  /** For picocli. */
  public SubmitCommand() {}

  @Override
  public Integer call() throws Exception {
    if (!(rate >= 0 && rate <= 1e6)) {
      throw usage("--rate: %s (expected: 0 to 1,000,000 per second)".formatted(rate));
    }
    if (reference && baseUri != null) {
      throw usage("--reference and --base-uri: both given (expected: one of them)");
    }
    EventMaker events = new EventMaker(packaging(), ids, source, attributes, Clock.systemUTC());
    List<ImageFile> files = ImageFile.find(paths);
    requireApart(files);
    if (dryRun) {
      preview(files);
      return Console.OK;
    }
    requireTopic();
    long start = System.nanoTime();
    Publisher.Result result;
    try (Publisher publisher = new Publisher(cluster.client(), registry.serdes(), topic, rate);
        Progress progress = Progress.start("submitting", files.size())) {
      result = publisher.publish(files, events, () -> progress.advance(1));
    }
    report(result, (System.nanoTime() - start) / 1e9);
    return result.failures().isEmpty() ? Console.OK : Console.FAILED;
  }

  private Packaging packaging() {
    if (baseUri != null) {
      return Packaging.WebReference.below(baseUri);
    }
    return reference
        ? new Packaging.FileReference()
        : new Packaging.Inline(Publisher.MAX_INLINE_BYTES);
  }

  private void requireApart(List<ImageFile> files) {
    if (ids != IdScheme.PATH) {
      return;
    }
    Set<String> seen = new HashSet<>();
    for (ImageFile file : files) {
      if (!seen.add(file.name())) {
        throw new UserException(
            "%s: a second file with the id '%s' (expected: an id of its own); submit it apart, or with --ids random or sha256"
                .formatted(file.path(), file.name()));
      }
    }
  }

  private void requireTopic() throws InterruptedException {
    try (Admin admin = cluster.connect()) {
      admin.describeTopics(List.of(topic)).allTopicNames().get();
    } catch (ExecutionException e) {
      throw new UserException(
          "topic %s at %s: %s; 'headgate topics create' creates Headgate's topics"
              .formatted(topic, cluster.bootstrap(), e.getCause().getMessage()),
          e);
    } catch (KafkaException e) {
      throw new UserException("topic %s: %s".formatted(topic, e.getMessage()), e);
    }
  }

  private void preview(List<ImageFile> files) {
    long bytes = files.stream().mapToLong(ImageFile::bytes).sum();
    PrintWriter out = command.commandLine().getOut();
    if (json) {
      ObjectNode node = new ObjectMapper().createObjectNode();
      node.put("topic", topic).put("dryRun", true).put("files", files.size()).put("bytes", bytes);
      out.println(node.toPrettyString());
    } else {
      out.printf(
          Locale.ROOT,
          "%,d files, %,d bytes would be submitted to %s%n",
          files.size(),
          bytes,
          topic);
      files.stream().limit(LISTED).forEach(f -> out.println("  " + f.path()));
      if (files.size() > LISTED) {
        out.printf(Locale.ROOT, "  … and %,d more%n", files.size() - LISTED);
      }
    }
    out.flush();
  }

  private void report(Publisher.Result result, double seconds) {
    PrintWriter out = command.commandLine().getOut();
    if (json) {
      ObjectNode node = new ObjectMapper().createObjectNode();
      node.put("topic", topic)
          .put("submitted", result.submitted())
          .put("bytes", result.bytes())
          .put("seconds", Math.round(seconds * 1000) / 1e3);
      ArrayNode failed = node.putArray("failed");
      result
          .failures()
          .forEach(f -> failed.addObject().put("file", f.file()).put("error", f.error()));
      out.println(node.toPrettyString());
    } else {
      out.printf(
          Locale.ROOT,
          "%,d images submitted to %s, %,d bytes in %.1f s%n",
          result.submitted(),
          topic,
          result.bytes(),
          seconds);
      if (!result.failures().isEmpty()) {
        out.printf(Locale.ROOT, "%,d left out:%n", result.failures().size());
        result.failures().stream()
            .limit(LISTED)
            .forEach(f -> out.printf("  %s: %s%n", f.file(), f.error()));
        if (result.failures().size() > LISTED) {
          out.println("  … (--json lists all)");
        }
      }
    }
    out.flush();
  }

  private ParameterException usage(String message) {
    return new ParameterException(command.commandLine(), message);
  }
}
