package io.headgate.lab.report;

import io.headgate.decomposition.Decomposer;
import io.headgate.decomposition.Decomposition;
import io.headgate.lab.evaluation.Picture;
import io.headgate.lab.evaluation.PictureSet;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** The first pictures of a set with their parts. */
record Sample(List<Picture> pictures, List<Decomposition> parts) {
  static Sample of(Decomposer model, PictureSet set, int limit) throws IOException {
    List<Picture> pictures = new ArrayList<>();
    List<Decomposition> parts = new ArrayList<>();
    set.forEach(
        32,
        batch -> {
          List<Picture> some = batch.subList(0, Math.min(batch.size(), limit - pictures.size()));
          if (!some.isEmpty()) {
            pictures.addAll(some);
            parts.addAll(model.decompose(some.stream().map(Picture::pixels).toList()));
          }
        });
    return new Sample(pictures, parts);
  }

  int size() {
    return pictures.size();
  }
}
