package io.headgate.deadletters;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.headgate.connection.ClusterOptions;
import io.headgate.connection.DurationConverter;
import io.headgate.connection.RegistryOptions;
import io.headgate.console.Console;
import io.headgate.console.UsageException;
import io.headgate.console.UserException;
import io.headgate.serde.HeadgateSerdes;
import io.headgate.stream.DeadLetterCode;
import io.headgate.stream.Topics;
import io.headgate.v1.ImageSubmitted;
import io.headgate.v1.InlineImage;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.Serde;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code headgate dead-letters}. */
@Command(
    name = "dead-letters",
    mixinStandardHelpOptions = true,
    description = {
      "Lists, shows and replays records that could not be judged.",
      "",
      "A dead letter keeps the key, value and headers of its record byte for byte; its code says what was wrong. Repair the cause, then replay."
    })
public final class DeadLettersCommand {
  private static final int HEX_BYTES = 256;
  private static final Pattern POSITION = Pattern.compile("(\\d{1,9}):(\\d{1,18})");

  @Spec private CommandSpec command;

  /** For picocli. */
  public DeadLettersCommand() {}

  @Command(
      name = "list",
      mixinStandardHelpOptions = true,
      description = "Lists dead letters and counts them by code.")
  int list(
      @Mixin ClusterOptions cluster,
      @Mixin Selection selection,
      @Option(
              names = "--limit",
              defaultValue = "100",
              description = "Print at most this many; all are counted (default: ${DEFAULT-VALUE}).")
          int limit,
      @Option(names = "--json", description = "One JSON object per line, without a limit.")
          boolean json)
      throws IOException {
    if (limit < 0) {
      throw new UsageException("--limit: %d (expected: 0 or more)".formatted(limit));
    }
    PrintWriter out = command.commandLine().getOut();
    ObjectMapper mapper = new ObjectMapper();
    Map<String, Long> byCode = new TreeMap<>();
    long[] count = {0};
    try (DeadLetterReader reader = reader(cluster, selection.topic())) {
      reader.read(
          selection.filter(),
          letter -> {
            byCode.merge(codeOf(letter), 1L, Long::sum);
            if (json) {
              out.println(mapper.valueToTree(fields(letter)));
            } else if (count[0] < limit) {
              out.printf(
                  "%-10s %s  %-24s %s  %,d bytes%s  from %s%n           %s%n",
                  letter.position(),
                  letter.time(),
                  codeOf(letter),
                  letter.keyText(),
                  letter.valueBytes(),
                  letter.attempts() == 0 ? "" : ", replayed " + letter.attempts() + " times",
                  letter.source(),
                  firstLine(letter.message()));
            }
            count[0]++;
            return true;
          });
    }
    if (!json) {
      if (count[0] > limit) {
        out.printf("… and %,d more (--limit, --json)%n", count[0] - limit);
      }
      out.printf("%,d dead letters%n", count[0]);
      byCode.forEach((code, n) -> out.printf("  %-24s %,d%n", code, n));
    }
    out.flush();
    return Console.OK;
  }

  @Command(
      name = "show",
      mixinStandardHelpOptions = true,
      description = "Shows one dead letter: headers, reason, event as far as it can be read.")
  int show(
      @Mixin ClusterOptions cluster,
      @Mixin RegistryOptions registry,
      @Option(
              names = "--topic",
              description = "The dead-letter topic (default: headgate.dead-letter.v1).")
          String topic,
      @Parameters(
              paramLabel = "PARTITION:OFFSET",
              description = "Its position, as 'list' prints it.")
          String position,
      @Option(
              names = "--out",
              paramLabel = "FILE",
              description = "Write the record's value there, byte for byte.")
          Path out,
      @Option(
              names = "--image",
              paramLabel = "FILE",
              description = "Write the image of the event there, if the event can be read.")
          Path image)
      throws IOException {
    Matcher place = POSITION.matcher(position);
    if (!place.matches()) {
      throw new UsageException(
          "position '%s' (expected: PARTITION:OFFSET, such as 0:17, as 'dead-letters list' prints it)"
              .formatted(position));
    }
    DeadLetter letter;
    try (DeadLetterReader reader =
        reader(cluster, topic == null ? Topics.defaults().deadLetter() : topic)) {
      letter =
          reader
              .at(Integer.parseInt(place.group(1)), Long.parseLong(place.group(2)))
              .orElseThrow(
                  () ->
                      new UserException(
                          "dead letter %s: not there (never written, or past its retention)"
                              .formatted(position)));
    } catch (KafkaException e) {
      throw new UserException("dead letter %s: %s".formatted(position, e.getMessage()), e);
    }
    print(letter);
    byte[] value = letter.record().value() == null ? new byte[0] : letter.record().value();
    if (out != null) {
      Files.write(out, value);
    }
    event(letter, registry, image);
    command.commandLine().getOut().flush();
    return Console.OK;
  }

