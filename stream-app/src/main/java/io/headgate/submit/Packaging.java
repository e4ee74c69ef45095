package io.headgate.submit;

import io.headgate.console.UserException;
import io.headgate.v1.ImageReference;
import io.headgate.v1.InlineImage;
import io.headgate.v1.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Locale;
import java.util.Map;
import org.apache.kafka.common.errors.RecordTooLargeException;

/** How an image travels: in the event, or as a reference to where it lies. */
sealed interface Packaging {
  /**
   * @throws IOException if the file cannot be read
   * @throws RecordTooLargeException if no event takes it
   */
  Packed pack(ImageFile file) throws IOException;

  /**
   * @param content of the event: {@link InlineImage} or {@link ImageReference}
   * @param sha256 of the file [32]
   */
  record Packed(Object content, byte[] sha256) {}

  /**
   * The file's bytes are in the event.
   *
   * @param maxBytes longest file that is read into memory
   */
  record Inline(long maxBytes) implements Packaging {
    private static final Map<String, String> MEDIA_TYPES =
        Map.of(
            "jpg", "image/jpeg",
            "jpeg", "image/jpeg",
            "png", "image/png",
            "gif", "image/gif",
            "webp", "image/webp");

    @Override
    public Packed pack(ImageFile file) throws IOException {
      if (file.bytes() > maxBytes) {
        throw new RecordTooLargeException();
      }
      byte[] bytes = Files.readAllBytes(file.path());
      return new Packed(
          new InlineImage(ByteBuffer.wrap(bytes), mediaType(file.path())),
          Packaging.sha256().digest(bytes));
    }

    /** By the file's name, as declared types are: the guard looks at the bytes. */
    private static String mediaType(Path file) {
      String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
      return MEDIA_TYPES.getOrDefault(name.substring(name.lastIndexOf('.') + 1), "");
    }
  }

  /** The event points at the file, on a disk that the guard sees too. */
  record FileReference() implements Packaging {
    @Override
    public Packed pack(ImageFile file) throws IOException {
      // Resolved, since the guard follows no symbolic links.
      return reference(file, encoded("file", "", file.path().toRealPath().toString()));
    }
  }

  /**
   * The event points below an address where the files are published.
   *
   * @param base ends in {@code /}
   */
  record WebReference(URI base) implements Packaging {
    /**
     * @throws UserException if it is no http or https address, or has a query
     */
    static WebReference below(String base) {
      try {
        URI uri = new URI(base.endsWith("/") ? base : base + "/");
        boolean web =
            "https".equalsIgnoreCase(uri.getScheme()) || "http".equalsIgnoreCase(uri.getScheme());
        if (web && uri.getHost() != null && uri.getQuery() == null && uri.getFragment() == null) {
          return new WebReference(uri);
        }
      } catch (URISyntaxException e) {
        throw refused(base, e);
      }
      throw refused(base, null);
    }

    private static UserException refused(String base, Exception cause) {
      return new UserException(
          "--base-uri %s (expected: an address such as https://images.example.org/crawl/)"
              .formatted(base),
          cause);
    }

    @Override
    public Packed pack(ImageFile file) throws IOException {
      String path = encoded(null, null, "/" + file.relative());
      return reference(file, base.toASCIIString() + path.substring(1));
    }
  }

  private static Packed reference(ImageFile file, String uri) throws IOException {
    MessageDigest sha256 = sha256();
    long size;
    try (InputStream in = Files.newInputStream(file.path());
        OutputStream out = new DigestOutputStream(OutputStream.nullOutputStream(), sha256)) {
      size = in.transferTo(out);
    }
    byte[] digest = sha256.digest();
    return new Packed(new ImageReference(uri, new Sha256(digest), size), digest);
  }

  private static String encoded(String scheme, String authority, String path) {
    try {
      return new URI(scheme, authority, path, null, null).toASCIIString();
    } catch (URISyntaxException e) {
      throw new IllegalStateException("every absolute path can be encoded: " + path, e);
    }
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
