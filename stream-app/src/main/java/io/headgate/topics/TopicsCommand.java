package io.headgate.topics;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.headgate.connection.ClusterOptions;
import io.headgate.connection.DurationConverter;
import io.headgate.console.Console;
import io.headgate.console.UsageException;
import io.headgate.console.UserException;
import io.headgate.stream.Topics;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code headgate topics}. */
@Command(
    name = "topics",
    mixinStandardHelpOptions = true,
    description = "Creates Headgate's topics with explicit settings, or compares them.")
public final class TopicsCommand {
  @Spec private CommandSpec command;

  /** For picocli. */
  public TopicsCommand() {}

  @Command(
      name = "create",
      mixinStandardHelpOptions = true,
      description = {
        "Creates the topics that are missing. Existing ones are left alone and compared.",
        "Source, clean, repaired, quarantined and dead-letter topics get the same number of partitions; calibrations get one, compacted. Exit code 1 when something differs."
      })
  int create(
      @Mixin ClusterOptions cluster,
      @Mixin TopicNames names,
      @Mixin LayoutOptions layout,
      @Option(names = "--alter", description = "Set differing settings of existing topics, too.")
          boolean alter,
      @Option(
              names = "--dry-run",
              description = "Print how many topics would be created and how; change nothing.")
          boolean dryRun,
      @Option(names = "--json", description = "Print the result as JSON.") boolean json)
      throws Exception {
    try (Admin admin = cluster.connect()) {
      List<TopicSpec> specs = layout.layout(admin, names.topics()).specs(names.topics());
      TopicPlan plan = new TopicPlan(admin, specs);
      if (dryRun) {
        preview(specs, plan.compare(), json);
        return Console.OK;
      }
      List<TopicState> states = plan.create(alter);
      print(states, json);
      return healthy(states) ? Console.OK : Console.FAILED;
    }
  }

  @Command(
      name = "check",
      mixinStandardHelpOptions = true,
      description =
          "Compares the cluster's topics with what they should be. Changes nothing; exit code 1 when something differs.")
  int check(
      @Mixin ClusterOptions cluster,
      @Mixin TopicNames names,
      @Mixin LayoutOptions layout,
      @Option(names = "--json", description = "Print the result as JSON.") boolean json)
      throws Exception {
    try (Admin admin = cluster.connect()) {
      List<TopicState> states =
          new TopicPlan(admin, layout.layout(admin, names.topics()).specs(names.topics()))
              .compare();
      print(states, json);
      return healthy(states) ? Console.OK : Console.FAILED;
    }
  }

  private static boolean healthy(List<TopicState> states) {
    return states.stream().allMatch(s -> s.exists() && s.problems().isEmpty());
  }

  private void preview(List<TopicSpec> specs, List<TopicState> states, boolean json)
      throws IOException {
    if (json) {
      print(states, true);
      return;
    }
    PrintWriter out = command.commandLine().getOut();
    long missing = states.stream().filter(s -> !s.exists()).count();
    out.printf("%d of %d topics would be created:%n", missing, specs.size());
    for (int i = 0; i < specs.size(); i++) {
      if (!states.get(i).exists()) {
        TopicSpec spec = specs.get(i);
        out.printf(
            "  %s  %d partitions × %d%n", spec.name(), spec.partitions(), spec.replication());
        spec.config().forEach((name, value) -> out.printf("      %s=%s%n", name, value));
      }
    }
    out.flush();
  }

  private void print(List<TopicState> states, boolean json) throws IOException {
    PrintWriter out = command.commandLine().getOut();
    if (json) {
      out.println(
          new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValueAsString(states));
    } else {
      for (TopicState state : states) {
        String verdict =
            !state.exists()
                ? "MISSING"
                : !state.problems().isEmpty() ? "DIFFERS" : state.created() ? "created" : "ok";
        out.printf("%-7s  %s  %d partitions%n", verdict, state.topic(), state.partitions());
        state.problems().forEach(problem -> out.println("         " + problem));
      }
    }
    out.flush();
  }

  /** What the topics should be like. */
  static final class LayoutOptions {
    @Option(
        names = "--partitions",
        description =
            "Partitions of the source and of each output; bounds how many guard threads can work (default: as many as the source has, 6 when it does not exist).")
    private Integer partitions;

    @Option(
        names = "--replication",
        description = "Replicas of each topic (default: 3, or as many as there are brokers).")
    private Short replication;

    @Option(
        names = "--retention",
        defaultValue = "7d",
        converter = DurationConverter.class,
        description =
            "How long submitted, clean and repaired images are kept, such as 36h or 7d (default: ${DEFAULT-VALUE}).")
    private Duration retention;

    @Option(
        names = "--review-retention",
        defaultValue = "30d",
        converter = DurationConverter.class,
        description =
            "How long quarantined images and dead letters are kept (default: ${DEFAULT-VALUE}).")
    private Duration reviewRetention;

    @Option(
        names = "--max-message-bytes",
        defaultValue = "8388608",
        description =
            "Largest record that may be submitted; outputs may be 1 MiB larger (default: ${DEFAULT-VALUE}).")
    private int maxMessageBytes;

    TopicLayout layout(Admin admin, Topics topics) throws InterruptedException {
      try {
        return new TopicLayout(
            partitions == null ? partitionsOf(topics.submitted(), admin) : partitions,
            replication == null ? affordable(admin) : replication,
            retention,
            reviewRetention,
            maxMessageBytes);
      } catch (IllegalArgumentException e) {
        throw new UsageException(e.getMessage());
      }
    }

    private static int partitionsOf(String source, Admin admin) throws InterruptedException {
      try {
        return admin
            .describeTopics(List.of(source))
            .topicNameValues()
            .get(source)
            .get()
            .partitions()
            .size();
      } catch (ExecutionException e) {
        if (e.getCause() instanceof UnknownTopicOrPartitionException) {
          return TopicLayout.PARTITIONS;
        }
        throw new UserException(
            "describe topic %s: %s".formatted(source, e.getCause().getMessage()), e);
      }
    }

    private static short affordable(Admin admin) throws InterruptedException {
      try {
        return (short) Math.min(3, admin.describeCluster().nodes().get().size());
      } catch (ExecutionException e) {
        throw new UserException("describe the cluster: " + e.getCause().getMessage(), e);
      }
    }
  }
}
