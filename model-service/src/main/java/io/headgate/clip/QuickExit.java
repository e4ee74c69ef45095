package io.headgate.clip;

import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;

/**
 * Ends the process without the destructors of PyTorch's globals. They run when the JVM exits, on
 * Ctrl-C too, while daemon threads may be in the middle of a forward that uses those globals: a
 * crash report instead of an end. Nothing else is skipped: shutdown hooks have run by then, and the
 * exit code stays.
 */
final class QuickExit {
  private QuickExit() {}

  /** Arms it for the whole process, from its first call on. Without glibc nothing changes. */
  static void arm() {
    Once.armed();
  }

  private static final class Once {
    static {
      try {
        NativeLibrary process = NativeLibrary.getProcess();
        Function onExit = process.getFunction("on_exit");
        Pointer exitNow = process.getFunction("_exit");
        // Handlers run in reverse order, so the last one registered comes before all destructors.
        Runtime.getRuntime()
            .addShutdownHook(
                new Thread(
                    () -> onExit.invokeInt(new Object[] {exitNow, Pointer.NULL}), "quick-exit"));
      } catch (UnsatisfiedLinkError | IllegalStateException e) {
        // No such function in this C library, or the JVM is ending already.
      }
    }

    static void armed() {}
  }
}
