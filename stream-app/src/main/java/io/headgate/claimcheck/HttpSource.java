package io.headgate.claimcheck;

import io.headgate.claimcheck.ClaimRefusedException.Reason;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

/**
 * One GET over HTTP/1.1. Written by hand because what matters here no client in the JDK offers: the
 * address that was checked is the address that is connected to, no proxy and no redirect ever comes
 * between, and one deadline holds for all of it, however slowly the bytes drip.
 *
 * <p>Any thread fetches; the deadline is kept by a thread of its own that closes the socket.
 */
final class HttpSource implements AutoCloseable {
  private static final int LONGEST_HEAD = 64 << 10;

  private final Resolver resolver;
  private final List<AddressRange> allowedAddresses;
  private final Duration deadline;
  private final SSLSocketFactory tls;
  private final ExecutorService resolving =
      Executors.newCachedThreadPool(task -> daemon(task, "headgate-claim-resolve"));
  private final ScheduledExecutorService watchdog =
      Executors.newSingleThreadScheduledExecutor(task -> daemon(task, "headgate-claim-watchdog"));

  HttpSource(
      Resolver resolver,
      List<AddressRange> allowedAddresses,
      Duration deadline,
      SSLSocketFactory tls) {
    this.resolver = resolver;
    this.allowedAddresses = allowedAddresses;
    this.deadline = deadline;
    this.tls = tls;
  }

