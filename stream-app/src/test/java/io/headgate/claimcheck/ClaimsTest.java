package io.headgate.claimcheck;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.headgate.claimcheck.ClaimRefusedException.Reason;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLSocketFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(30)
class ClaimsTest {
  private static final byte[] FILE = "a picture, as far as claims care".getBytes(UTF_8);
  private static final AddressRange LOOPBACK = AddressRange.parse("127.0.0.0/8");
  private static final SSLSocketFactory TLS = (SSLSocketFactory) SSLSocketFactory.getDefault();

  @TempDir Path folder;

  @Test
  void fetchesWhatIsAllowedAndProved() throws Exception {
    try (RawServer server = RawServer.of(ok(FILE.length), FILE);
        Claims claims = claims(server)) {
      byte[] file = claims.fetch(at(server, "/in/a.png?v=1"), sha256(FILE), FILE.length);

      assertThat(file).isEqualTo(FILE);
      assertThat(server.requests().get(0))
          .startsWith("GET /in/a.png?v=1 HTTP/1.1\r\nHost: images.test:" + server.port() + "\r\n");
    }
  }

  @Test
  void readsChunkedAnswers() throws Exception {
    RawServer.Script chunked =
        RawServer.text(
            "HTTP/1.1 200 OK\nTransfer-Encoding: chunked",
            ("5;x=y\r\na pic\r\n1b\r\nture, as far as claims care\r\n0\r\n\r\n").getBytes(UTF_8));
    try (RawServer server = RawServer.of(chunked);
        Claims claims = claims(server)) {
      assertThat(claims.fetch(at(server, "/in/a"), sha256(FILE), FILE.length)).isEqualTo(FILE);
    }
  }

  @Test
  void readsAnswersThatEndWithTheConnection() throws Exception {
    try (RawServer server = RawServer.of("HTTP/1.0 200 OK", FILE);
        Claims claims = claims(server)) {
      assertThat(claims.fetch(at(server, "/in/a"), sha256(FILE), FILE.length)).isEqualTo(FILE);
    }
  }

  @Test
  void refusesEverythingUnlessAllowed() throws Exception {
    try (RawServer server = RawServer.of(ok(FILE.length), FILE);
        Claims claims = new Claims(ClaimRules.none(), loopback(), TLS)) {
      assertThat(reason(claims, at(server, "/in/a.png"))).isEqualTo(Reason.FORBIDDEN);
      assertThat(reason(claims, "file:///etc/hostname")).isEqualTo(Reason.FORBIDDEN);
      assertThat(server.requests()).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://images.test:PORT/other/a.png", // another path
        "http://images.test:PORT/input.png", // the prefix is a folder, not a string
        "http://images.test:1/in/a.png", // another port
        "http://images.test/in/a.png",
        "https://images.test:PORT/in/a.png", // another scheme
        "http://images.test.evil.test:PORT/in/a.png",
        "http://evil.test:PORT/in/a.png",
        "http://127.0.0.1:PORT/in/a.png",
        "http://[::ffff:127.0.0.1]:PORT/in/a.png",
        "http://169.254.169.254/latest/meta-data/"
      })
  void refusesWhatIsNotBelowAnAllowedPrefix(String uri) throws Exception {
    try (RawServer server = RawServer.of(ok(FILE.length), FILE);
        Claims claims = claims(server)) {
      assertThat(reason(claims, uri.replace("PORT", "" + server.port())))
          .isEqualTo(Reason.FORBIDDEN);
      assertThat(server.requests()).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://user@images.test:PORT/in/a.png",
        "http://images.test:PORT@evil.test/in/a.png",
        "http://images.test:PORT/in/../secret",
        "http://images.test:PORT/in/%2e%2e/secret",
        "http://images.test:PORT/in/..%2fsecret",
        "http://images.test:PORT/in/%252e%252e/secret",
        "http://images.test:PORT/in\\..\\secret",
        "http://images.test:PORT/in/a.png\r\nHost: evil.test",
        "http://images.test:PORT/in/a%0d%0aHost:%20evil.test",
        "http://images.test:PORT/in/a b",
        "http://images.test:PORT/in/ä",
        "http://images.test:PORT/in/a#part",
        "http://2130706433:PORT/in/a.png",
        "http://0x7f000001:PORT/in/a.png",
        "http://0177.0.0.1:PORT/in/a.png",
        "http://127.1:PORT/in/a.png",
        "http:///in/a.png",
        "//images.test/in/a.png",
        "mailto:a@images.test",
        "ftp://images.test/in/a.png",
        "gopher://images.test/in/a.png",
        "file://images.test/in/a.png",
        "jar:file:///a.jar!/a.png",
        ""
      })
  void refusesAmbiguousReferences(String uri) throws Exception {
    try (RawServer server = RawServer.of(ok(FILE.length), FILE);
        Claims claims = claims(server)) {
      assertThat(reason(claims, uri.replace("PORT", "" + server.port()))).isEqualTo(Reason.BAD_URI);
      assertThat(server.requests()).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "127.0.0.1",
        "169.254.169.254",
        "10.1.2.3",
        "172.31.0.1",
        "192.168.0.1",
        "100.64.0.1",
        "0.0.0.0",
        "255.255.255.255",
        "224.0.0.1",
        "::1",
        "::",
        "::ffff:127.0.0.1",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "fe80::1",
        "fd00:ec2::254",
        "ff02::1"
      })
  void refusesPrivateAddressesOfAllowedNames(String address) throws Exception {
    try (RawServer server = RawServer.of(ok(FILE.length), FILE);
        Claims claims =
            new Claims(
                rules(server, List.of()), host -> List.of(InetAddress.getByName(address)), TLS)) {
      assertThat(reason(claims, at(server, "/in/a.png"))).isEqualTo(Reason.FORBIDDEN);
    }
  }

