package io.headgate.command;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.headgate.calibration.Calibration;
import io.headgate.clip.ClipModel;
import io.headgate.console.Console;
import io.headgate.guard.Guard;
import io.headgate.guard.GuardOptions;
import io.headgate.guard.RepairPolicy;
import io.headgate.imaging.ImageLimits;
import io.headgate.imaging.ImagePreprocessor;
import io.headgate.imaging.RgbImage;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Images to labels and, with a calibration, to verdicts.
 *
 * @param calibration null for labels alone
 * @param policy name of the repair policy
 * @param top labels per image
 */
record ImageInspection(
    ModelOptions model, Path calibration, String policy, int top, List<Path> images) {
  private static final int BATCH = 32;

  int run(Output output) {
    RepairPolicy repair = RepairPolicy.of(policy);
    Optional<Calibration> learned = Optional.ofNullable(calibration).map(Calibration::load);
    ArrayNode all = JsonNodeFactory.instance.arrayNode();
    try (ClipModel clip = model.open();
        ImageFiles reader =
            new ImageFiles(
                new ImagePreprocessor(ImageLimits.defaults()), clip.shape().imageSize())) {
      Optional<Guard> guard =
          learned.map(
              c ->
                  new Guard(
                      clip, clip.classifier(), c, repair, GuardOptions.DEFAULT.withTopLabels(top)));
      clip.admission().ifPresent(figures -> output.remark("%s", figures));
      reader.forEach(
          null,
          images,
          BATCH,
          loaded -> {
            List<RgbImage> pixels =
                loaded.stream().map(ImageFiles.Loaded::pixels).filter(Objects::nonNull).toList();
            List<ObjectNode> views =
                guard.isPresent()
                    ? guard.get().judge(pixels).stream().map(ImageView::of).toList()
                    : Arrays.stream(clip.embed(pixels)).map(e -> labels(clip, e)).toList();
            int next = 0;
            for (ImageFiles.Loaded image : loaded) {
              ObjectNode node = all.addObject().put("file", image.name());
              if (image.pixels() == null) {
                node.putObject("error")
                    .put("code", image.errorCode())
                    .put("message", image.error());
              } else {
                node.put("frames", image.frames()).setAll(views.get(next++));
              }
              ImageView.lines(node).forEach(line -> output.text("%s", line));
            }
          });
      if (guard.isEmpty() && !output.json()) {
        output.remark("labels only: judging needs --calibration FILE ('headgate calibrate')");
      }
    }
    output.json(all);
    return all.findValue("error") == null ? Console.OK : Console.FAILED;
  }

  private ObjectNode labels(ClipModel clip, float[] embedding) {
    return ImageView.of(clip.classifier().map(c -> c.labels(embedding, top)).orElse(List.of()));
  }
}
