package io.headgate.submit;

import java.util.HexFormat;
import java.util.Locale;
import java.util.UUID;

/** What an image's id is made from. */
enum IdScheme {
  /** A random UUID: each submission is a new event. */
  RANDOM,
  /** The file's name, with that of its folder: a file submitted again is marked as a duplicate. */
  PATH,
  /** The SHA-256 of the file: equal images are marked as duplicates. */
  SHA256;

  /**
   * @param digest SHA-256 of the file [32]
   */
  String id(ImageFile file, byte[] digest) {
    return switch (this) {
      case RANDOM -> UUID.randomUUID().toString();
      case PATH -> file.name();
      case SHA256 -> HexFormat.of().formatHex(digest);
    };
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
