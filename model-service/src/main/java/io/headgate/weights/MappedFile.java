package io.headgate.weights;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A file of any size, read through a few memory-mapped windows; little-endian. Neither the heap nor
 * the resident set grows with the file: windows that were not used lately are unmapped. Safe for
 * concurrent use; one thread reads at a time, which is what makes unmapping safe.
 */
final class MappedFile implements AutoCloseable {
  private static final long WINDOW = 16L << 20;
  private static final int WINDOWS = 4;

  /** Windows overlap by this much, so that an element never straddles two of them. */
  private static final int OVERLAP = 8;

  private final Path path;
  private final BasicFileAttributes attributes;

  /** Least recently used first. */
  private final Map<Long, ByteBuffer> windows = new LinkedHashMap<>(WINDOWS, 0.75f, true);

  private FileChannel channel;

  private MappedFile(Path path, BasicFileAttributes attributes, FileChannel channel) {
    this.path = path;
    this.attributes = attributes;
    this.channel = channel;
  }

  /**
   * @throws WeightsException if the file is missing, is no regular file or cannot be read
   */
  static MappedFile open(Path path) {
    try {
      BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
      if (!attributes.isRegularFile()) {
        throw new WeightsException(path, "not a regular file");
      }
      return new MappedFile(path, attributes, FileChannel.open(path, StandardOpenOption.READ));
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
    return attributes.size();
  }

  /** Copies {@code length} bytes from {@code position}; the caller has checked the bounds. */
  synchronized void read(long position, byte[] into, int offset, int length) {
    try {
      while (length > 0) {
        int at = (int) (position % WINDOW);
        int n = (int) Math.min(length, WINDOW - at);
        window(position / WINDOW).get(at, into, offset, n);
        position += n;
        offset += n;
        length -= n;
      }
    } catch (InternalError e) {
      throw changed(e);
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
  synchronized void gather(
      long position, long step, int bytes, int count, ByteBuffer into, int at) {
    try {
      long index = -1;
      ByteBuffer window = null;
      for (int i = 0; i < count; i++, position += step, at += bytes) {
        if (position / WINDOW != index) {
          index = position / WINDOW;
          window = window(index);
        }
        int from = (int) (position % WINDOW);
        switch (bytes) {
          case 1 -> into.put(at, window.get(from));
          case 2 -> into.putShort(at, window.getShort(from));
          case 4 -> into.putInt(at, window.getInt(from));
          default -> into.putLong(at, window.getLong(from));
        }
      }
    } catch (InternalError e) {
      throw changed(e);
    }
  }

  private ByteBuffer window(long index) {
    if (channel == null) {
      throw new IllegalStateException(path + ": read after close");
    }
    ByteBuffer window = windows.get(index);
    if (window == null) {
      if (windows.size() == WINDOWS) {
        Unmapper.unmap(windows.remove(windows.keySet().iterator().next()));
      }
      window = map(index * WINDOW).order(ByteOrder.LITTLE_ENDIAN);
      windows.put(index, window);
    }
    return window;
  }

  private ByteBuffer map(long start) {
    long length = Math.min(size() - start, WINDOW + OVERLAP);
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return channel.map(MapMode.READ_ONLY, start, length);
        } catch (ClosedByInterruptException e) {
          // The interrupt was for the thread, not for the file: other threads go on reading it.
          interrupted |= Thread.interrupted();
          channel = reopen();
        }
      }
    } catch (IOException e) {
      throw changed(e);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private FileChannel reopen() throws IOException {
    BasicFileAttributes now = Files.readAttributes(path, BasicFileAttributes.class);
    if (now.size() != attributes.size()
        || !now.lastModifiedTime().equals(attributes.lastModifiedTime())) {
      throw new IOException("replaced");
    }
    return FileChannel.open(path, StandardOpenOption.READ);
  }

  private WeightsException changed(Throwable cause) {
    return new WeightsException(
        path,
        "changed or unreadable while open: %s (expected: replaced by renaming, never in place)"
            .formatted(cause.getMessage()),
        cause);
  }

  /** Unmaps all windows; reading maps them again. */
  synchronized void unmap() {
    windows.values().forEach(Unmapper::unmap);
    windows.clear();
  }

  /** Unmaps and closes; reading afterwards is an {@link IllegalStateException}. */
  @Override
  public synchronized void close() {
    if (channel == null) {
      return;
    }
    unmap();
    try {
      channel.close();
    } catch (IOException e) {
      throw new WeightsException(path, "cannot be closed: " + e.getMessage(), e);
    } finally {
      channel = null;
    }
  }
}