  @Command(
      name = "replay",
      mixinStandardHelpOptions = true,
      description = {
        "Sends dead letters back to the topic they came from, all in one transaction.",
        "The copies carry the header headgate_replay_attempts. The dead letters stay where they are until their retention ends, so a second replay sends them again: the guard marks such events as duplicates."
      })
  int replay(
      @Mixin ClusterOptions cluster,
      @Mixin Selection selection,
      @Option(
              names = "--to",
              paramLabel = "TOPIC",
              description = "Send them there instead of the topic that each came from.")
          String target,
      @Option(
              names = "--max-attempts",
              defaultValue = "3",
              description =
                  "Leave out what has been replayed this often already (default: ${DEFAULT-VALUE}).")
          int maxAttempts,
      @Option(names = "--dry-run", description = "Print the count and do nothing.")
          boolean dryRun) {
    if (maxAttempts < 1) {
      throw new UsageException("--max-attempts: %d (expected: at least 1)".formatted(maxAttempts));
    }
    PrintWriter out = command.commandLine().getOut();
    List<DeadLetter> letters = new ArrayList<>();
    long[] left = {0, 0};
    try (DeadLetterReader reader = reader(cluster, selection.topic())) {
      reader.read(
          selection.filter(),
          letter -> {
            if (letter.truncated()) {
              left[0]++;
            } else if (letter.attempts() >= maxAttempts) {
              left[1]++;
            } else {
              letters.add(letter);
            }
            return true;
          });
    }
    Map<String, Long> byCode =
        letters.stream()
            .collect(
                Collectors.groupingBy(
                    DeadLettersCommand::codeOf, TreeMap::new, Collectors.counting()));
    out.printf("%,d dead letters to replay%n", letters.size());
    byCode.forEach((code, n) -> out.printf("  %-24s %,d%n", code, n));
    if (left[0] > 0) {
      out.printf("%,d left out: their value did not fit into the dead-letter topic%n", left[0]);
    }
    if (left[1] > 0) {
      out.printf(
          "%,d left out: replayed %d times already (--max-attempts)%n", left[1], maxAttempts);
    }
    if (!dryRun && !letters.isEmpty()) {
      out.flush();
      try {
        new Replayer(cluster.client())
            .replay(
                letters, target == null ? Topics.defaults().submitted() : target, target != null);
      } catch (KafkaException e) {
        throw new UserException(
            "replay: %s; nothing was replayed; check that this principal may write to the source topic in transactions (headgate-replay-*)"
                .formatted(e.getMessage()),
            e);
      }
      out.printf("%,d replayed%n", letters.size());
    }
    out.flush();
    return Console.OK;
  }

  private static DeadLetterReader reader(ClusterOptions cluster, String topic) {
    cluster.connect().close(); // says within seconds that the brokers are away
    return new DeadLetterReader(cluster.client(), topic);
  }

  private static String codeOf(DeadLetter letter) {
    return letter.code().isEmpty() ? "(no code)" : letter.code();
  }

