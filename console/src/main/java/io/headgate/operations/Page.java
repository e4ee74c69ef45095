package io.headgate.operations;

import java.util.function.Supplier;

/**
 * What a path answers, computed for each request.
 *
 * @param path such as {@code /metrics}
 */
public record Page(String path, Supplier<Content> content) {
  /**
   * @param type of the body, for the header {@code Content-Type}
   */
  public record Content(int status, String type, String body) {}

  static final String TEXT = "text/plain; charset=utf-8";

  /** 200 while healthy, else 503; the body says why. */
  public static Page probe(String path, Supplier<Health> health) {
    return new Page(
        path,
        () -> {
          Health now = health.get();
          return new Content(now.ok() ? 200 : 503, TEXT, now.why() + "\n");
        });
  }

  /** A scrape in Prometheus's text format 0.0.4. */
  public static Page metrics(String path, Supplier<String> scrape) {
    return of(path, "text/plain; version=0.0.4; charset=utf-8", scrape);
  }

  public static Page json(String path, Supplier<String> json) {
    return of(path, "application/json", json);
  }

  public static Page text(String path, Supplier<String> text) {
    return of(path, TEXT, text);
  }

  private static Page of(String path, String type, Supplier<String> body) {
    return new Page(path, () -> new Content(200, type, body.get()));
  }
}
