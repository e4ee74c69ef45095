package io.headgate.weights;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A file of any size, mapped read-only in windows; little-endian. Safe for concurrent reads.
 *
 * <p>The pages belong to the operating system's cache, not to the heap. They are unmapped when the
 * garbage collector finds the file unreachable: Java 17 has no safe way to do it earlier.
 */
final class MappedFile implements AutoCloseable {
  private static final long WINDOW = 1L << 30;

  /** Windows overlap by this much, so that an element never straddles two of them. */
  private static final int OVERLAP = 8;

  private final Path path;
  private final long size;
  private volatile ByteBuffer[] windows;

  private MappedFile(Path path, long size, ByteBuffer[] windows) {
    this.path = path;
    this.size = size;
    this.windows = windows;
  }

  /**
   * @throws WeightsException if the file is missing, is no regular file or cannot be mapped
   */
  static MappedFile open(Path path) {
    if (!Files.isRegularFile(path)) {
      throw new WeightsException(
          path, Files.exists(path) ? "not a regular file" : "no such file or directory");
    }
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      long size = channel.size();
      ByteBuffer[] windows = new ByteBuffer[(int) ((size + WINDOW - 1) / WINDOW)];
      for (int i = 0; i < windows.length; i++) {
        long start = i * WINDOW;
        windows[i] =
            channel
                .map(MapMode.READ_ONLY, start, Math.min(size - start, WINDOW + OVERLAP))
                .order(ByteOrder.LITTLE_ENDIAN);
      }
      return new MappedFile(path, size, windows);
    } catch (NoSuchFileException e) {
      throw new WeightsException(path, "no such file or directory", e);
    } catch (AccessDeniedException e) {
      throw new WeightsException(path, "permission denied", e);
    } catch (IOException e) {
      throw new WeightsException(path, "cannot be read: " + e.getMessage(), e);
    }
  }

  Path path() {
    return path;
  }

  long size() {
    return size;
  }

  /** Copies {@code length} bytes from {@code position}; the caller has checked the bounds. */
  void read(long position, byte[] into, int offset, int length) {
    ByteBuffer[] open = windows();
    while (length > 0) {
      int window = (int) (position / WINDOW);
      int at = (int) (position % WINDOW);
      int n = (int) Math.min(length, WINDOW - at);
      open[window].get(at, into, offset, n);
      position += n;
      offset += n;
      length -= n;
    }
  }

  byte[] read(long position, int length) {
    byte[] bytes = new byte[length];
    read(position, bytes, 0, length);
    return bytes;
  }

  /** A little-endian copy of some bytes. */
  ByteBuffer copy(long position, int length) {
    return ByteBuffer.wrap(read(position, length)).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Gathers {@code count} elements of {@code bytes} each, {@code step} bytes apart. */
  void gather(long position, long step, int bytes, int count, ByteBuffer into, int at) {
    ByteBuffer[] open = windows();
    for (int i = 0; i < count; i++, position += step, at += bytes) {
      ByteBuffer window = open[(int) (position / WINDOW)];
      int from = (int) (position % WINDOW);
      switch (bytes) {
        case 1 -> into.put(at, window.get(from));
        case 2 -> into.putShort(at, window.getShort(from));
        case 4 -> into.putInt(at, window.getInt(from));
        default -> into.putLong(at, window.getLong(from));
      }
    }
  }

  private ByteBuffer[] windows() {
    ByteBuffer[] open = windows;
    if (open == null) {
      throw new IllegalStateException(path + ": read after close");
    }
    return open;
  }

  @Override
  public void close() {
    windows = null;
  }
}
