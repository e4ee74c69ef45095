package io.headgate.serving;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.Key;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A little certificate authority on the JDK's keytool; everything ends up as PEM files. */
final class Certificates {
  private static final String PASSWORD = "changeit";

  private final Path folder;
  private final String authority;

  /** Makes the authority, whose certificate is {@code NAME.pem}. */
  Certificates(Path folder, String authority) throws Exception {
    this.folder = folder;
    this.authority = authority;
    keytool(
        "-genkeypair",
        "-alias",
        authority,
        "-dname",
        "CN=" + authority,
        "-keyalg",
        "EC",
        "-groupname",
        "secp256r1",
        "-validity",
        "2",
        "-ext",
        "bc:c",
        "-keystore",
        store(authority));
    writePem(authority);
  }

  /** Makes {@code NAME.pem} and {@code NAME.key}, signed by the authority. */
  void issue(String name, String extension) throws Exception {
    keytool(
        "-genkeypair",
        "-alias",
        name,
        "-dname",
        "CN=" + name,
        "-keyalg",
        "EC",
        "-groupname",
        "secp256r1",
        "-validity",
        "2",
        "-signer",
        authority,
        "-ext",
        extension,
        "-keystore",
        copyOfAuthority(name));
    writePem(name);
  }

  Path certificate(String name) {
    return folder.resolve(name + ".pem");
  }

  Path key(String name) {
    return folder.resolve(name + ".key");
  }

  private String store(String name) {
    return folder.resolve(name + ".p12").toString();
  }

  private String copyOfAuthority(String name) throws IOException {
    Files.copy(
        Path.of(store(authority)), Path.of(store(name)), StandardCopyOption.REPLACE_EXISTING);
    return store(name);
  }

  private void writePem(String name) throws Exception {
    KeyStore store = KeyStore.getInstance(Path.of(store(name)).toFile(), PASSWORD.toCharArray());
    StringBuilder chain = new StringBuilder();
    for (Certificate certificate : store.getCertificateChain(name)) {
      chain.append(pem("CERTIFICATE", certificate.getEncoded()));
    }
    Key key = store.getKey(name, PASSWORD.toCharArray());
    Files.writeString(certificate(name), chain.toString());
    Files.writeString(key(name), pem("PRIVATE KEY", key.getEncoded()));
  }

  private static String pem(String type, byte[] content) {
    String body =
        Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII)).encodeToString(content);
    return "-----BEGIN %s-----%n%s%n-----END %s-----%n".formatted(type, body, type);
  }

  private static void keytool(String... arguments) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    command.addAll(List.of(arguments));
    command.addAll(
        List.of("-storetype", "PKCS12", "-storepass", PASSWORD, "-keypass", PASSWORD, "-noprompt"));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
      throw new IllegalStateException(command + ": " + output);
    }
  }
}
