package io.headgate.shipping;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The stages of {@code docker/Dockerfile}, as far as running them needs. */
record Dockerfile(Map<String, Stage> stages) {
  private static final Pattern INSTRUCTION = Pattern.compile("(?s)([A-Z]+)\\s+(.*)");
  private static final Pattern FROM = Pattern.compile("(\\S+) AS (\\S+)");
  private static final Pattern COPY = Pattern.compile("--from=\\S+ --chown=\\S+ (\\S+) (\\S+)");
  private static final Pattern PAIR = Pattern.compile("([\\w.]+)=(?:\"([^\"]*)\"|(\\S*))");
  private static final ObjectMapper JSON = new ObjectMapper();

  /** One stage; {@code copies} from the folder of an earlier stage to its own. */
  static final class Stage {
    final String base;
    final Map<String, String> environment = new LinkedHashMap<>();
    final Map<String, String> labels = new LinkedHashMap<>();
    final Map<String, String> copies = new LinkedHashMap<>();
    final List<String> runs = new ArrayList<>();
    final List<String> volumes = new ArrayList<>();
    final List<Integer> ports = new ArrayList<>();
    List<String> entrypoint = List.of();
    List<String> command = List.of();
    String user = "root";
    String workdir = "/";

    private Stage(String base) {
      this.base = base;
    }

    private void add(String instruction, String rest) {
      switch (instruction) {
        case "ENV" -> pairs(rest, environment);
        case "LABEL" -> pairs(rest, labels);
        case "RUN" -> runs.add(rest);
        case "ENTRYPOINT" -> entrypoint = array(rest);
        case "CMD" -> command = array(rest);
        case "VOLUME" -> volumes.addAll(array(rest));
        case "EXPOSE" -> Stream.of(rest.split("\\s+")).map(Integer::valueOf).forEach(ports::add);
        case "USER" -> user = rest;
        case "WORKDIR" -> workdir = rest;
        case "COPY" -> {
          Matcher copy = COPY.matcher(rest);
          if (copy.matches()) {
            copies.put(copy.group(1), copy.group(2));
          }
        }
        default -> {} // ARG, STOPSIGNAL
      }
    }
  }

  static Dockerfile read() {
    Map<String, String> arguments = new LinkedHashMap<>();
    Map<String, Stage> stages = new LinkedHashMap<>();
    Stage[] current = new Stage[1];
    String text = Repository.read("docker/Dockerfile");
    String joined = text.replaceAll("(?m)^#.*\\R", "").replaceAll("\\\\\\R\\s*", " ");
    joined
        .lines()
        .map(INSTRUCTION::matcher)
        .filter(Matcher::matches)
        .forEach(
            line -> {
              String rest = line.group(2).strip();
              if (line.group(1).equals("FROM")) {
                Matcher from = FROM.matcher(rest);
                if (!from.matches()) {
                  throw new AssertionError("docker/Dockerfile: FROM " + rest + " has no name");
                }
                String base = from.group(1);
                current[0] =
                    new Stage(
                        base.startsWith("${")
                            ? arguments.get(base.substring(2, base.length() - 1))
                            : base);
                stages.put(from.group(2), current[0]);
              } else if (current[0] == null) {
                pairs(rest, arguments);
              } else {
                current[0].add(line.group(1), rest);
              }
            });
    return new Dockerfile(stages);
  }

  Stage stage(String name) {
    Stage stage = stages.get(name);
    if (stage == null) {
      throw new AssertionError("docker/Dockerfile has no stage " + name);
    }
    return stage;
  }

  private static void pairs(String text, Map<String, String> into) {
    Matcher pair = PAIR.matcher(text);
    while (pair.find()) {
      into.put(pair.group(1), pair.group(2) != null ? pair.group(2) : pair.group(3));
    }
  }

  /** Only the exec form: in the shell form a shell would be process 1 and swallow SIGTERM. */
  private static List<String> array(String json) {
    try {
      return JSON.readValue(json, new TypeReference<>() {});
    } catch (JsonProcessingException e) {
      throw new AssertionError("docker/Dockerfile: not in exec form: " + json, e);
    }
  }
}
