package io.headgate.imaging;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class ConcurrencyTest {
  @Test
  void oneInstanceServesManyThreads() throws Exception {
    Goldens goldens = new Goldens();
    ImagePreprocessor preprocessor = new ImagePreprocessor(ImageLimits.defaults());
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      List<Future<RgbImage>> crops = new ArrayList<>();
      for (int round = 0; round < 4; round++) {
        for (String file : Goldens.FILES) {
          crops.add(threads.submit(() -> preprocessor.crop(Goldens.image(file), Goldens.SIZE)));
        }
      }

      for (int i = 0; i < crops.size(); i++) {
        String file = Goldens.FILES.get(i % Goldens.FILES.size());
        assertThat(crops.get(i).get()).as(file).isEqualTo(goldens.crop(file));
      }
    } finally {
      threads.shutdownNow();
    }
  }
}
