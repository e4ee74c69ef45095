package io.headgate.weights;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class FiniteTest {
  private static final float[] OTHERS = {
    Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY
  };

  @TempDir Path temp;

  private void require(DType dtype, float[] data) {
    Path file = temp.resolve("a");
    new SafetensorsWriter().floats("w", dtype, new long[] {data.length}, data).write(file);
    try (Safetensors read = Safetensors.open(file)) {
      Finite.require(file, read.tensor("w"));
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"F64", "F32", "F16", "BF16"})
  void findsEveryOddNumberWhereverItIs(DType dtype) {
    Random random = new Random(3);
    for (int round = 0; round < 100; round++) {
      float[] data = new float[1 + random.nextInt(round < 90 ? 20 : 50_000)];
      for (int i = 0; i < data.length; i++) {
        data[i] = (float) Math.scalb(random.nextGaussian(), random.nextInt(20) - 10);
      }
      assertThatCode(() -> require(dtype, data)).doesNotThrowAnyException();

      int at = random.nextInt(data.length);
      data[at] = OTHERS[round % 3];
      assertThatThrownBy(() -> require(dtype, data))
          .isInstanceOf(WeightsException.class)
          .hasMessageContaining("tensor w " + dtype)
          .hasMessageContaining("%s at element %,d".formatted(data[at], at));
    }
  }
}
