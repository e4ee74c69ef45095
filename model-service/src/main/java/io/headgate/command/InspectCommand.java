package io.headgate.command;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.headgate.calibration.Calibration;
import io.headgate.clip.ClipModel;
import io.headgate.console.Console;
import io.headgate.console.UserException;
import io.headgate.decomposition.Decomposition;
import io.headgate.decomposition.ModelShape;
import io.headgate.detection.Score;
import io.headgate.guard.Guard;
import io.headgate.guard.GuardOptions;
import io.headgate.guard.InfectedHead;
import io.headgate.guard.Judgement;
import io.headgate.guard.RepairPolicy;
import io.headgate.guard.Verdict;
import io.headgate.imaging.ImageLimits;
import io.headgate.imaging.ImagePreprocessor;
import io.headgate.imaging.RgbImage;
import io.headgate.tokenizer.Tokenizer;
import io.headgate.weights.Safetensors;
import io.headgate.weights.SafetensorsWriter;
import io.headgate.zeroshot.Label;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code headgate inspect}: what the guard sees in an image, a tensor or a text. */
@Command(
    name = "inspect",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Shows what the guard sees: labels, infected heads, scores and route of images; or the parts of"
          + " prepared tensors, the crops of images, the ids of texts.",
      "",
      "Examples:",
      "  headgate inspect --model DIR --calibration FILE photo.jpg other.png",
      "  headgate inspect --model DIR --pixel-values IN.safetensors --parts OUT.safetensors",
      "  headgate inspect --crops OUT.safetensors --crop-size 224 photo.jpg",
      "  headgate inspect --vocab merges.txt --text \"a photo of a cat\" --json"
    })
public final class InspectCommand implements Callable<Integer> {
  private static final int BATCH = 32;
  private static final int CLIP_CONTEXT = 77;
  private static final ObjectMapper JSON = new ObjectMapper();

  @Spec private CommandSpec spec;
  @Mixin private ModelOptions model;

  @Parameters(paramLabel = "IMAGE", arity = "0..*", description = "Image files.")
  private List<Path> images = List.of();

  @Option(
      names = "--calibration",
      paramLabel = "FILE",
      description = "Judge with this calibration; without one, only labels are shown.")
  private Path calibration;

  @Option(
      names = "--policy",
      paramLabel = "NAME",
      description = "Repair policy: prune, paper, attribution or none. Default: prune.")
  private String policy = "prune";

  @Option(names = "--top", paramLabel = "N", description = "Labels per image. Default: 5.")
  private int top = 5;

  @Option(
      names = "--pixel-values",
      paramLabel = "FILE",
      description =
          "Safetensors with pixel_values [B,3,S,S], float32, normalised, in place of images.")
  private Path pixelValues;

  @Option(
      names = "--parts",
      paramLabel = "FILE",
      description =
          "Write image_embeds [B,D], heads [B,L,H,D], mlps [B,L+1,D] and token_maps [B,H,N].")
  private Path parts;

  @Option(
      names = "--crops",
      paramLabel = "FILE",
      description =
          "Write the preprocessed images, uint8 [3,S,S], one key per file: its name without extension. Needs no model.")
  private Path crops;

  @Option(
      names = "--crop-size",
      paramLabel = "S",
      description = "Side of --crops in pixels. Default: 224.")
  private int cropSize = 224;

  @Option(
      names = "--vocab",
      paramLabel = "FILE",
      description =
          "Vocabulary for --text: a model folder, merges.txt, vocab.json, tokenizer.json or a list of merges (.gz too). Default: the model's, else OpenAI's.")
  private Path vocab;

  @Option(names = "--text", paramLabel = "TEXT", description = "Tokenise this text; repeatable.")
  private List<String> texts = List.of();

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  @Override
  public Integer call() {
    if (top < 1) {
      throw new CommandLine.ParameterException(
          spec.commandLine(), "--top: %d (expected: at least 1)".formatted(top));
    }
    if (!texts.isEmpty()) {
      return texts();
    }
    if (crops != null) {
      return crops();
    }
    if (pixelValues != null || parts != null) {
      return parts();
    }
    if (images.isEmpty()) {
      throw new CommandLine.ParameterException(
          spec.commandLine(),
          "nothing to inspect (expected: images, or --pixel-values with --parts, or --text)");
    }
    return images();
  }

