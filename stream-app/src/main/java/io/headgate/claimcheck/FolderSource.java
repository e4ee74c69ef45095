package io.headgate.claimcheck;

import io.headgate.claimcheck.ClaimRefusedException.Reason;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Set;

/**
 * Files below allowed folders. The path is walked from the folder down, one directory at a time,
 * and a symbolic link anywhere below the folder is refused, so no link, not even one planted while
 * we look, leads outside.
 */
final class FolderSource {
  private final List<Path> folders;

  FolderSource(List<Path> folders) {
    this.folders = folders;
  }

  byte[] fetch(URI uri, long sizeBytes) throws ClaimRefusedException, ClaimUnavailableException {
    Path path = Path.of(uri.getPath());
    for (Path folder : folders) {
      Path inside = folder.normalize();
      if (path.startsWith(inside) && path.getNameCount() > inside.getNameCount()) {
        return read(uri, inside, inside.relativize(path), sizeBytes);
      }
    }
    throw new ClaimRefusedException(
        Reason.FORBIDDEN,
        "reference %s: in no allowed folder (expected: below one of %s)".formatted(uri, folders));
  }

  private static byte[] read(URI uri, Path folder, Path relative, long sizeBytes)
      throws ClaimRefusedException, ClaimUnavailableException {
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(folder)) {
      if (!(stream instanceof SecureDirectoryStream<Path> directory)) {
        throw new ClaimRefusedException(
            Reason.FORBIDDEN,
            "reference %s: this file system cannot be walked safely (expected: a local POSIX file system)"
                .formatted(uri));
      }
      return descend(uri, directory, relative, 0, sizeBytes);
    } catch (NoSuchFileException | NotDirectoryException e) {
      throw new ClaimRefusedException(
          Reason.NOT_FOUND, "reference %s: no such file".formatted(uri));
    } catch (AccessDeniedException e) {
      throw new ClaimRefusedException(
          Reason.DENIED, "reference %s: the guard may not read it".formatted(uri));
    } catch (IOException e) {
      throw new ClaimUnavailableException("reference %s: %s".formatted(uri, e), e);
    }
  }

  private static byte[] descend(
      URI uri, SecureDirectoryStream<Path> directory, Path relative, int depth, long sizeBytes)
      throws IOException, ClaimRefusedException {
    Path name = relative.getName(depth);
    BasicFileAttributes attributes =
        directory
            .getFileAttributeView(name, BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
            .readAttributes();
    boolean last = depth == relative.getNameCount() - 1;
    if (attributes.isSymbolicLink()) {
      throw new ClaimRefusedException(
          Reason.FORBIDDEN,
          "reference %s: '%s' is a symbolic link (expected: none below the allowed folder)"
              .formatted(uri, name));
    }
    if (!last) {
      try (SecureDirectoryStream<Path> next =
          directory.newDirectoryStream(name, LinkOption.NOFOLLOW_LINKS)) {
        return descend(uri, next, relative, depth + 1, sizeBytes);
      }
    }
    if (!attributes.isRegularFile()) {
      throw new ClaimRefusedException(
          Reason.FORBIDDEN, "reference %s: not a regular file".formatted(uri));
    }
    if (attributes.size() != sizeBytes) {
      throw Claims.wrongSize(uri, attributes.size(), sizeBytes);
    }
    try (SeekableByteChannel file =
        directory.newByteChannel(
            name, Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS))) {
      ByteBuffer bytes = ByteBuffer.allocate((int) sizeBytes + 1); // one more shows that it grew
      while (bytes.hasRemaining() && file.read(bytes) >= 0) {}
      if (bytes.position() != sizeBytes) {
        throw Claims.wrongSize(uri, bytes.position(), sizeBytes);
      }
      return java.util.Arrays.copyOf(bytes.array(), (int) sizeBytes);
    }
  }
}
