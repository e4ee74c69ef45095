package io.headgate.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.headgate.calibration.Calibration;
import io.headgate.console.UserException;
import io.headgate.detection.FakeModel;
import io.headgate.guard.RepairPolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RolloutTest {
  private static final Instant NOW = Instant.parse("2026-05-01T00:00:00Z");
  private static final FakeModel A = new FakeModel("a".repeat(64), FakeModel.TRIGGER);
  private static final FakeModel B = new FakeModel("b".repeat(64), FakeModel.TRIGGER);
  private static Calibration first;
  private static Calibration second;
  private static Calibration ofB;
  private static Calibration expired;

  @TempDir private Path folder;
  private final List<String> log = new ArrayList<>();
  private final List<BatchEngine> stage = new ArrayList<>();
  private long available = 1 << 20;
  private Instant now = NOW;
  private Path model;
  private Path calibration;
  private Rollout rollout;

  @BeforeAll
  static void calibrate() {
    first = TestCalibrations.of(A, 1, NOW.minusSeconds(300));
    second = TestCalibrations.of(A, 2, NOW.minusSeconds(200));
    ofB = TestCalibrations.of(B, 1, NOW.minusSeconds(100));
    expired = TestCalibrations.of(A, 3, NOW.minusSeconds(100), Optional.of(Duration.ofSeconds(50)));
  }

  @BeforeEach
  void prepare() throws IOException {
    model = Files.createDirectory(folder.resolve("model"));
    calibration = folder.resolve("calibration.json");
    write(model, "a");
    first.save(calibration);
    rollout = rollout(calibration);
  }

  @Test
  void servesWhatIsThereAtTheStart() {
    rollout.start();

    assertThat(serving()).isEqualTo(new ServedIds(A.fingerprint(), first.id()));
    assertThat(log).isEmpty();
  }

  @Test
  void leavesEverythingAloneWhileNothingChanges() {
    rollout.start();

    ticks(5);

    assertThat(stage).hasSize(1);
    assertThat(log).isEmpty();
  }

  @Test
  void swapsTheCalibrationWithoutLoadingTheModelAgain() {
    rollout.start();

    second.save(calibration);
    ticks(2);

    assertThat(serving()).isEqualTo(new ServedIds(A.fingerprint(), second.id()));
    assertThat(log).containsExactly("calibration done");
    assertThat(loads).containsExactly("a");
  }

  @Test
  void waitsUntilAFileHasStoppedChanging() {
    rollout.start();

    second.save(calibration);
    rollout.tick();

    assertThat(stage).hasSize(1);
    rollout.tick();
    assertThat(stage).hasSize(2);
  }

  @Test
  void keepsTheOldCalibrationWhenTheNewOneIsHalfWritten() throws IOException {
    rollout.start();
    Path whole = folder.resolve("whole.json");
    second.save(whole);
    byte[] json = Files.readAllBytes(whole);

    Files.write(calibration, java.util.Arrays.copyOf(json, json.length / 2));
    ticks(3);
    String afterHalf = String.join(",", log);
    Files.write(calibration, json);
    Files.copy(
        folder.resolve("whole.safetensors"),
        folder.resolve("calibration.safetensors"),
        StandardCopyOption.REPLACE_EXISTING);
    ticks(3);

    assertThat(afterHalf).startsWith("calibration failed: no calibration for model a");
    assertThat(log).hasSize(2).last().isEqualTo("calibration done");
    assertThat(serving().calibrationId()).isEqualTo(second.id());
  }

  @Test
  void keepsTheOldCalibrationWhenOnlyHalfOfTheTwoFilesIsNew() throws IOException {
    rollout.start();
    Path whole = folder.resolve("whole.json");
    second.save(whole);

    Files.copy(whole, calibration, StandardCopyOption.REPLACE_EXISTING);
    ticks(3);

    assertThat(log).hasSize(1).first().asString().startsWith("calibration failed");
    assertThat(serving().calibrationId()).isEqualTo(first.id());
  }

  @Test
  void refusesACalibrationOfAnotherModelNamingBothFingerprints() {
    rollout.start();

    ofB.save(calibration);
    ticks(3);

    assertThat(log)
        .hasSize(1)
        .first()
        .asString()
        .startsWith("calibration failed")
        .contains(A.fingerprint(), B.fingerprint());
    assertThat(serving().calibrationId()).isEqualTo(first.id());
  }

  @Test
  void refusesAnExpiredCalibration() {
    rollout.start();

    expired.save(calibration);
    ticks(3);

    assertThat(log).hasSize(1).first().asString().contains("expired");
    assertThat(serving().calibrationId()).isEqualTo(first.id());
  }

  @Test
  void goesOnServingWhenTheCalibrationIsDeleted() throws IOException {
    rollout.start();

    Files.delete(calibration);
    ticks(3);

    assertThat(log).hasSize(1).first().asString().contains("no such file");
    assertThat(serving().calibrationId()).isEqualTo(first.id());
  }

  @Test
  void swapsTheModelAndUnloadsTheOldOne() throws IOException {
    Path calibrations = Files.createDirectory(folder.resolve("calibrations"));
    first.save(calibrations.resolve("a.json"));
    ofB.save(calibrations.resolve("b.json"));
    rollout = rollout(calibrations);
    rollout.start();

    write(model, "b");
    ticks(2);

    assertThat(serving()).isEqualTo(new ServedIds(B.fingerprint(), ofB.id()));
    assertThat(log).containsExactly("model done");
    assertThat(unloads).containsExactly("a");
  }

  @Test
  void modelAndCalibrationMayChangeInAnyOrder() throws IOException {
    rollout.start();

    write(model, "b");
    ticks(3);
    ServedIds between = serving();
    ofB.save(calibration);
    ticks(3);

    assertThat(between).isEqualTo(new ServedIds(A.fingerprint(), first.id()));
    assertThat(log).hasSize(2);
    assertThat(log.get(0)).startsWith("model failed: no calibration for model b");
    assertThat(log.get(1)).isEqualTo("model done");
    assertThat(serving()).isEqualTo(new ServedIds(B.fingerprint(), ofB.id()));
    assertThat(unloads).containsExactly("b", "a"); // the b that had no calibration yet
  }

  @Test
  void keepsTheOldModelWhenTheNewOneCannotBeLoaded() throws IOException {
    rollout.start();

    write(model, "broken");
    ticks(3);

    assertThat(log).containsExactly("model failed: tensor x is damaged");
    assertThat(serving().modelFingerprint()).isEqualTo(A.fingerprint());
    assertThat(unloads).isEmpty();
  }

  @Test
  void keepsTheOldModelWhenTheNewOneFailsItsCanaries() throws IOException {
    FakeModel otherwise = new FakeModel("a".repeat(64), 77);
    Canaries.record(
            otherwise,
            Optional.of(otherwise.classifier()),
            java.util.Map.of("traffic-light", FakeModel.image(2, 3)))
        .save(folder.resolve("canaries.json"));
    Canaries.Canary canary = Canaries.load(folder.resolve("canaries.json")).all().get(0);
    write(model, "a");
    rollout.start();

    // the same weights on disk again, but with the answer of another class expected of them
    String wrong =
        Files.readString(folder.resolve("canaries.json"))
            .replace(canary.label().orElseThrow(), "class5");
    Files.writeString(model.resolve(Canaries.FILE), wrong);
    ticks(3);

    assertThat(log)
        .hasSize(1)
        .first()
        .asString()
        .startsWith("model failed")
        .contains("canary traffic-light: label class2")
        .contains("expected: label class5");
    assertThat(stage).hasSize(1);
    assertThat(unloads).containsExactly("a");
  }

  @Test
  void checksTheMemoryForTwoModelsFirstAndTriesAgainLater() throws IOException {
    rollout.start();
    available = 10;

    write(model, "a2");
    ticks(5);
    List<String> whileShort = List.copyOf(log);
    available = 1 << 20;
    ticks(5);
    int beforeRetry = stage.size();
    now = now.plusSeconds(60);
    ticks(1);

    assertThat(whileShort)
        .hasSize(1)
        .first()
        .asString()
        .contains("beside the model that is served", "give the service more memory");
    assertThat(beforeRetry).isEqualTo(1);
    assertThat(stage).hasSize(2);
    assertThat(loads).containsExactly("a", "a2");
  }

  @Test
  void saysWhyItCannotStart() throws IOException {
    ofB.save(calibration);

    assertThatThrownBy(() -> rollout.start())
        .isInstanceOf(UserException.class)
        .hasMessageContaining(A.fingerprint())
        .hasMessageContaining(B.fingerprint())
        .hasMessageContaining("headgate calibrate");
    assertThat(unloads).containsExactly("a");

    Files.delete(calibration);
    assertThatThrownBy(() -> rollout.start())
        .isInstanceOf(UserException.class)
        .hasMessageContaining("calibration.json: no such file");
  }

  @Test
  void waitsForTheFirstCalibrationOfATopicThatHasNone() {
    AtomicInteger looks = new AtomicInteger();
    CalibrationSource topic =
        new CalibrationSource() {
          @Override
          public String signature() {
            return looks.incrementAndGet() < 3 ? "empty" : "one";
          }

          @Override
          public Loaded load() {
            return looks.get() < 3
                ? new Loaded(List.of(), List.of())
                : new Loaded(List.of(first), List.of());
          }

          @Override
          public boolean isFed() {
            return true;
          }

          @Override
          public void close() {}
        };

    rollout(topic).start();

    assertThat(serving().calibrationId()).isEqualTo(first.id());
    assertThat(loads).as("loaded again only once something had changed").hasSize(2);
  }

  @Test
  void takesOnlyCalibrationsThatTheConfiguredKeySigned() throws Exception {
    java.security.KeyPair keys =
        java.security.KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
    Rollout strict =
        new Rollout(
            model,
            loader,
            List.of(new FileCalibrations(calibration)),
            Optional.of(keys.getPublic()),
            Optional.empty(),
            RepairPolicy.PRUNE,
            () -> OptionalLong.of(available),
            Clock.fixed(NOW, ZoneOffset.UTC),
            (engine, newModel) -> stage.add(engine),
            (what, done, took, message) -> {});

    assertThatThrownBy(strict::start)
        .isInstanceOf(UserException.class)
        .hasMessageContaining("not signed");

    io.headgate.calibration.CalibrationKeys.sign(first, keys.getPrivate()).save(calibration);
    strict.start();
    assertThat(serving().calibrationId()).isEqualTo(first.id());
  }

  private final List<String> loads = new ArrayList<>();
  private final List<String> unloads = new ArrayList<>();
  private final ModelLoader loader =
      new ModelLoader() {
        @Override
        public long bytesNeeded(Path path) {
          return 1000;
        }

        @Override
        public ModelHandle load(Path path) {
          String name = read(path);
          if (name.equals("broken")) {
            throw new UserException("tensor x is damaged");
          }
          loads.add(name);
          FakeModel loaded = name.startsWith("a") ? A : B;
          return new ModelHandle(
              loaded, Optional.of(loaded.classifier()), "fp32", () -> unloads.add(name));
        }
      };

  private Rollout rollout(Path calibrations) {
    return rollout(new FileCalibrations(calibrations));
  }

  private Rollout rollout(CalibrationSource calibrations) {
    return new Rollout(
        model,
        loader,
        List.of(calibrations),
        Optional.empty(),
        Optional.empty(),
        RepairPolicy.PRUNE,
        () -> OptionalLong.of(available),
        new Clock() {
          @Override
          public ZoneOffset getZone() {
            return ZoneOffset.UTC;
          }

          @Override
          public Clock withZone(java.time.ZoneId zone) {
            return this;
          }

          @Override
          public Instant instant() {
            return now;
          }
        },
        (engine, newModel) -> {
          if (!stage.isEmpty()) {
            stage.get(stage.size() - 1).close();
          }
          stage.add(engine);
        },
        (what, done, took, message) ->
            log.add(done ? what + " done" : what + " failed: " + message));
  }

  private ServedIds serving() {
    return stage.get(stage.size() - 1).description().ids();
  }

  private void ticks(int count) {
    for (int i = 0; i < count; i++) {
      rollout.tick();
    }
  }

  private static void write(Path model, String name) throws IOException {
    Path half = model.resolveSibling("half");
    Files.writeString(half, name);
    Files.move(half, model.resolve("weights"), StandardCopyOption.REPLACE_EXISTING);
  }

  private static String read(Path model) {
    try {
      return Files.readString(model.resolve("weights"));
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