  private static Map<String, Object> fields(DeadLetter letter) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("position", letter.position());
    fields.put("time", letter.time().toString());
    fields.put("code", letter.code());
    fields.put("key", letter.keyText());
    fields.put("bytes", letter.valueBytes());
    fields.put("attempts", letter.attempts());
    fields.put("source", letter.source());
    fields.put("message", letter.message());
    return fields;
  }

  private void print(DeadLetter letter) {
    PrintWriter out = command.commandLine().getOut();
    out.printf("position  %s%n", letter.position());
    out.printf("time      %s%n", letter.time());
    out.printf("code      %s%n", codeOf(letter));
    out.printf("reason    %s%n", firstLine(letter.message()));
    out.printf("source    %s%n", letter.source());
    out.printf("attempts  %d%n", letter.attempts());
    out.printf("key       %s%n", letter.keyText());
    out.println("headers");
    for (Header header : letter.record().headers()) {
      out.printf(
          "  %s = %s%n",
          header.key(),
          header.value() == null ? "(null)" : DeadLetter.printable(header.value(), 2000));
    }
    byte[] value = letter.record().value();
    if (value == null) {
      out.println("value     (null)");
    } else {
      out.printf("value     %,d bytes%n", value.length);
      out.print(HexDump.of(value, HEX_BYTES));
    }
  }

  private void event(DeadLetter letter, RegistryOptions registry, Path image) throws IOException {
    PrintWriter out = command.commandLine().getOut();
    ImageSubmitted event;
    HeadgateSerdes serdes = registry.serdes();
    try (Serde<ImageSubmitted> serde = serdes.imageSubmitted()) {
      event =
          serde
              .deserializer()
              .deserialize(
                  letter.sourceTopic().orElse(Topics.defaults().submitted()),
                  letter.record().value());
    } catch (KafkaException e) {
      out.printf("event     not readable: %s%n", firstLine(String.valueOf(e.getMessage())));
      if (image != null) {
        throw new UserException("--image: the event cannot be read: " + e.getMessage(), e);
      }
      return;
    }
    if (event == null) {
      return;
    }
    out.printf(
        "event     id %s, submitted %s, source '%s', attributes %s%n",
        event.getId(), event.getSubmittedAt(), event.getSource(), event.getAttributes());
    if (event.getContent() instanceof InlineImage inline) {
      out.printf(
          "image     %,d bytes inline, declared as '%s'%n",
          inline.getBytes().remaining(), inline.getMediaType());
      if (image != null) {
        ByteBuffer bytes = inline.getBytes().duplicate();
        byte[] copy = new byte[bytes.remaining()];
        bytes.get(copy);
        Files.write(image, copy);
      }
    } else {
      out.printf("image     by reference: %s%n", event.getContent());
      if (image != null) {
        throw new UserException("--image: the event carries a reference, not the image");
      }
    }
  }

  private static String firstLine(String text) {
    int end = text.indexOf('\n');
    return end < 0 ? text : text.substring(0, end);
  }

  /** Which dead letters a command is about. */
  static final class Selection {
    @Option(
        names = "--topic",
        description = "The dead-letter topic (default: headgate.dead-letter.v1).")
    private String topic;

    @Option(
        names = "--code",
        split = ",",
        paramLabel = "CODE",
        description = "Only these codes, such as IMAGE_TRUNCATED. Known: ${COMPLETION-CANDIDATES}.")
    private Set<DeadLetterCode> codes = Set.of();

    @Option(
        names = "--since",
        paramLabel = "TIME",
        description =
            "Not before: an instant such as 2026-03-01T08:00:00Z, or how long ago, such as 90m or 7d.")
    private String since;

    @Option(names = "--until", paramLabel = "TIME", description = "Before: as --since.")
    private String until;

    @Option(
        names = "--partition",
        paramLabel = "N",
        description = "Only this partition of the dead-letter topic.")
    private Integer partition;

    String topic() {
      return topic == null ? Topics.defaults().deadLetter() : topic;
    }

    DeadLetterFilter filter() {
      Clock clock = Clock.systemUTC();
      return new DeadLetterFilter(
          codes.stream().map(Enum::name).collect(Collectors.toSet()),
          Optional.ofNullable(since).map(t -> instant("--since", t, clock)),
          Optional.ofNullable(until).map(t -> instant("--until", t, clock)),
          Optional.ofNullable(partition));
    }

    static Instant instant(String option, String text, Clock clock) {
      try {
        return Instant.parse(text);
      } catch (DateTimeException notAnInstant) {
        try {
          return clock.instant().minus(new DurationConverter().convert(text));
        } catch (RuntimeException notADuration) {
          throw new UsageException(
              "%s: '%s' (expected: an instant such as 2026-03-01T08:00:00Z, or how long ago, such as 90m)"
                  .formatted(option, text));
        }
      }
    }
  }
}
