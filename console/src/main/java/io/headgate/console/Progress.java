package io.headgate.console;

import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;

/**
 * A progress bar on standard error: live on a terminal, a line every ten seconds in a pipe or CI
 * log. Safe for concurrent {@link #advance(long)}.
 */
public final class Progress implements AutoCloseable {
  private static final long TERMINAL_NANOS = Duration.ofMillis(120).toNanos();
  private static final long PIPE_NANOS = Duration.ofSeconds(10).toNanos();
  private static final int BAR = 28;

  private final PrintStream out;
  private final boolean terminal;
  private final String what;
  private final long total;
  private final long start = System.nanoTime();
  private long done;
  private long printedAt = start;
  private boolean closed;

  private Progress(PrintStream out, boolean terminal, String what, long total) {
    this.out = out;
    this.terminal = terminal;
    this.what = what;
    this.total = total;
  }

  /**
   * @param what said before the bar, for example {@code calibrating}
   * @param total number of steps; 0 or less when it is not known
   */
  public static Progress start(String what, long total) {
    boolean terminal = System.console() != null && System.getenv("NO_COLOR") == null;
    Progress progress = new Progress(System.err, terminal, what, total);
    synchronized (progress) {
      if (terminal) {
        progress.print();
      }
    }
    return progress;
  }

  /** Counts {@code steps} as done. */
  public synchronized void advance(long steps) {
    done += steps;
    long now = System.nanoTime();
    if (!closed && now - printedAt >= (terminal ? TERMINAL_NANOS : PIPE_NANOS)) {
      printedAt = now;
      print();
    }
  }

  /** Says something above the bar without breaking it. */
  public synchronized void say(String line) {
    if (terminal) {
      out.print("\r\033[K");
    }
    out.println(line);
  }

  private void print() {
    double seconds = (System.nanoTime() - start) / 1e9;
    double rate = done / Math.max(seconds, 1e-3);
    StringBuilder line = new StringBuilder(what).append(' ');
    if (total > 0) {
      int filled = (int) Math.min(BAR, BAR * done / total);
      line.append('[').append("█".repeat(filled)).append("·".repeat(BAR - filled)).append("] ");
      line.append(String.format(Locale.ROOT, "%,d/%,d", done, total));
      if (done > 0 && done < total) {
        line.append(
            String.format(Locale.ROOT, " · %.0f/s · %s left", rate, time((total - done) / rate)));
      } else {
        line.append(String.format(Locale.ROOT, " · %.0f/s · %s", rate, time(seconds)));
      }
    } else {
      line.append(String.format(Locale.ROOT, "%,d · %.0f/s · %s", done, rate, time(seconds)));
    }
    if (terminal) {
      out.print("\r\033[K" + line);
      out.flush();
    } else {
      out.println(line);
    }
  }

  private static String time(double seconds) {
    long s = Math.round(seconds);
    return s < 60
        ? s + " s"
        : s < 3600
            ? "%d:%02d".formatted(s / 60, s % 60)
            : "%d:%02d:%02d".formatted(s / 3600, s / 60 % 60, s % 60);
  }

  /** Prints the final state once. */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    print();
    if (terminal) {
      out.println();
    }
    closed = true;
  }
}
