package io.headgate.claimcheck;

import io.headgate.claimcheck.ClaimRefusedException.Reason;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Reads references strictly: what two parsers could understand differently is refused, so that what
 * is checked is what is fetched. Pure.
 */
final class ClaimUri {
  private static final int LONGEST = 2048;
  // dots, slashes and controls in disguise
  private static final Pattern DISGUISE =
      Pattern.compile("%(2e|2f|5c|25|7f|[01][0-9a-f])", Pattern.CASE_INSENSITIVE);
  private static final Pattern DOT_SEGMENT = Pattern.compile("(^|/)\\.{1,2}(/|$)");
  // 2130706433, 0x7f.1, 127.1, 0177.0.0.1: addresses to some resolvers
  private static final Pattern NUMERIC_END = Pattern.compile(".*(^|\\.)(0x[0-9a-f]*|[0-9]+)\\.?$");
  private static final Pattern DOTTED_QUAD =
      Pattern.compile("((25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)(\\.(?=\\d)|$)){4}");

  private ClaimUri() {}

  /**
   * @return scheme http, https or file; host present for the first two and absent for the last
   * @throws ClaimRefusedException with {@link Reason#BAD_URI}
   */
  static URI parse(String text) throws ClaimRefusedException {
    if (text.length() > LONGEST) {
      throw bad(text.substring(0, 64) + "…", "at most " + LONGEST + " characters");
    }
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) <= ' ' || text.charAt(i) > '~' || text.charAt(i) == '\\') {
        throw bad(printable(text), "printable ASCII without spaces and backslashes");
      }
    }
    URI uri;
    try {
      uri = new URI(text);
    } catch (URISyntaxException e) {
      throw bad(text, "a URI (RFC 3986)");
    }
    if (uri.getScheme() == null || uri.isOpaque() || uri.getRawFragment() != null) {
      throw bad(text, "an absolute URI with a path and without a fragment");
    }
    String path = uri.getRawPath();
    if (DISGUISE.matcher(path).find() || DOT_SEGMENT.matcher(path).find()) {
      throw bad(text, "a path without dot segments and encoded separators");
    }
    if (uri.getScheme().equalsIgnoreCase("file")) {
      if (uri.getRawAuthority() != null || uri.getRawQuery() != null || !path.startsWith("/")) {
        throw bad(text, "file:///absolute/path");
      }
      return uri;
    }
    if (!UriPrefix.isHttp(uri)) {
      throw bad(text, "scheme https, http or file");
    }
    String authority = uri.getRawAuthority();
    String host = uri.getHost();
    if (authority != null && authority.contains("@")) {
      throw bad(text.replaceAll("//[^/]*@", "//…@"), "no user information");
    }
    if (host == null || host.contains("%")) {
      throw bad(text, "a host name or address");
    }
    if (!host.startsWith("[")
        && NUMERIC_END.matcher(host.toLowerCase(Locale.ROOT)).matches()
        && !DOTTED_QUAD.matcher(host).matches()) {
      throw bad(text, "a host name, or an address of four decimal numbers");
    }
    if (uri.getPort() == 0 || uri.getPort() > 65_535) {
      throw bad(text, "port 1 to 65535");
    }
    return uri;
  }

  private static String printable(String text) {
    return text.replaceAll("[^!-~]", "?");
  }

  private static ClaimRefusedException bad(String text, String expected) {
    return new ClaimRefusedException(
        Reason.BAD_URI, "reference: %s (expected: %s)".formatted(text, expected));
  }
}
