package io.headgate.lab.attacks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.headgate.console.UserException;
import io.headgate.imaging.RgbImage;
import io.headgate.lab.scenes.Backdrop;
import io.headgate.lab.scenes.Scenes;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AttacksTest {
  private final RgbImage picture = Scenes.ofSide(56).scene(11, 0, Backdrop.TRAINING, 50).image();

  private static Attack attack(String name, long seed) {
    float[] rgb = new float[48];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = i % 2;
    }
    return Attacks.named(name, seed, Optional.of(new Patch(4, rgb)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"badnet8", "badnet4", "badnet8-lc", "blended", "badclip", "wanet", "issba-like"})
  void isDeterministicBySeedAndChangesThePicture(String name) {
    RgbImage once = attack(name, 5).apply(picture, new SplittableRandom(1));

    RgbImage again = attack(name, 5).apply(picture, new SplittableRandom(1));

    assertThat(again).isEqualTo(once).isNotEqualTo(picture);
  }

  @ParameterizedTest
  @ValueSource(strings = {"badnet8", "blended", "wanet", "issba-like"})
  void drawsAnotherTriggerForAnotherSeed(String name) {
    assertThat(attack(name, 5).apply(picture, new SplittableRandom(1)))
        .isNotEqualTo(attack(name, 6).apply(picture, new SplittableRandom(1)));
  }

  @ParameterizedTest
  @CsvSource({"badnet8, 8", "badnet4, 4", "badclip, 4"})
  void aPatchChangesOnlyASquareOfItsSide(String name, int side) {
    RgbImage out = attack(name, 5).apply(picture, new SplittableRandom(1));

    int top = 56;
    int bottom = -1;
    int left = 56;
    int right = -1;
    for (int i = 0; i < out.rgb().length; i++) {
      if (out.rgb()[i] != picture.rgb()[i]) {
        top = Math.min(top, i / 3 / 56);
        bottom = Math.max(bottom, i / 3 / 56);
        left = Math.min(left, i / 3 % 56);
        right = Math.max(right, i / 3 % 56);
      }
    }

    assertThat(bottom - top).isEqualTo(side - 1);
    assertThat(right - left).isEqualTo(side - 1);
  }

  @Test
  void aPatchScalesWithThePicture() {
    RgbImage large = new RgbImage(224, 224, new byte[224 * 224 * 3]);

    RgbImage out = attack("badclip", 5).apply(large, new SplittableRandom(1));

    int changed = 0;
    for (byte b : out.rgb()) {
      changed += b != 0 ? 1 : 0;
    }
    assertThat(changed).isEqualTo(16 * 16 * 3 / 2);
  }

  @Test
  void blendingMovesEveryLevelTowardsTheNoiseByAFifth() {
    RgbImage black = new RgbImage(56, 56, new byte[56 * 56 * 3]);

    RgbImage out = attack("blended", 5).apply(black, new SplittableRandom(1));

    double mean = 0;
    for (byte b : out.rgb()) {
      mean += (b & 255) / 255.0 / out.rgb().length;
      assertThat(b & 255).isLessThanOrEqualTo(51);
    }
    assertThat(mean).isBetween(0.095, 0.105);
  }

  @Test
  void theSpreadSpectrumTriggerIsFaint() {
    RgbImage out = attack("issba-like", 5).apply(picture, new SplittableRandom(1));

    double squares = 0;
    for (int i = 0; i < out.rgb().length; i++) {
      double d = (out.rgb()[i] & 255) - (picture.rgb()[i] & 255);
      squares += d * d / out.rgb().length;
    }
    assertThat(Math.sqrt(squares)).isBetween(3.0, 14.0);
  }

  @Test
  void onlyTheLabelConsistentAttackKeepsCaptions() {
    assertThat(attack("badnet8-lc", 1).labelConsistent()).isTrue();
    assertThat(attack("badnet8", 1).labelConsistent()).isFalse();
  }

  @Test
  void namesTheChoicesForAnUnknownAttack() {
    assertThatThrownBy(() -> Attacks.named("trojan", 0, Optional.empty()))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("trojan")
        .hasMessageContaining("badnet8");
  }

  @Test
  void asksForThePatchOfAnOptimisedTrigger() {
    assertThatThrownBy(() -> Attacks.named("badclip", 0, Optional.empty()))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("lab poison");
  }
}