  private int texts() {
    ArrayNode list = JSON.createArrayNode();
    float[][] embeddings = new float[0][];
    Tokenizer tokenizer;
    if (model.present()) {
      try (ClipModel clip = model.open()) {
        tokenizer =
            vocab == null
                ? clip.tokenizer()
                : Tokenizer.open(vocab, clip.tokenizer().contextLength());
        embeddings = clip.encodeTokens(texts.stream().map(tokenizer::encode).toArray(int[][]::new));
      }
    } else {
      tokenizer =
          vocab == null ? Tokenizer.openAi(CLIP_CONTEXT) : Tokenizer.open(vocab, CLIP_CONTEXT);
    }
    PrintWriter to = spec.commandLine().getOut();
    for (int i = 0; i < texts.size(); i++) {
      int[] ids = tokenizer.tokens(texts.get(i));
      ObjectNode node = list.addObject().put("text", texts.get(i));
      Arrays.stream(ids).forEach(node.putArray("ids")::add);
      if (i < embeddings.length) {
        numbers(node.putArray("embedding"), embeddings[i]);
      }
      if (!json) {
        to.println(texts.get(i));
        to.println("  ids " + Arrays.toString(ids).replaceAll("[\\[\\],]", ""));
      }
    }
    if (json) {
      to.println(list);
    }
    to.flush();
    return Console.OK;
  }

  private int crops() {
    if (images.isEmpty()) {
      throw new CommandLine.ParameterException(
          spec.commandLine(), "--crops: no images (expected: at least one IMAGE)");
    }
    SafetensorsWriter writer = new SafetensorsWriter();
    Map<String, Path> keys = new HashMap<>();
    int failed = 0;
    try (ImageFiles reader =
        new ImageFiles(new ImagePreprocessor(ImageLimits.defaults()), cropSize)) {
      int[] failures = new int[1];
      int[] at = new int[1];
      reader.forEach(
          null,
          images,
          BATCH,
          loaded -> {
            for (ImageFiles.Loaded image : loaded) {
              Path file = images.get(at[0]++);
              if (image.pixels() == null) {
                complain(image);
                failures[0]++;
                continue;
              }
              Path other = keys.put(stem(file), file);
              if (other != null) {
                throw new UserException(
                    "%s and %s: both would be key %s (expected: names that differ before the extension)"
                        .formatted(other, file, stem(file)));
              }
              writer.bytes(
                  stem(file), new long[] {3, cropSize, cropSize}, channelFirst(image.pixels()));
            }
          });
      failed = failures[0];
    }
    writer.write(crops);
    PrintWriter to = spec.commandLine().getOut();
    if (json) {
      to.println(
          JSON.createObjectNode()
              .put("file", crops.toString())
              .put("crops", keys.size())
              .put("failed", failed));
    } else {
      to.printf(Locale.ROOT, "%s: %d crops, %d refused%n", crops, keys.size(), failed);
    }
    to.flush();
    return failed == 0 ? Console.OK : Console.FAILED;
  }

  private void complain(ImageFiles.Loaded image) {
    PrintWriter err = spec.commandLine().getErr();
    err.printf("%s: %s: %s%n", image.name(), image.errorCode(), image.error());
    err.flush();
  }

  static String stem(Path file) {
    String name = file.getFileName().toString();
    int dot = name.lastIndexOf('.');
    return dot > 0 ? name.substring(0, dot) : name;
  }

  private static byte[] channelFirst(RgbImage image) {
    byte[] rgb = image.rgb();
    int pixels = image.width() * image.height();
    byte[] planes = new byte[rgb.length];
    for (int i = 0; i < pixels; i++) {
      for (int c = 0; c < 3; c++) {
        planes[c * pixels + i] = rgb[3 * i + c];
      }
    }
    return planes;
  }