  private static Thread daemon(Runnable task, String name) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    return thread;
  }

  byte[] fetch(URI uri, long sizeBytes) throws ClaimRefusedException, ClaimUnavailableException {
    long end = System.nanoTime() + deadline.toNanos();
    List<InetAddress> addresses = resolve(uri, end);
    for (InetAddress address : addresses) {
      requireAllowed(uri, address);
    }
    try (Socket socket = new Socket(java.net.Proxy.NO_PROXY)) {
      Future<?> alarm =
          watchdog.schedule(
              () -> {
                closeQuietly(socket);
              },
              remaining(end),
              TimeUnit.NANOSECONDS);
      try {
        connect(socket, addresses, UriPrefix.port(uri), end);
        return exchange(uri, secured(socket, uri), sizeBytes);
      } finally {
        alarm.cancel(false);
      }
    } catch (SSLHandshakeException | SSLPeerUnverifiedException e) {
      throw new ClaimRefusedException(
          Reason.REFUSED,
          "reference %s: its certificate is not trusted: %s".formatted(uri, e.getMessage()));
    } catch (IOException e) {
      String why =
          System.nanoTime() >= end
              ? "no complete answer within %d ms".formatted(deadline.toMillis())
              : e.toString();
      throw new ClaimUnavailableException("reference %s: %s".formatted(uri, why), e);
    }
  }

  private List<InetAddress> resolve(URI uri, long end) throws ClaimUnavailableException {
    String host = uri.getHost().replace("[", "").replace("]", "");
    CompletableFuture<List<InetAddress>> answer =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return resolver.resolve(host);
              } catch (UnknownHostException e) {
                throw new CompletionException(e);
              }
            },
            resolving);
    try {
      return answer.get(remaining(end), TimeUnit.NANOSECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new ClaimUnavailableException(
          "reference %s: its host cannot be resolved: %s"
              .formatted(uri, e instanceof TimeoutException ? "no answer" : e.getCause()),
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ClaimUnavailableException("reference %s: interrupted".formatted(uri), e);
    }
  }

  /**
   * Every address has to pass: one of many might be chosen later by a resolver that was told to.
   */
  private void requireAllowed(URI uri, InetAddress address) throws ClaimRefusedException {
    boolean special =
        AddressRange.SPECIAL.stream().anyMatch(range -> range.contains(address))
            || address.isMulticastAddress();
    if (special && allowedAddresses.stream().noneMatch(range -> range.contains(address))) {
      throw new ClaimRefusedException(
          Reason.FORBIDDEN,
          "reference %s: its host is at %s, which is private, local or reserved (expected: a public address, or this range among the allowed ones)"
              .formatted(uri, address.getHostAddress()));
    }
  }

  private static void connect(Socket socket, List<InetAddress> addresses, int port, long end)
      throws IOException {
    // the first address only: a socket that failed to connect cannot try another, and the next
    // attempt resolves again
    int millis = (int) Math.max(1, TimeUnit.NANOSECONDS.toMillis(remaining(end)));
    socket.connect(new InetSocketAddress(addresses.get(0), port), millis);
    socket.setSoTimeout(millis);
  }

  private Socket secured(Socket socket, URI uri) throws IOException {
    if (!uri.getScheme().equalsIgnoreCase("https")) {
      return socket;
    }
    String host = uri.getHost().replace("[", "").replace("]", "");
    SSLSocket secure = (SSLSocket) tls.createSocket(socket, host, UriPrefix.port(uri), true);
    SSLParameters parameters = secure.getSSLParameters();
    parameters.setEndpointIdentificationAlgorithm("HTTPS"); // the certificate must name the host
    secure.setSSLParameters(parameters);
    secure.startHandshake();
    return secure;
  }

  private static byte[] exchange(URI uri, Socket socket, long sizeBytes)
      throws IOException, ClaimRefusedException, ClaimUnavailableException {
    String target = uri.getRawPath() + (uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery());
    String request =
        "GET "
            + target
            + " HTTP/1.1\r\nHost: "
            + uri.getRawAuthority()
            + "\r\nUser-Agent: headgate\r\nAccept: image/*, */*;q=0.1\r\nAccept-Encoding: identity\r\nConnection: close\r\n\r\n";
    socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
    socket.getOutputStream().flush();
    InputStream in = new BufferedInputStream(socket.getInputStream(), 16 << 10);
    Head head = Head.read(in);
    while (head.status() >= 100 && head.status() < 200) {
      head = Head.read(in);
    }
    requireSuccess(uri, head);
    return body(uri, head, in, sizeBytes);
  }

  private static void requireSuccess(URI uri, Head head)
      throws ClaimRefusedException, ClaimUnavailableException {
    int status = head.status();
    if (status == 200) {
      return;
    }
    String text = "reference %s: status %d".formatted(uri, status);
    if (status >= 500 || status == 408 || status == 425 || status == 429) {
      throw new ClaimUnavailableException(text, null);
    }
    if (status >= 300 && status < 400) {
      throw new ClaimRefusedException(
          Reason.REDIRECT,
          text + " (expected: 200); redirects are not followed, submit the final address");
    }
    Reason reason =
        switch (status) {
          case 401, 403 -> Reason.DENIED;
          case 404, 410 -> Reason.NOT_FOUND;
          default -> Reason.REFUSED;
        };
    throw new ClaimRefusedException(reason, text + " (expected: 200)");
  }

  private static byte[] body(URI uri, Head head, InputStream in, long sizeBytes)
      throws IOException, ClaimRefusedException {
    String encoding = head.field("content-encoding");
    if (encoding != null && !encoding.equalsIgnoreCase("identity")) {
      throw new ClaimRefusedException(
          Reason.REFUSED,
          "reference %s: content encoding %s (expected: none, as asked for)"
              .formatted(uri, encoding));
    }
    String transfer = head.field("transfer-encoding");
    if (transfer != null) {
      if (!transfer.equalsIgnoreCase("chunked")) {
        throw new ClaimRefusedException(
            Reason.REFUSED,
            "reference %s: transfer encoding %s (expected: chunked or none)"
                .formatted(uri, transfer));
      }
      return exactly(uri, new Chunks(in), sizeBytes, false);
    }
    String length = head.field("content-length");
    if (length == null) {
      return exactly(uri, in, sizeBytes, false);
    }
    long declared;
    try {
      declared = Long.parseLong(length);
    } catch (NumberFormatException e) {
      throw new IOException("content length: " + length, e);
    }
    if (declared != sizeBytes) {
      throw Claims.wrongSize(uri, declared, sizeBytes);
    }
    return exactly(uri, in, sizeBytes, true);
  }

  /**
   * @param declared whether the server promised this length: then fewer bytes are a broken
   *     transfer, which may be tried again, and more are not ours
   */
  private static byte[] exactly(URI uri, InputStream in, long sizeBytes, boolean declared)
      throws IOException, ClaimRefusedException {
    byte[] bytes = in.readNBytes((int) sizeBytes);
    if (bytes.length < sizeBytes) {
      if (declared) {
        throw new EOFException("%d of %d bytes".formatted(bytes.length, sizeBytes));
      }
      throw Claims.wrongSize(uri, bytes.length, sizeBytes);
    }
    if (!declared && in.read() >= 0) {
      throw Claims.wrongSize(uri, sizeBytes + 1, sizeBytes);
    }
    return bytes;
  }

  private static long remaining(long end) {
    return Math.max(1, end - System.nanoTime());
  }

  private static void closeQuietly(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      // whoever reads from it sees that it is closed
    }
  }

  @Override
  public void close() {
    resolving.shutdownNow();
    watchdog.shutdownNow();
  }

  /** Status and header fields of an answer. */
  private record Head(int status, Map<String, String> fields) {
    static Head read(InputStream in) throws IOException {
      Line line = new Line(in);
      String status = line.next();
      if (!status.matches("HTTP/1\\.[01] [1-9][0-9]{2}( .*)?")) {
        throw new IOException("not an HTTP/1.1 answer");
      }
      Map<String, String> fields = new HashMap<>();
      for (String field = line.next(); !field.isEmpty(); field = line.next()) {
        int colon = field.indexOf(':');
        if (colon <= 0) {
          throw new IOException("not a header field");
        }
        String name = field.substring(0, colon).toLowerCase(Locale.ROOT);
        String value = field.substring(colon + 1).trim();
        String before = fields.put(name, value);
        if (before != null && !before.equals(value) && name.equals("content-length")) {
          throw new IOException("two lengths");
        }
      }
      return new Head(Integer.parseInt(status.substring(9, 12)), fields);
    }

    String field(String name) {
      return fields.get(name);
    }
  }

  /** Lines of a head, of bounded length altogether. */
  private static final class Line {
    private final InputStream in;
    private int budget = LONGEST_HEAD;

    Line(InputStream in) {
      this.in = in;
    }

    String next() throws IOException {
      StringBuilder line = new StringBuilder();
      while (true) {
        int c = in.read();
        if (c < 0) {
          throw new EOFException("the answer ends within its head");
        }
        if (--budget < 0) {
          throw new IOException("head of more than " + LONGEST_HEAD + " bytes");
        }
        if (c == '\n') {
          int length = line.length();
          return length > 0 && line.charAt(length - 1) == '\r'
              ? line.substring(0, length - 1)
              : line.toString();
        }
        line.append((char) c);
      }
    }
  }

  /** The chunked transfer coding (RFC 9112, section 7.1); trailers are not read. */
  private static final class Chunks extends InputStream {
    private final InputStream in;
    private long left;
    private boolean begun;
    private boolean over;

    Chunks(InputStream in) {
      this.in = in;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
      if (length == 0) {
        return 0;
      }
      if (left == 0 && !over) {
        next();
      }
      if (over) {
        return -1;
      }
      int read = in.read(into, offset, (int) Math.min(length, left));
      if (read < 0) {
        throw new EOFException("the answer ends within a chunk");
      }
      left -= read;
      return read;
    }

    private void next() throws IOException {
      Line line = new Line(in);
      if (begun && !line.next().isEmpty()) {
        throw new IOException("chunk longer than declared");
      }
      begun = true;
      String size = line.next().split(";", 2)[0].trim();
      if (!size.matches("[0-9a-fA-F]{1,8}")) {
        throw new IOException("not a chunk size");
      }
      left = Long.parseLong(size, 16);
      over = left == 0;
    }
  }
}