  @Test
  void refusesANameThatAlsoHasAPrivateAddress() throws Exception {
    Resolver both =
        host -> List.of(InetAddress.getByName("1.1.1.1"), InetAddress.getByName("10.0.0.1"));
    try (RawServer server = RawServer.of(ok(FILE.length), FILE);
        Claims claims = new Claims(rules(server, List.of()), both, TLS)) {
      assertThat(reason(claims, at(server, "/in/a.png"))).isEqualTo(Reason.FORBIDDEN);
    }
  }

  @Test
  void connectsToTheAddressThatWasChecked() throws Exception {
    AtomicInteger asked = new AtomicInteger();
    Resolver rebinding =
        host ->
            List.of(InetAddress.getByName(asked.getAndIncrement() == 0 ? "127.0.0.1" : "10.0.0.1"));
    try (RawServer server = RawServer.of(ok(FILE.length), FILE);
        Claims claims = new Claims(rules(server, List.of(LOOPBACK)), rebinding, TLS)) {
      assertThat(claims.fetch(at(server, "/in/a"), sha256(FILE), FILE.length)).isEqualTo(FILE);
      assertThat(asked).hasValue(1);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "301, REDIRECT",
    "302, REDIRECT",
    "307, REDIRECT",
    "401, DENIED",
    "403, DENIED",
    "404, NOT_FOUND",
    "410, NOT_FOUND",
    "206, REFUSED",
    "418, REFUSED"
  })
  void refusesAnswersThatAreNotTheFile(int status, Reason reason) throws Exception {
    String head = "HTTP/1.1 %d X\nLocation: /in/b.png\nContent-Length: 0".formatted(status);
    try (RawServer server = RawServer.of(head, new byte[0]);
        Claims claims = claims(server)) {
      assertThat(reason(claims, at(server, "/in/a.png"))).isEqualTo(reason);
      assertThat(server.requests()).hasSize(1);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {408, 429, 500, 502, 503})
  void mayTryAgainAfterAPassingFault(int status) throws Exception {
    try (RawServer server = RawServer.of("HTTP/1.1 %d X".formatted(status), new byte[0]);
        Claims claims = claims(server)) {
      assertUnavailable(claims, at(server, "/in/a.png"), "status " + status);
    }
  }

  @Test
  void mayTryAgainWhenNobodyListens() throws Exception {
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    try (Claims claims = new Claims(rules(port, List.of(LOOPBACK)), loopback(), TLS)) {
      assertUnavailable(claims, "http://images.test:" + port + "/in/a", "Connection refused");
    }
  }

  @Test
  void mayTryAgainWhenTheNameIsUnknown() throws Exception {
    Resolver none =
        host -> {
          throw new UnknownHostException(host);
        };
    try (Claims claims = new Claims(rules(80, List.of()), none, TLS)) {
      assertUnavailable(claims, "http://images.test/in/a", "cannot be resolved");
    }
  }

  @Test
  void givesUpOnAResolverThatStalls() throws Exception {
    Resolver stalling =
        host -> {
          try {
            TimeUnit.MINUTES.sleep(1);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          throw new UnknownHostException(host);
        };
    try (Claims claims = new Claims(rules(80, List.of()), stalling, TLS)) {
      assertUnavailable(claims, "http://images.test/in/a", "no answer");
    }
  }

  @Test
  void givesUpOnAServerThatNeverAnswers() throws Exception {
    try (RawServer server = RawServer.of(out -> TimeUnit.MINUTES.sleep(1));
        Claims claims = claims(server)) {
      assertUnavailable(claims, at(server, "/in/a"), "within 500 ms");
    }
  }

  @Test
  void givesUpOnAServerThatDripsBytesForEver() throws Exception {
    RawServer.Script dripping =
        out -> {
          RawServer.text(ok(FILE.length), new byte[0]).answer(out);
          for (byte b : FILE) {
            out.write(b);
            out.flush();
            TimeUnit.MILLISECONDS.sleep(100);
          }
        };
    try (RawServer server = RawServer.of(dripping);
        Claims claims = claims(server)) {
      assertUnavailable(claims, at(server, "/in/a"), "within 500 ms");
    }
  }

  @Test
  void givesUpOnAHeadWithoutEnd() throws Exception {
    try (RawServer server = RawServer.of(ClaimsTest::endlessHead);
        Claims claims = claims(server)) {
      assertUnavailable(claims, at(server, "/in/a"), "head of more than");
    }
  }

  private static void endlessHead(OutputStream out) throws java.io.IOException {
    out.write("HTTP/1.1 200 OK\r\n".getBytes(UTF_8));
    while (true) {
      out.write("X: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n".getBytes(UTF_8));
    }
  }

  @Test
  void mayTryAgainWhenTheTransferBreaks() throws Exception {
    try (RawServer server = RawServer.of(ok(FILE.length), new byte[3]);
        Claims claims = claims(server)) {
      assertUnavailable(claims, at(server, "/in/a"), "3 of " + FILE.length);
    }
  }

  @Test
  void refusesAFileOfAnotherLengthThanTheEventSays() throws Exception {
    try (RawServer server = RawServer.of(ok(FILE.length + 1), new byte[FILE.length + 1]);
        Claims claims = claims(server)) {
      assertThat(reason(claims, at(server, "/in/a"))).isEqualTo(Reason.SIZE_MISMATCH);
    }
  }

  @Test
  void refusesMoreBytesThanTheEventSaysOfAnAnswerWithoutLength() throws Exception {
    try (RawServer server = RawServer.of("HTTP/1.1 200 OK", new byte[FILE.length + 1]);
        Claims claims = claims(server)) {
      assertThat(reason(claims, at(server, "/in/a"))).isEqualTo(Reason.SIZE_MISMATCH);
    }
  }

  @Test
  void refusesAFileOfAnotherHashThanTheEventSays() throws Exception {
    try (RawServer server = RawServer.of(ok(FILE.length), new byte[FILE.length]);
        Claims claims = claims(server)) {
      assertThat(reason(claims, at(server, "/in/a"))).isEqualTo(Reason.HASH_MISMATCH);
    }
  }

  @Test
  void refusesTooLargeAFileWithoutFetchingIt() throws Exception {
    try (RawServer server = RawServer.of(ok(1 << 20), new byte[0]);
        Claims claims = claims(server)) {
      ClaimRefusedException refusal =
          catchThrowableOfType(
              ClaimRefusedException.class,
              () -> claims.fetch(at(server, "/in/a"), sha256(FILE), (1 << 16) + 1));

      assertThat(refusal.reason()).isEqualTo(Reason.TOO_LARGE);
      assertThat(server.requests()).isEmpty();
    }
  }

  @Test
  void refusesCompressedAnswers() throws Exception {
    String head = ok(FILE.length) + "\nContent-Encoding: gzip";
    try (RawServer server = RawServer.of(head, FILE);
        Claims claims = claims(server)) {
      assertThat(reason(claims, at(server, "/in/a"))).isEqualTo(Reason.REFUSED);
    }
  }

  @Test
  void readsFilesBelowAnAllowedFolder() throws Exception {
    Path file =
        Files.write(Files.createDirectories(folder.resolve("in/deep")).resolve("a b"), FILE);
    try (Claims claims = folderClaims()) {
      byte[] read = claims.fetch(file.toUri().toString(), sha256(FILE), FILE.length);

      assertThat(read).isEqualTo(FILE);
    }
  }

  @Test
  void refusesFilesOutsideTheAllowedFolder() throws Exception {
    Files.createDirectories(folder.resolve("in"));
    Path outside = Files.write(folder.resolve("outside"), FILE);
    Path sibling = Files.write(Files.createDirectories(folder.resolve("in2")).resolve("a"), FILE);
    try (Claims claims = folderClaims()) {
      assertThat(reason(claims, outside.toUri().toString())).isEqualTo(Reason.FORBIDDEN);
      assertThat(reason(claims, sibling.toUri().toString())).isEqualTo(Reason.FORBIDDEN);
      assertThat(reason(claims, folder.resolve("in").toUri() + "../outside"))
          .isEqualTo(Reason.BAD_URI);
    }
  }

  @Test
  void refusesLinksBelowTheAllowedFolder() throws Exception {
    Path in = Files.createDirectories(folder.resolve("in"));
    Path outside = Files.createDirectories(folder.resolve("outside"));
    Files.write(outside.resolve("a"), FILE);
    Files.createSymbolicLink(in.resolve("file"), outside.resolve("a"));
    Files.createSymbolicLink(in.resolve("dir"), outside);
    try (Claims claims = folderClaims()) {
      assertThat(reason(claims, in.toUri() + "file")).isEqualTo(Reason.FORBIDDEN);
      assertThat(reason(claims, in.toUri() + "dir/a")).isEqualTo(Reason.FORBIDDEN);
    }
  }

  @Test
  void refusesWhatIsNoFileOrAnotherFile() throws Exception {
    Path in = Files.createDirectories(folder.resolve("in"));
    Files.write(in.resolve("longer"), new byte[FILE.length + 1]);
    Files.write(in.resolve("other"), new byte[FILE.length]);
    Files.createDirectories(in.resolve("dir"));
    try (Claims claims = folderClaims()) {
      assertThat(reason(claims, in.toUri() + "missing")).isEqualTo(Reason.NOT_FOUND);
      assertThat(reason(claims, in.toUri() + "longer")).isEqualTo(Reason.SIZE_MISMATCH);
      assertThat(reason(claims, in.toUri() + "other")).isEqualTo(Reason.HASH_MISMATCH);
      assertThat(reason(claims, in.toUri() + "dir")).isEqualTo(Reason.FORBIDDEN);
      assertThat(reason(claims, in.toUri() + "longer/a")).isIn(Reason.NOT_FOUND);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"images.test/in", "file:///in/", "https://images.test/in/?a", "https://a@b/", "x"})
  void refusesPrefixesThatAreNone(String prefix) {
    assertThatThrownBy(() -> UriPrefix.parse(prefix))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("allowed prefix");
  }

  private static String ok(int length) {
    return "HTTP/1.1 200 OK\nContent-Type: image/png\nContent-Length: " + length;
  }

  private static String at(RawServer server, String path) {
    return "http://images.test:" + server.port() + path;
  }

  private static Resolver loopback() {
    return host -> List.of(InetAddress.getByName("127.0.0.1"));
  }

  private static Claims claims(RawServer server) {
    return new Claims(rules(server, List.of(LOOPBACK)), loopback(), TLS);
  }

  private static ClaimRules rules(RawServer server, List<AddressRange> addresses) {
    return rules(server.port(), addresses);
  }

  private static ClaimRules rules(int port, List<AddressRange> addresses) {
    return new ClaimRules(
        List.of(UriPrefix.parse("http://images.test:" + port + "/in")),
        List.of(),
        addresses,
        1 << 16,
        Duration.ofMillis(500),
        3);
  }

  private Claims folderClaims() {
    return new Claims(
        ClaimRules.allow(List.of(), List.of(folder.resolve("in")), List.of()), loopback(), TLS);
  }

  private static Reason reason(Claims claims, String uri) throws Exception {
    return catchThrowableOfType(
            ClaimRefusedException.class, () -> claims.fetch(uri, sha256(FILE), FILE.length))
        .reason();
  }

  private static void assertUnavailable(Claims claims, String uri, String why) {
    assertThatThrownBy(() -> claims.fetch(uri, sha256(FILE), FILE.length))
        .isInstanceOf(ClaimUnavailableException.class)
        .hasMessageContaining(why);
  }

  private static byte[] sha256(byte[] bytes) throws Exception {
    return MessageDigest.getInstance("SHA-256").digest(bytes);
  }
}
