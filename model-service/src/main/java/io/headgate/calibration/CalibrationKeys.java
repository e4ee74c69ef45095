package io.headgate.calibration;

import io.headgate.calibration.Calibration.Signature;
import io.headgate.calibration.CalibrationException.Code;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.interfaces.EdECPrivateKey;
import java.security.spec.NamedParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;

/**
 * Makes keys, signs and verifies calibrations with Ed25519 (RFC 8032). Keys are PEM files as
 * OpenSSL writes them: {@code openssl genpkey -algorithm ed25519 -out key.pem}, {@code openssl pkey
 * -in key.pem -pubout -out key.pub}.
 */
public final class CalibrationKeys {
  private static final String ED25519 = "Ed25519";
  private static final byte[] LF = {'\n'};

  private CalibrationKeys() {}

  /**
   * Makes a key pair.
   *
   * @param privateKey new file, readable by its owner only
   * @param publicKey new file
   * @throws java.nio.file.FileAlreadyExistsException if one of them is there
   */
  public static void generate(Path privateKey, Path publicKey) throws IOException {
    if (Files.exists(publicKey)) {
      throw new FileAlreadyExistsException(publicKey.toString());
    }
    KeyPair pair;
    try {
      pair = KeyPairGenerator.getInstance(ED25519).generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
    boolean posix = privateKey.getFileSystem().supportedFileAttributeViews().contains("posix");
    Files.createFile(
        privateKey,
        posix
            ? new FileAttribute<?>[] {
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
            }
            : new FileAttribute<?>[0]);
    Files.writeString(privateKey, pem("PRIVATE KEY", pair.getPrivate()));
    Files.writeString(
        publicKey, pem("PUBLIC KEY", pair.getPublic()), StandardOpenOption.CREATE_NEW);
  }

  private static String pem(String type, Key key) {
    return "-----BEGIN %s-----\n%s\n-----END %s-----\n"
        .formatted(type, Base64.getMimeEncoder(64, LF).encodeToString(key.getEncoded()), type);
  }

  /** The calibration, signed. */
  public static Calibration sign(Calibration calibration, PrivateKey key) {
    try {
      PublicKey publicKey = publicHalf(key);
      java.security.Signature signer = java.security.Signature.getInstance(ED25519);
      signer.initSign(key);
      signer.update(calibration.id().getBytes(StandardCharsets.US_ASCII));
      return calibration.signed(
          new Signature(
              Base64.getEncoder().encodeToString(publicKey.getEncoded()),
              Base64.getEncoder().encodeToString(signer.sign())));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Derives the public key: a key pair generator whose only randomness is the private key. */
  private static PublicKey publicHalf(PrivateKey key) throws GeneralSecurityException {
    byte[] seed =
        ((EdECPrivateKey) key)
            .getBytes()
            .orElseThrow(() -> new GeneralSecurityException("the private key is not readable"));
    KeyPairGenerator generator = KeyPairGenerator.getInstance(ED25519);
    generator.initialize(
        NamedParameterSpec.ED25519,
        new SecureRandom() {
          private static final long serialVersionUID = 1L;

          @Override
          public void nextBytes(byte[] bytes) {
            System.arraycopy(seed, 0, bytes, 0, bytes.length);
          }
        });
    return generator.generateKeyPair().getPublic();
  }

  /**
   * Fails unless the calibration was signed with the private half of this key.
   *
   * @throws CalibrationException saying whether the signature is missing or wrong
   */
  public static void verify(Calibration calibration, PublicKey key, String where) {
    Signature signature =
        calibration
            .signature()
            .orElseThrow(
                () ->
                    new CalibrationException(
                        Code.UNTRUSTED,
                        "%s: calibration %s is not signed, but a public key is configured — sign it with 'headgate calibrate --sign-key', or configure no key"
                            .formatted(where, calibration.id())));
    boolean good;
    try {
      java.security.Signature verifier = java.security.Signature.getInstance(ED25519);
      verifier.initVerify(key);
      verifier.update(calibration.id().getBytes(StandardCharsets.US_ASCII));
      good = verifier.verify(Base64.getDecoder().decode(signature.value()));
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      good = false;
    }
    if (!good) {
      throw new CalibrationException(
          Code.UNTRUSTED,
          "%s: the signature of calibration %s is not from the configured public key (it names key %s) — it was signed by someone else or altered"
              .formatted(where, calibration.id(), signature.publicKey()));
    }
  }

  /**
   * Reads a PKCS #8 PEM private key.
   *
   * @throws CalibrationException if it is none
   */
  public static PrivateKey privateKey(Path file) {
    try {
      return KeyFactory.getInstance(ED25519)
          .generatePrivate(new PKCS8EncodedKeySpec(pem(file, "PRIVATE KEY")));
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      throw badKey(file, "private", e);
    }
  }

  /**
   * Reads an X.509 PEM public key.
   *
   * @throws CalibrationException if it is none
   */
  public static PublicKey publicKey(Path file) {
    try {
      return KeyFactory.getInstance(ED25519)
          .generatePublic(new X509EncodedKeySpec(pem(file, "PUBLIC KEY")));
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      throw badKey(file, "public", e);
    }
  }

  private static byte[] pem(Path file, String type) {
    String text;
    if (!Files.isRegularFile(file)) {
      throw new CalibrationException(
          Code.UNTRUSTED,
          "%s: no such file (expected: an Ed25519 key in PEM; 'headgate calibrate keygen' makes a pair)"
              .formatted(file));
    }
    try {
      text = Files.readString(file, StandardCharsets.US_ASCII);
    } catch (IOException e) {
      throw new CalibrationException(
          Code.UNTRUSTED, "%s: key file cannot be read: %s".formatted(file, e), e);
    }
    String begin = "-----BEGIN " + type + "-----";
    int from = text.indexOf(begin);
    int to = text.indexOf("-----END " + type + "-----");
    if (from < 0 || to < from) {
      throw badKey(file, type.startsWith("PRIVATE") ? "private" : "public", null);
    }
    return Base64.getMimeDecoder().decode(text.substring(from + begin.length(), to));
  }

  private static CalibrationException badKey(Path file, String half, Exception cause) {
    return new CalibrationException(
        Code.UNTRUSTED,
        "%s: no Ed25519 %s key in PEM form — make a pair with 'headgate calibrate keygen --out key.pem'"
            .formatted(file, half),
        cause);
  }
}
