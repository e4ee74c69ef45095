package io.headgate.clip;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.BaseNDManager;
import ai.djl.ndarray.NDManager;
import io.headgate.decomposition.Decomposition;
import io.headgate.decomposition.ModelShape;
import io.headgate.imaging.RgbImage;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/** Many callers, many calls: same numbers, no memory lost. */
class ConcurrencyTest {
  private static final VisionSpec SPEC = RandomModels.spec(5);
  private static final Offset<Float> TINY = Offset.offset(1e-6f);

  @Test
  void concurrentCallersGetBitEqualResults() throws Exception {
    assertBitEqual(SPEC, 7, 100);
  }

  @Test
  void concurrentSingleImagesSharedOutOverAllThreadsGetBitEqualResults() throws Exception {
    VisionSpec wide =
        new VisionSpec(new ModelShape(32, 16, 2, 6, 384, 32), true, 1e-5, SPEC.mean(), SPEC.std());

    assertBitEqual(wide, 1, 40);
  }

  private static void assertBitEqual(VisionSpec spec, int count, int times) throws Exception {
    List<RgbImage> images = RandomModels.images(spec.shape().imageSize(), count, 1);
    ExecutorService callers = Executors.newFixedThreadPool(4);
    try (NDManager manager = Engine.newManager("cpu");
        VisionModel model =
            RandomModels.model(manager, spec, 5, Arithmetic.packed(Precision.FP32), 4)) {
      List<Decomposition> expected = model.decompose(images);

      List<Future<List<Decomposition>>> calls = new ArrayList<>();
      for (int i = 0; i < times; i++) {
        calls.add(callers.submit(() -> model.decompose(images)));
      }

      for (Future<List<Decomposition>> call : calls) {
        assertThat(call.get()).isEqualTo(expected);
      }
    } finally {
      callers.shutdownNow();
    }
  }

  @Test
  void orderInTheBatchDoesNotMatter() {
    List<RgbImage> images = RandomModels.images(SPEC.shape().imageSize(), 9, 2);
    List<RgbImage> shuffled = new ArrayList<>(images);
    Collections.shuffle(shuffled, new Random(1));
    try (NDManager manager = Engine.newManager("cpu");
        VisionModel model =
            RandomModels.model(manager, SPEC, 5, Arithmetic.packed(Precision.FP32), 32)) {
      List<Decomposition> inOrder = model.decompose(images);
      List<Decomposition> outOfOrder = model.decompose(shuffled);

      for (int i = 0; i < images.size(); i++) {
        Decomposition same = outOfOrder.get(shuffled.indexOf(images.get(i)));
        assertThat(same.embedding()).containsExactly(inOrder.get(i).embedding(), TINY);
        assertThat(same.heads()).containsExactly(inOrder.get(i).heads(), TINY);
        assertThat(same.mlps()).containsExactly(inOrder.get(i).mlps(), TINY);
      }
    }
  }

  @Test
  void sizeOfTheBatchDoesNotMatterBeyondRounding() {
    List<RgbImage> images = RandomModels.images(SPEC.shape().imageSize(), 9, 3);
    try (NDManager manager = Engine.newManager("cpu");
        VisionModel inOne =
            RandomModels.model(manager, SPEC, 5, Arithmetic.packed(Precision.FP32), 32);
        VisionModel inPieces =
            RandomModels.model(manager, SPEC, 5, Arithmetic.packed(Precision.FP32), 2)) {
      List<Decomposition> whole = inOne.decompose(images);
      List<Decomposition> pieces = inPieces.decompose(images);

      for (int i = 0; i < images.size(); i++) {
        assertThat(pieces.get(i).embedding()).containsExactly(whole.get(i).embedding(), TINY);
        assertThat(pieces.get(i).heads()).containsExactly(whole.get(i).heads(), TINY);
      }
    }
  }

  @Test
  void everyCallClosesWhatItMakes() throws Exception {
    List<RgbImage> images = RandomModels.images(SPEC.shape().imageSize(), 3, 4);
    float[][] directions = new float[3][SPEC.shape().embedding()];
    try (NDManager manager = Engine.newManager("cpu");
        VisionModel model =
            RandomModels.model(manager, SPEC, 5, Arithmetic.packed(Precision.FP32), 2)) {
      int before = manager.getManagedArrays().size();
      int resources = resources(manager);

      for (int i = 0; i < 5; i++) {
        model.decompose(images);
        model.decomposeWithout(images, new int[][] {{0}, {1}, {2}});
        model.tokenContributions(images, directions);
        model.tokenMaps(images);
        model.embed(images);
      }

      assertThat(manager.getManagedArrays()).hasSize(before);
      assertThat(resources(manager)).isEqualTo(resources);
    }
  }

  @Test
  void tenThousandInferencesHoldTheResidentSetFlat() throws Exception {
    List<RgbImage> images = RandomModels.images(SPEC.shape().imageSize(), 2, 4);
    try (NDManager manager = Engine.newManager("cpu");
        VisionModel model =
            RandomModels.model(manager, SPEC, 5, Arithmetic.packed(Precision.FP32), 32)) {
      for (int i = 0; i < 2_000; i++) {
        model.decompose(images);
      }
      System.gc();
      long before = residentKilobytes();

      for (int i = 0; i < 10_000; i++) {
        model.decompose(images);
      }

      System.gc();
      assertThat(residentKilobytes() - before).isLessThan(30_000);
    }
  }

  /** Arrays, lists, programs and managers that hang on a manager: DJL shows arrays only. */
  private static int resources(NDManager manager) throws ReflectiveOperationException {
    Field resources = BaseNDManager.class.getDeclaredField("resources");
    resources.setAccessible(true);
    return ((Map<?, ?>) resources.get(manager)).size();
  }

  private static long residentKilobytes() throws Exception {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(l -> l.startsWith("VmRSS:"))
        .mapToLong(l -> Long.parseLong(l.replaceAll("\\D", "")))
        .findFirst()
        .orElseThrow();
  }
}
