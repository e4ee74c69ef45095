package io.headgate.lab.evaluation;

import io.headgate.imaging.RgbImage;
import io.headgate.lab.attacks.Attack;
import io.headgate.lab.scenes.Scene;
import io.headgate.lab.scenes.Scenes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Composed pictures, drawn when they are needed.
 *
 * @param from which of the disjoint sequences
 * @param first index of the first
 * @param trigger put on all of them; the attacked class is then left out
 */
public record ComposedPictures(
    String name, Scenes scenes, Split from, int first, int size, Optional<Attack> trigger)
    implements PictureSet {
  @Override
  public void forEach(int batch, Consumer<List<Picture>> then) {
    for (int start = 0; start < size; start += batch) {
      List<Picture> pictures = new ArrayList<>();
      for (int i = first + start; i < first + Math.min(size, start + batch); i++) {
        Scene scene = from.scene(scenes, i, trigger.isPresent());
        RgbImage pixels = scene.image();
        if (trigger.isPresent()) {
          pixels = trigger.get().apply(pixels, Scenes.random(from.triggerStream(), i));
        }
        pictures.add(new Picture("%s-%04d".formatted(name, i), pixels, scene.label()));
      }
      then.accept(pictures);
    }
  }
}
