package io.headgate.weights;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Field;
import java.nio.ByteBuffer;

/**
 * Unmaps a mapped buffer now, which Java 17 has no public way to do: a mapping otherwise stays, and
 * its pages count as resident, until the garbage collector happens to find the buffer. Where the
 * JDK does not offer it, this does nothing and the collector does its work.
 */
final class Unmapper {
  private static final MethodHandle CLEANER = find();

  private Unmapper() {}

  /** The buffer must never be touched again: that would crash the JVM. */
  static void unmap(ByteBuffer mapped) {
    if (CLEANER != null) {
      try {
        CLEANER.invoke(mapped);
      } catch (RuntimeException | Error e) {
        throw e;
      } catch (Throwable e) {
        throw new IllegalStateException("unmapping declares no checked exception", e);
      }
    }
  }

  private static MethodHandle find() {
    try {
      Class<?> unsafe = Class.forName("sun.misc.Unsafe");
      Field instance = unsafe.getDeclaredField("theUnsafe");
      instance.setAccessible(true);
      return MethodHandles.lookup()
          .findVirtual(unsafe, "invokeCleaner", MethodType.methodType(void.class, ByteBuffer.class))
          .bindTo(instance.get(null));
    } catch (ReflectiveOperationException | RuntimeException e) {
      return null;
    }
  }
}
