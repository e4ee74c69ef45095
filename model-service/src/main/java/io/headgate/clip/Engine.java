package io.headgate.clip;

import ai.djl.Device;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDManager;
import io.headgate.console.UserException;

/** Starts DJL's PyTorch engine without letting it look for anything on a network. */
final class Engine {
  private static final String PYTORCH = "PyTorch";

  private Engine() {}

  /**
   * A manager whose closing frees all that hangs on it.
   *
   * @param name {@code cpu}, {@code gpu} or {@code gpuN}
   * @throws UserException if the native library cannot be loaded or there is no such device
   */
  static NDManager newManager(String name) {
    // Read by DJL's first classes; without it a missing native library is fetched over HTTP.
    if (System.getProperty("ai.djl.offline") == null) {
      System.setProperty("ai.djl.offline", "true");
    }
    try {
      Device device = Device.fromName(name);
      QuickExit.arm();
      int gpus = ai.djl.engine.Engine.getEngine(PYTORCH).getGpuCount();
      if (device.isGpu() && Math.max(0, device.getDeviceId()) >= gpus) {
        throw new UserException(
            "device: %s, but PyTorch sees %d GPUs here (expected: cpu; for a GPU, a build with -Pgpu and its driver)"
                .formatted(name, gpus));
      }
      return NDManager.newBaseManager(device, PYTORCH);
    } catch (EngineException | UnsatisfiedLinkError e) {
      throw new UserException(
          ("PyTorch does not start on %s: %s (expected: a Linux x86-64 machine with glibc, and a writable"
                  + " directory for about 500 MB of native libraries: set DJL_CACHE_DIR to one; for a GPU, the"
                  + " build with -Pgpu and its driver)")
              .formatted(name, e.getMessage()),
          e);
    }
  }
}
