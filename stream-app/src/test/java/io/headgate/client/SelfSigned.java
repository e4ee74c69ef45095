package io.headgate.client;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Base64;
import java.util.concurrent.TimeUnit;

/**
 * A certificate that vouches for itself, made by the JDK's keytool, with its key: as a store and as
 * PEM files.
 */
public record SelfSigned(KeyStore store, Path certificate, Path key) {
  /** Of the store and of its only entry. */
  public static final String PASSWORD = "changeit";

  /**
   * @param alternativeNames as keytool takes them, such as {@code dns:localhost}
   */
  public static SelfSigned make(Path folder, String name, String alternativeNames)
      throws IOException, GeneralSecurityException, InterruptedException {
    Path file = folder.resolve(name + ".p12");
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-keystore",
                file.toString(),
                "-storepass",
                PASSWORD,
                "-alias",
                name,
                "-keyalg",
                "EC",
                "-dname",
                "CN=" + name,
                "-ext",
                "san=" + alternativeNames,
                "-validity",
                "2")
            .redirectErrorStream(true)
            .start();
    String said = new String(keytool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (!keytool.waitFor(60, TimeUnit.SECONDS) || keytool.exitValue() != 0) {
      throw new IllegalStateException("keytool: " + said);
    }
    KeyStore store = KeyStore.getInstance(file.toFile(), PASSWORD.toCharArray());
    return new SelfSigned(
        store,
        pem(folder.resolve(name + ".pem"), "CERTIFICATE", store.getCertificate(name).getEncoded()),
        pem(
            folder.resolve(name + ".key"),
            "PRIVATE KEY",
            store.getKey(name, PASSWORD.toCharArray()).getEncoded()));
  }

  private static Path pem(Path file, String type, byte[] content) throws IOException {
    String body =
        Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII)).encodeToString(content);
    return Files.writeString(
        file, "-----BEGIN %s-----%n%s%n-----END %s-----%n".formatted(type, body, type));
  }
}
