package io.headgate.claimcheck;

import java.net.URI;
import java.util.Locale;

/**
 * An allowed place: scheme, host and port exactly, and every path below {@code path}.
 *
 * @param scheme {@code http} or {@code https}
 * @param host lower case; IPv6 in brackets
 * @param port never -1
 * @param path ends with a slash
 */
public record UriPrefix(String scheme, String host, int port, String path) {
  public UriPrefix {
    if (!path.startsWith("/") || !path.endsWith("/")) {
      throw new IllegalArgumentException(
          "allowed path: %s (expected: beginning and ending with '/')".formatted(path));
    }
  }

  /**
   * @param text such as {@code https://images.example.org/crawl/}
   * @throws IllegalArgumentException if it is no such prefix
   */
  public static UriPrefix parse(String text) {
    URI uri;
    try {
      uri = ClaimUri.parse(text);
    } catch (ClaimRefusedException e) {
      throw new IllegalArgumentException("allowed prefix " + e.getMessage(), e);
    }
    if (!isHttp(uri) || uri.getRawQuery() != null) {
      throw new IllegalArgumentException(
          "allowed prefix: %s (expected: http or https, without a query; folders are allowed apart)"
              .formatted(text));
    }
    String path = uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
    return new UriPrefix(
        uri.getScheme().toLowerCase(Locale.ROOT),
        uri.getHost().toLowerCase(Locale.ROOT),
        port(uri),
        path.endsWith("/") ? path : path + "/");
  }

  static boolean isHttp(URI uri) {
    return uri.getScheme().equalsIgnoreCase("http") || uri.getScheme().equalsIgnoreCase("https");
  }

  static int port(URI uri) {
    if (uri.getPort() != -1) {
      return uri.getPort();
    }
    return uri.getScheme().equalsIgnoreCase("https") ? 443 : 80;
  }

  /** Whether {@code uri}, which {@link ClaimUri} accepted, lies below this prefix. */
  boolean covers(URI uri) {
    return scheme.equalsIgnoreCase(uri.getScheme())
        && host.equalsIgnoreCase(uri.getHost())
        && port == port(uri)
        && uri.getRawPath().startsWith(path);
  }
}
