package io.headgate.calibration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.headgate.calibration.CalibrationException.Code;
import io.headgate.decomposition.Decomposition;
import io.headgate.detection.DetectorBank;
import io.headgate.detection.FakeModel;
import io.headgate.weights.Safetensors;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The artefact as files and as a record: what is kept, and what is refused. */
class CalibrationFileTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static Calibration calibration;

  @TempDir private Path folder;

  @BeforeAll
  static void calibrate() {
    calibration = Fakes.calibration(300);
  }

  private Path saved() {
    Path file = folder.resolve("calibration.json");
    calibration.save(file);
    return file;
  }

  private static void refused(Code code, Runnable load, String... says) {
    assertThatThrownBy(load::run)
        .isInstanceOfSatisfying(
            CalibrationException.class, e -> assertThat(e.code()).isEqualTo(code))
        .hasMessageContainingAll(says);
  }

  @Test
  void readsWhatItWroteToTheLastScore() {
    Calibration read = Calibration.load(saved());

    assertThat(read.id()).isEqualTo(calibration.id()).matches("[0-9a-f]{64}");
    assertThat(read.content().settings()).isEqualTo(calibration.content().settings());
    assertThat(read.content().suspects()).isEqualTo(calibration.content().suspects());
    assertThat(read.measured()).isEqualTo(calibration.measured());
    assertThat(read.content().images().manifest())
        .isEqualTo(calibration.content().images().manifest());
    FakeModel model = Fakes.MODEL;
    DetectorBank before = calibration.bank(Optional.of(model.classifier()));
    DetectorBank after = read.bank(Optional.of(model.classifier()));
    for (Decomposition image :
        model.decompose(Fakes.clean(500, 520).stream().map(CleanImage::pixels).toList())) {
      assertThat(after.score(image)).isEqualTo(before.score(image));
    }
  }

  @Test
  void aRecordIsTheSameCalibration() {
    Calibration read = CalibrationCodec.fromBytes(CalibrationCodec.toBytes(calibration));

    assertThat(read).isEqualTo(calibration);
    assertThat(CalibrationCodec.toBytes(read)).isEqualTo(CalibrationCodec.toBytes(calibration));
  }

  @Test
  void theNumbersAreASafetensorsFileThatOthersCanRead() {
    saved();

    try (Safetensors numbers = Safetensors.open(folder.resolve("calibration.safetensors"))) {
      assertThat(numbers.names()).contains("reference.means", "manifest", "classes.embeddings");
      assertThat(numbers.tensor("manifest").shape()).containsExactly(300, 32);
      assertThat(numbers.tensor("reference.means").shape())
          .containsExactly(Fakes.MODEL.shape().components(), Fakes.MODEL.shape().embedding());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/deciding/threshold", "/settings/targetFalseQuarantine", "/measured/flagged",
        "/model/fingerprint", "/paper/zeta", "/createdAt"
      })
  void oneEditedByHandIsRefused(String pointer) throws IOException {
    Path file = saved();
    ObjectNode json = (ObjectNode) JSON.readTree(file.toFile());
    int slash = pointer.lastIndexOf('/');
    ObjectNode parent = slash == 0 ? json : (ObjectNode) json.at(pointer.substring(0, slash));
    String name = pointer.substring(slash + 1);
    if (parent.get(name).isTextual()) {
      parent.put(name, parent.get(name).asText().replace('0', '1').replace('f', 'e'));
    } else {
      parent.put(name, parent.get(name).asDouble() + 1);
    }
    JSON.writeValue(file.toFile(), json);

    refused(
        Code.ALTERED,
        () -> Calibration.load(file),
        file.toString(),
        calibration.id(),
        "edited or damaged");
  }

  @Test
  void reformattingIsNoEdit() throws IOException {
    Path file = saved();
    JSON.writeValue(file.toFile(), JSON.readTree(file.toFile())); // all on one line

    assertThat(Calibration.load(file)).isEqualTo(calibration);
  }

  @Test
  void numbersOfAnotherCalibrationAreRefused() throws IOException {
    Path file = saved();
    Path other = folder.resolve("other.json");
    Fakes.calibration(200).save(other);
    Files.copy(
        folder.resolve("other.safetensors"),
        folder.resolve("calibration.safetensors"),
        StandardCopyOption.REPLACE_EXISTING);

    refused(Code.ALTERED, () -> Calibration.load(file), "numbers hash to", ".safetensors");
  }

  @Test
  void anythingElseIsRefused() throws IOException {
    Path file = saved();
    String good = Files.readString(file);

    for (String bad : List.of("", "{", "[]", "null", "{}", "{\"format\":\"headgate/9\"}")) {
      Files.writeString(file, bad);
      refused(Code.UNREADABLE, () -> Calibration.load(file), file.toString(), "calibrat");
    }
    Files.writeString(file, good.substring(0, good.length() / 2));
    refused(Code.UNREADABLE, () -> Calibration.load(file), file.toString());
    Files.writeString(file, good);
    Files.delete(folder.resolve("calibration.safetensors"));
    refused(
        Code.UNREADABLE, () -> Calibration.load(file), "calibration.safetensors", "no such file");
    refused(Code.UNREADABLE, () -> Calibration.load(folder.resolve("none.json")), "no such file");
  }

  @Test
  void aCutOrFlippedRecordIsRefused() {
    byte[] good = CalibrationCodec.toBytes(calibration);
    for (int length : new int[] {0, 5, 11, 12, 100, good.length / 2, good.length - 1}) {
      assertThatThrownBy(() -> CalibrationCodec.fromBytes(Arrays.copyOf(good, length)))
          .as("%d bytes", length)
          .isInstanceOf(CalibrationException.class);
    }
    for (int at = 0; at < good.length; at += good.length / 50) {
      byte[] flipped = good.clone();
      flipped[at] ^= 0x20;
      assertThatThrownBy(() -> CalibrationCodec.fromBytes(flipped))
          .as("byte %d", at)
          .isInstanceOf(CalibrationException.class);
    }
  }

  @Test
  void signaturesSayWhoMadeIt() throws IOException {
    Path key = folder.resolve("key.pem");
    Path otherKey = folder.resolve("other.pem");
    CalibrationKeys.generate(key, folder.resolve("key.pub"));
    CalibrationKeys.generate(otherKey, folder.resolve("other.pub"));
    Path file = folder.resolve("signed.json");
    CalibrationKeys.sign(calibration, CalibrationKeys.privateKey(key)).save(file);
    var own = CalibrationKeys.publicKey(folder.resolve("key.pub"));
    var other = CalibrationKeys.publicKey(folder.resolve("other.pub"));

    assertThat(Calibration.load(file, own).id()).isEqualTo(calibration.id());
    refused(
        Code.UNTRUSTED, () -> Calibration.load(file, other), "not from the configured public key");
    refused(Code.UNTRUSTED, () -> Calibration.load(saved(), own), "is not signed");
    String json = Files.readString(file);
    String value = JSON.readTree(json).at("/signature/value").asText();
    Files.writeString(file, json.replace(value, value.substring(1) + value.charAt(0)));
    refused(Code.UNTRUSTED, () -> Calibration.load(file, own), "signature");
    Files.writeString(file, json.replace(value, "no base64 !"));
    refused(Code.UNTRUSTED, () -> Calibration.load(file, own), "signature");
  }

  @Test
  void keysAreForTheirOwnerAndNeverOverwritten() throws IOException {
    Path key = folder.resolve("key.pem");
    Path publicKey = folder.resolve("key.pub");
    CalibrationKeys.generate(key, publicKey);

    assertThat(Files.getPosixFilePermissions(key))
        .isEqualTo(PosixFilePermissions.fromString("rw-------"));
    assertThat(Files.readString(publicKey)).startsWith("-----BEGIN PUBLIC KEY-----\n");
    assertThatThrownBy(() -> CalibrationKeys.generate(key, folder.resolve("new.pub")))
        .isInstanceOf(FileAlreadyExistsException.class);
    assertThatThrownBy(() -> CalibrationKeys.generate(folder.resolve("new.pem"), publicKey))
        .isInstanceOf(FileAlreadyExistsException.class);
    assertThat(folder.resolve("new.pem")).doesNotExist();
    refused(Code.UNTRUSTED, () -> CalibrationKeys.privateKey(publicKey), "private key", "keygen");
    refused(Code.UNTRUSTED, () -> CalibrationKeys.publicKey(key), "public key");
    refused(Code.UNTRUSTED, () -> CalibrationKeys.publicKey(folder.resolve("none")), "none");
  }

  @Test
  void theCalibrationOfAnotherModelIsRefusedWithBothFingerprints() {
    FakeModel other = new FakeModel("e".repeat(64), 254);

    refused(
        Code.OTHER_MODEL,
        () ->
            calibration.requireModel(
                other.fingerprint(), other.shape(), Optional.of(other.classifier())),
        "f".repeat(64),
        "e".repeat(64));
    refused(
        Code.OTHER_CLASSES,
        () ->
            calibration.requireModel(
                Fakes.MODEL.fingerprint(), Fakes.MODEL.shape(), Optional.empty()),
        "6 classes",
        "0 []");
  }

  @Test
  void aDiffShowsWhatChanged() {
    Calibration other = Fakes.calibration(200);

    CalibrationDiff diff = CalibrationDiff.of(calibration, other);

    assertThat(diff.changes())
        .extracting(CalibrationDiff.Change::what)
        .contains("id", "images used", "threshold combined")
        .doesNotContain("model", "classes", "seed");
    assertThat(diff.changes()).anyMatch(c -> c.what().startsWith("prototype L"));
    assertThat(diff.imagesInBoth()).isEqualTo(200);
    assertThat(diff.imagesOnlyInA()).isEqualTo(100);
    assertThat(diff.imagesOnlyInB()).isZero();
    assertThat(CalibrationDiff.of(calibration, calibration).changes()).isEmpty();
  }
}
