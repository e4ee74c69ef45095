package io.headgate.command;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.headgate.detection.Score;
import io.headgate.guard.Evidence;
import io.headgate.guard.InfectedHead;
import io.headgate.guard.Judgement;
import io.headgate.guard.Verdict;
import io.headgate.zeroshot.Label;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/** What {@code inspect} shows of an image: JSON for scripts, and lines for people made from it. */
final class ImageView {
  private ImageView() {}

  /** Of an image that was judged. */
  static ObjectNode of(Judgement judged) {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    node.put("route", route(judged.verdict()));
    node.put("policy", judged.policy().id());
    node.put("borderline", judged.borderline());
    judged.suspectedLabel().ifPresent(l -> node.put("suspectedLabel", l.name()));
    labels(node, judged.labels());
    ArrayNode heads = node.putArray("infectedHeads");
    for (InfectedHead head : judged.infectedHeads()) {
      heads
          .addObject()
          .put("layer", head.layer())
          .put("head", head.head())
          .put("similarity", head.similarity())
          .put("threshold", head.threshold());
    }
    scores(node.putArray("scores"), judged.scores().all());
    judged.repairedScores().ifPresent(s -> scores(node.putArray("scoresAfterRepair"), s.all()));
    judged.evidence().ifPresent(evidence -> evidence(node.putObject("evidence"), evidence));
    return node;
  }

  /** Of an image that was only classified. */
  static ObjectNode of(List<Label> labels) {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    labels(node, labels);
    return node;
  }

  private static String route(Verdict verdict) {
    return verdict instanceof Verdict.Clean
        ? "clean"
        : verdict instanceof Verdict.Repaired ? "repaired" : "quarantined";
  }

  private static void labels(ObjectNode node, List<Label> labels) {
    ArrayNode list = node.putArray("labels");
    labels.forEach(l -> list.addObject().put("name", l.name()).put("probability", l.probability()));
  }

  private static void scores(ArrayNode list, List<Score> scores) {
    for (Score s : scores) {
      ObjectNode node = list.addObject().put("detector", s.detector());
      finite(node, "score", s.score());
      finite(node, "threshold", s.threshold());
      node.put("flagged", s.flagged());
    }
  }

  /** JSON has neither infinity nor NaN: null stands for them. */
  private static void finite(ObjectNode node, String name, double value) {
    if (Double.isFinite(value)) {
      node.put(name, value);
    } else {
      node.putNull(name);
    }
  }

  private static void evidence(ObjectNode node, Evidence evidence) {
    evidence.infectedComponents().forEach(node.putArray("infectedComponents")::add);
    Arrays.stream(evidence.suspectedTokens()).forEach(node.putArray("suspectedTokens")::add);
    node.put("gridSize", evidence.grid());
    ArrayNode map = node.putArray("tokenMap");
    for (float value : evidence.tokenMap()) {
      map.add(value);
    }
  }

  /** The same for people. */
  static List<String> lines(ObjectNode node) {
    List<String> lines = new ArrayList<>();
    lines.add(node.path("file").asText());
    JsonNode error = node.path("error");
    if (!error.isMissingNode()) {
      lines.add(
          line("refused", error.path("code").asText() + ": " + error.path("message").asText()));
      return lines;
    }
    if (node.path("frames").asInt() > 1) {
      lines.add(line("animated", "the first of %d frames".formatted(node.path("frames").asInt())));
    }
    if (node.has("route")) {
      lines.add(line("route", routeText(node)));
    }
    lines.add(
        line(
            "labels",
            joined(
                node.path("labels"),
                ImageView::labelText,
                "none: no classes.json in the model folder")));
    if (node.has("scores")) {
      lines.add(
          line("infected", joined(node.path("infectedHeads"), ImageView::headText, "no heads")));
      node.path("scores").forEach(score -> lines.add(scoreText(score)));
    }
    JsonNode evidence = node.path("evidence");
    if (!evidence.isMissingNode()) {
      lines.add(
          line(
              "components", joined(evidence.path("infectedComponents"), JsonNode::asText, "none")));
      lines.add(line("tokens", joined(evidence.path("suspectedTokens"), JsonNode::asText, "none")));
    }
    return lines;
  }

  private static String line(String name, String value) {
    return "  %-10s %s".formatted(name, value);
  }

  private static String routeText(JsonNode node) {
    String suspected = node.path("suspectedLabel").asText();
    return node.path("route").asText()
        + (node.path("borderline").asBoolean() ? " (borderline)" : "")
        + (suspected.isEmpty() ? "" : ", suspected label before repair: " + suspected);
  }

  private static String labelText(JsonNode label) {
    return String.format(
        Locale.ROOT,
        "%s %.1f %%",
        label.path("name").asText(),
        100 * label.path("probability").asDouble());
  }

  private static String headText(JsonNode head) {
    return String.format(
        Locale.ROOT,
        "L%dH%d %.4f ≤ %.4f",
        head.path("layer").asInt(),
        head.path("head").asInt(),
        head.path("similarity").asDouble(),
        head.path("threshold").asDouble());
  }

  private static String scoreText(JsonNode score) {
    return String.format(
        Locale.ROOT,
        "  %-22s %9.3f  threshold %9.3f%s",
        score.path("detector").asText(),
        score.path("score").asDouble(Double.NaN),
        score.path("threshold").asDouble(Double.POSITIVE_INFINITY),
        score.path("flagged").asBoolean() ? "  flagged" : "");
  }

  private static String joined(JsonNode list, Function<JsonNode, String> text, String none) {
    return list.isEmpty()
        ? none
        : StreamSupport.stream(list.spliterator(), false)
            .map(text)
            .collect(Collectors.joining(", "));
  }
}