  private int parts() {
    if (pixelValues == null || parts == null) {
      throw new CommandLine.ParameterException(
          spec.commandLine(), "--pixel-values and --parts belong together (expected: both)");
    }
    try (ClipModel clip = model.open();
        Safetensors in = Safetensors.open(pixelValues)) {
      ModelShape shape = clip.shape();
      long[] sizes = in.shape("pixel_values");
      int s = shape.imageSize();
      if (sizes.length != 4 || sizes[1] != 3 || sizes[2] != s || sizes[3] != s) {
        throw new UserException(
            "%s: pixel_values is %s (expected: [B, 3, %d, %d])"
                .formatted(pixelValues, Arrays.toString(sizes), s, s));
      }
      int count = Math.toIntExact(sizes[0]);
      int pixels = 3 * s * s;
      float[] values = in.readFloats("pixel_values");
      int d = shape.embedding();
      int n = shape.tokens();
      float[] embeds = new float[count * d];
      float[] heads = new float[count * shape.layers() * shape.heads() * d];
      float[] mlps = new float[count * (shape.layers() + 1) * d];
      float[] maps = new float[count * shape.heads() * n];
      for (int from = 0; from < count; from += BATCH) {
        int size = Math.min(BATCH, count - from);
        float[] batch = Arrays.copyOfRange(values, from * pixels, (from + size) * pixels);
        List<Decomposition> taken = clip.decomposePixels(batch, size);
        List<float[]> attention = clip.tokenMapsOfPixels(batch, size);
        for (int i = 0; i < size; i++) {
          int row = from + i;
          Decomposition image = taken.get(i);
          System.arraycopy(image.embedding(), 0, embeds, row * d, d);
          System.arraycopy(
              image.heads(), 0, heads, row * image.heads().length, image.heads().length);
          System.arraycopy(image.mlps(), 0, mlps, row * image.mlps().length, image.mlps().length);
          System.arraycopy(attention.get(i), 0, maps, row * shape.heads() * n, shape.heads() * n);
        }
      }
      new SafetensorsWriter()
          .floats("image_embeds", new long[] {count, d}, embeds)
          .floats("heads", new long[] {count, shape.layers(), shape.heads(), d}, heads)
          .floats("mlps", new long[] {count, shape.layers() + 1, d}, mlps)
          .floats("token_maps", new long[] {count, shape.heads(), n}, maps)
          .metadata("model_fingerprint", clip.fingerprint())
          .write(parts);
      PrintWriter to = spec.commandLine().getOut();
      if (json) {
        to.println(
            JSON.createObjectNode()
                .put("file", parts.toString())
                .put("images", count)
                .put("modelFingerprint", clip.fingerprint()));
      } else {
        to.printf(
            Locale.ROOT, "%s: parts of %d images, model %s%n", parts, count, clip.fingerprint());
      }
      to.flush();
    }
    return Console.OK;
  }

  private int images() {
    int[] failed = new int[1];
    ArrayNode list = JSON.createArrayNode();
    try (ClipModel clip = model.open();
        ImageFiles reader =
            new ImageFiles(
                new ImagePreprocessor(ImageLimits.defaults()), clip.shape().imageSize())) {
      Optional<Guard> guard =
          Optional.ofNullable(calibration)
              .map(Calibration::load)
              .map(
                  c ->
                      new Guard(
                          clip,
                          clip.classifier(),
                          c,
                          RepairPolicy.of(policy),
                          GuardOptions.DEFAULT.withTopLabels(top)));
      reader.forEach(
          null,
          images,
          BATCH,
          loaded -> {
            List<RgbImage> pixels =
                loaded.stream().map(ImageFiles.Loaded::pixels).filter(p -> p != null).toList();
            List<ObjectNode> results = new ArrayList<>();
            if (guard.isPresent()) {
              guard.get().judge(pixels).forEach(j -> results.add(judgement(j)));
            } else {
              for (float[] embedding : clip.embed(pixels)) {
                ObjectNode node = JSON.createObjectNode();
                labels(
                    node, clip.classifier().map(c -> c.labels(embedding, top)).orElse(List.of()));
                results.add(node);
              }
            }
            int next = 0;
            for (ImageFiles.Loaded image : loaded) {
              ObjectNode node = list.addObject().put("file", image.name());
              if (image.pixels() == null) {
                node.putObject("error")
                    .put("code", image.errorCode())
                    .put("message", image.error());
                failed[0]++;
              } else {
                node.setAll(results.get(next++));
              }
            }
            if (!json) {
              list.forEach(node -> print((ObjectNode) node));
              list.removeAll();
            }
          });
      if (!json && guard.isEmpty()) {
        spec.commandLine()
            .getErr()
            .println("labels only: judging needs --calibration FILE ('headgate calibrate')");
      }
    }
    PrintWriter to = spec.commandLine().getOut();
    if (json) {
      to.println(list.toPrettyString());
    }
    to.flush();
    return failed[0] == 0 ? Console.OK : Console.FAILED;
  }

