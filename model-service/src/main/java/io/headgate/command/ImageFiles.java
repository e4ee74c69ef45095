package io.headgate.command;

import io.headgate.console.UserException;
import io.headgate.imaging.ImagePreprocessor;
import io.headgate.imaging.ImageRejectedException;
import io.headgate.imaging.RgbImage;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;

/**
 * Reads image files in batches, decoding the next batch while the caller computes on this one.
 * Owned by one thread.
 */
public final class ImageFiles implements AutoCloseable {
  private static final byte[] NO_HASH = {};

  private final ImagePreprocessor preprocessor;
  private final int size;
  private final ExecutorService pool;

  /**
   * One file: pixels, or why there are none.
   *
   * @param name path relative to the folder it was found in
   * @param sha256 of the file, 32 bytes; empty if it could not be read
   * @param pixels null if it was refused
   * @param frames of an animation, of which the first is taken; 1 for a still picture, 0 if refused
   * @param errorCode null if it was not
   * @param error null if it was not
   */
  public record Loaded(
      String name, byte[] sha256, RgbImage pixels, int frames, String errorCode, String error) {
    /** One without pixels. */
    public static Loaded refused(String name, byte[] sha256, String code, String error) {
      return new Loaded(name, sha256, null, 0, code, error);
    }
  }

  /** What is done with a batch. */
  @FunctionalInterface
  public interface Batch {
    void accept(List<Loaded> images);
  }

  /**
   * @param size side of the crop in pixels
   */
  public ImageFiles(ImagePreprocessor preprocessor, int size) {
    this.preprocessor = preprocessor;
    this.size = size;
    this.pool =
        Executors.newFixedThreadPool(
            Math.max(1, Runtime.getRuntime().availableProcessors()),
            task -> {
              Thread thread = new Thread(task, "decode");
              thread.setDaemon(true);
              return thread;
            });
  }

  /**
   * All files in a folder and the folders below it, hidden ones left out, in the order of their
   * paths.
   *
   * @throws UserException if it is no folder or there are no files
   */
  public static List<Path> list(Path folder) throws IOException {
    List<Path> files;
    if (!Files.isDirectory(folder)) {
      throw new UserException(
          "%s: no such folder (expected: a folder of images)".formatted(folder));
    }
    try (Stream<Path> walk = Files.walk(folder)) {
      files =
          walk.filter(Files::isRegularFile)
              .filter(f -> !f.getFileName().toString().startsWith("."))
              .sorted()
              .toList();
    } catch (NotDirectoryException e) {
      throw new UserException("%s: not a folder".formatted(folder), e);
    }
    if (files.isEmpty()) {
      throw new UserException("%s: no files (expected: images)".formatted(folder));
    }
    return files;
  }

  /** Hands all files to the caller in batches, in their order. */
  public void forEach(Path folder, List<Path> files, int batch, Batch then) {
    List<Future<Loaded>> next = submit(folder, files, 0, batch);
    for (int from = 0; from < files.size(); from += batch) {
      List<Future<Loaded>> current = next;
      next = submit(folder, files, from + batch, batch);
      List<Loaded> loaded = new ArrayList<>(current.size());
      for (Future<Loaded> future : current) {
        loaded.add(get(future));
      }
      then.accept(loaded);
    }
  }

  private List<Future<Loaded>> submit(Path folder, List<Path> files, int from, int batch) {
    List<Future<Loaded>> futures = new ArrayList<>();
    for (Path file :
        files.subList(Math.min(from, files.size()), Math.min(from + batch, files.size()))) {
      futures.add(pool.submit(() -> load(folder, file)));
    }
    return futures;
  }

  /**
   * Decodes images that were read elsewhere, in their order.
   *
   * @param images names and encoded bytes
   */
  public List<Loaded> decode(List<Encoded> images) {
    List<Future<Loaded>> futures = new ArrayList<>(images.size());
    for (Encoded image : images) {
      futures.add(pool.submit(() -> decode(image.name(), image.bytes())));
    }
    return futures.stream().map(ImageFiles::get).toList();
  }

  /**
   * An encoded image.
   *
   * @param name for reports
   */
  public record Encoded(String name, byte[] bytes) {}

  private static Loaded get(Future<Loaded> future) {
    try {
      return future.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UserException("interrupted");
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    }
  }

  private Loaded load(Path folder, Path file) {
    String name = folder == null ? file.toString() : folder.relativize(file).toString();
    byte[] encoded;
    try {
      long most = preprocessor.limits().maxBytes();
      if (Files.isDirectory(file)) {
        return Loaded.refused(name, NO_HASH, "UNREADABLE", "a folder (expected: an image file)");
      }
      if (Files.size(file) > most) {
        return Loaded.refused(
            name,
            NO_HASH,
            "TOO_MANY_BYTES",
            "%d bytes (expected: at most %d)".formatted(Files.size(file), most));
      }
      encoded = Files.readAllBytes(file);
    } catch (NoSuchFileException e) {
      return Loaded.refused(name, NO_HASH, "NO_SUCH_FILE", "no such file");
    } catch (AccessDeniedException e) {
      return Loaded.refused(name, NO_HASH, "UNREADABLE", "permission denied");
    } catch (IOException e) {
      return Loaded.refused(name, NO_HASH, "UNREADABLE", e.toString());
    }
    return decode(name, encoded);
  }

  private Loaded decode(String name, byte[] encoded) {
    byte[] sha256 = sha256(encoded);
    try {
      RgbImage crop = preprocessor.crop(encoded, size);
      return new Loaded(name, sha256, crop, preprocessor.header(encoded).frames(), null, null);
    } catch (ImageRejectedException e) {
      return Loaded.refused(name, sha256, e.code().name(), e.getMessage());
    }
  }

  static byte[] sha256(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Ends the decoding threads. */
  @Override
  public void close() {
    pool.shutdownNow();
  }
}
