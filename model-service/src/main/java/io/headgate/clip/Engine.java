package io.headgate.clip;

import ai.djl.Device;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDManager;
import io.headgate.console.UserException;

/** Starts DJL's PyTorch engine without letting it look for anything on a network. */
final class Engine {
  private Engine() {}

  /**
   * A manager whose closing frees all that hangs on it.
   *
   * @param device {@code cpu}, {@code gpu} or {@code gpuN}
   * @throws UserException if the native library cannot be loaded or there is no such device
   */
  static NDManager newManager(String device) {
    // Read by DJL's first classes; without it a missing native library is fetched over HTTP.
    if (System.getProperty("ai.djl.offline") == null) {
      System.setProperty("ai.djl.offline", "true");
    }
    try {
      return NDManager.newBaseManager(Device.fromName(device), "PyTorch");
    } catch (EngineException | UnsatisfiedLinkError e) {
      throw new UserException(
          ("PyTorch does not start on %s: %s (expected: a Linux x86-64 machine with glibc, and a writable"
                  + " directory for about 500 MB of native libraries: set DJL_CACHE_DIR to one; for a GPU, the"
                  + " build with -Pgpu and its driver)")
              .formatted(device, e.getMessage()),
          e);
    }
  }
}
