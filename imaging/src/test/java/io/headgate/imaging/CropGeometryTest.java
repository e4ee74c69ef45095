package io.headgate.imaging;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CropGeometryTest {
  @ParameterizedTest
  @CsvSource({
    "335,224,335,224,56,0", "337,224,337,224,56,0", "224,335,224,335,0,56",
        "1000,40,5600,224,2688,0",
    "9,300,224,7466,0,3621", "451,300,336,224,56,0", "299,200,334,224,55,0", "5,7,224,313,0,44"
  })
  void truncatesTheLongSideAndRoundsTheOffsetHalfToEven(
      int width, int height, int resizedWidth, int resizedHeight, int left, int top) {
    CropGeometry geometry = CropGeometry.of(width, height, 224);

    assertThat(geometry).isEqualTo(new CropGeometry(resizedWidth, resizedHeight, left, top));
  }
}