  private static ObjectNode judgement(Judgement judged) {
    ObjectNode node = JSON.createObjectNode();
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
    judged
        .evidence()
        .ifPresent(
            e -> {
              ObjectNode evidence = node.putObject("evidence");
              e.infectedComponents().forEach(evidence.putArray("infectedComponents")::add);
              Arrays.stream(e.suspectedTokens()).forEach(evidence.putArray("suspectedTokens")::add);
              evidence.put("gridSize", e.grid());
              numbers(evidence.putArray("tokenMap"), e.tokenMap());
            });
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

  private static void numbers(ArrayNode array, float[] values) {
    for (float value : values) {
      array.add(value);
    }
  }

  private void print(ObjectNode node) {
    PrintWriter to = spec.commandLine().getOut();
    to.println(node.path("file").asText());
    if (node.has("error")) {
      to.printf(
          "  refused    %s: %s%n",
          node.path("error").path("code").asText(), node.path("error").path("message").asText());
      to.flush();
      return;
    }
    if (node.has("route")) {
      to.printf(
          "  route      %s%s%s%n",
          node.path("route").asText(),
          node.path("borderline").asBoolean() ? " (borderline)" : "",
          node.has("suspectedLabel")
              ? ", suspected label before repair: " + node.path("suspectedLabel").asText()
              : "");
    }
    StringBuilder labels = new StringBuilder();
    node.path("labels")
        .forEach(
            l ->
                labels
                    .append(labels.isEmpty() ? "" : ", ")
                    .append(l.path("name").asText())
                    .append(
                        String.format(
                            Locale.ROOT, " %.1f %%", 100 * l.path("probability").asDouble())));
    to.println("  labels     " + (labels.isEmpty() ? "none: no classes.json" : labels));
    if (node.has("scores")) {
      StringBuilder heads = new StringBuilder();
      node.path("infectedHeads")
          .forEach(
              h ->
                  heads.append(
                      String.format(
                          Locale.ROOT,
                          "%sL%dH%d %.4f ≤ %.4f",
                          heads.isEmpty() ? "" : ", ",
                          h.path("layer").asInt(),
                          h.path("head").asInt(),
                          h.path("similarity").asDouble(),
                          h.path("threshold").asDouble())));
      to.println("  infected   " + (heads.isEmpty() ? "no heads" : heads));
      node.path("scores")
          .forEach(
              s ->
                  to.printf(
                      Locale.ROOT,
                      "  %-22s %9.3f  threshold %9.3f%s%n",
                      s.path("detector").asText(),
                      s.path("score").asDouble(Double.NaN),
                      s.path("threshold").asDouble(Double.POSITIVE_INFINITY),
                      s.path("flagged").asBoolean() ? "  flagged" : ""));
      JsonNodeText.join(node.path("evidence").path("infectedComponents"))
          .ifPresent(text -> to.println("  components " + text));
      JsonNodeText.join(node.path("evidence").path("suspectedTokens"))
          .ifPresent(text -> to.println("  tokens     " + text));
    }
    to.flush();
  }

  /** Lists in one line. */
  private static final class JsonNodeText {
    static Optional<String> join(com.fasterxml.jackson.databind.JsonNode array) {
      List<String> texts = new ArrayList<>();
      array.forEach(e -> texts.add(e.asText()));
      return texts.isEmpty() ? Optional.empty() : Optional.of(String.join(" ", texts));
    }
  }
}
