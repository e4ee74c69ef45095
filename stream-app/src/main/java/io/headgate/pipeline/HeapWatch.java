package io.headgate.pipeline;

import io.headgate.rig.HeadgateProcess;
import java.io.IOException;
import java.util.concurrent.TimeUnit;

/** Looks four times a second at how much heap a process uses. Owns its thread. */
final class HeapWatch implements AutoCloseable {
  private static final long MILLIS = 250;

  private final HeadgateProcess process;
  private final Thread thread;
  private volatile double peak;

  HeapWatch(HeadgateProcess process) {
    this.process = process;
    this.thread = new Thread(this::look, "heap-watch");
    thread.setDaemon(true);
    thread.start();
  }

  private void look() {
    try {
      while (true) {
        try {
          peak = Math.max(peak, new Scrape(process.metrics()).heap());
        } catch (IOException e) {
          // frozen or busy: the next look will tell
        }
        TimeUnit.MILLISECONDS.sleep(MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // closed
    }
  }

  /** The most bytes seen. */
  double peak() {
    return peak;
  }

  @Override
  public void close() {
    thread.interrupt();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
