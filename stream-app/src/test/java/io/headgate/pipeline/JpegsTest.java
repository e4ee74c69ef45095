package io.headgate.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.headgate.imaging.ImageLimits;
import io.headgate.imaging.ImagePreprocessor;
import io.headgate.samples.ReferenceSet;
import java.util.List;
import org.junit.jupiter.api.Test;

class JpegsTest {
  @Test
  void areOfTheSizeAskedForAndDecodable() throws Exception {
    List<byte[]> files = Jpegs.of(ReferenceSet.find(null).cleanTest(), 2, 200_000, 1);

    ImagePreprocessor imaging = new ImagePreprocessor(ImageLimits.defaults());
    assertThat(files).hasSize(2);
    for (byte[] file : files) {
      assertThat(file.length).isBetween(180_000, 200_000);
      assertThat(imaging.crop(file, 56).width()).isEqualTo(56);
    }
  }
}
