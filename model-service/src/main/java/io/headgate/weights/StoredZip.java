package io.headgate.weights;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The directory of a zip archive whose entries are stored, not compressed, so that their bytes can
 * be mapped where they lie. Checked: every entry lies before the directory, no two overlap, no name
 * comes twice, the local header agrees on the name, and there is only one directory to read (a
 * classic and a zip64 one that differ are refused).
 *
 * <p>Source: PKWARE's APPNOTE.TXT, 4.3 and 4.5.3.
 */
final class StoredZip {
  private static final int MAX_ENTRIES = 200_000;
  private static final int MAX_DIRECTORY_BYTES = 32 << 20;
  private static final int END_BYTES = 22;
  private static final int END64_LOCATOR_BYTES = 20;
  private static final int END64_BYTES = 56;
  private static final int CENTRAL_BYTES = 46;
  private static final int LOCAL_BYTES = 30;
  private static final int MAX_COMMENT = 0xffff;
  private static final int END_MARK = 0x06054b50;
  private static final int END64_LOCATOR_MARK = 0x07064b50;
  private static final int END64_MARK = 0x06064b50;
  private static final int CENTRAL_MARK = 0x02014b50;
  private static final int LOCAL_MARK = 0x04034b50;
  private static final int ENCRYPTED = 1;
  private static final int ZIP64_FIELD = 1;
  private static final long NO_LONG = 0xffffffffL;

  /**
   * An entry's bytes.
   *
   * @param stored whether they are not compressed
   */
  record Entry(String name, long position, long size, boolean stored) {}

  private record Span(String name, long begin, long end) {}

  private record Directory(long position, long size, long entries) {}

  private final MappedFile file;
  private final Map<String, Entry> entries = new HashMap<>();

  private StoredZip(MappedFile file) {
    this.file = file;
  }

  /** Whether a file begins like a zip archive. */
  static boolean looksLikeOne(MappedFile file) {
    return file.size() >= 4 && file.copy(0, 4).getInt(0) == LOCAL_MARK;
  }

  static StoredZip read(MappedFile file) {
    StoredZip zip = new StoredZip(file);
    zip.readEntries(zip.directory());
    return zip;
  }

  Collection<String> names() {
    return entries.keySet();
  }

  boolean has(String name) {
    return entries.containsKey(name);
  }

  /**
   * @throws WeightsException if there is no such entry or it is compressed
   */
  Entry stored(String name) {
    Entry entry = entries.get(name);
    if (entry == null) {
      throw error("no entry %s in the archive".formatted(Listing.quoted(name)));
    }
    if (!entry.stored) {
      throw error(
          "entry %s is compressed (expected: stored, as torch.save writes it); save it again"
              .formatted(Listing.quoted(name)));
    }
    return entry;
  }

  /** All bytes of a stored entry of limited size. */
  byte[] bytes(String name, int limit) {
    Entry entry = stored(name);
    if (entry.size > limit) {
      throw error(
          "entry %s: %,d bytes (expected: at most %,d)"
              .formatted(Listing.quoted(name), entry.size, limit));
    }
    return file.read(entry.position, (int) entry.size);
  }

  private Directory directory() {
    int tail = (int) Math.min(file.size(), END_BYTES + MAX_COMMENT);
    ByteBuffer end = file.copy(file.size() - tail, tail);
    for (int at = tail - END_BYTES; at >= 0; at--) {
      if (end.getInt(at) == END_MARK && at + END_BYTES + u16(end, at + 20) == tail) {
        return directory(end, at, file.size() - tail + at);
      }
    }
    throw error("zip archive without its directory; the file is truncated or damaged");
  }

  private Directory directory(ByteBuffer end, int at, long position) {
    if (u16(end, at + 4) != 0 && u16(end, at + 4) != 0xffff) {
      throw error("zip archive in several parts");
    }
    Directory classic = new Directory(u32(end, at + 16), u32(end, at + 12), u16(end, at + 10));
    Directory directory = classic;
    if (position >= END64_LOCATOR_BYTES) {
      ByteBuffer locator = file.copy(position - END64_LOCATOR_BYTES, END64_LOCATOR_BYTES);
      if (locator.getInt(0) == END64_LOCATOR_MARK) {
        directory = directory64(locator.getLong(8), position);
        if (differs(classic.position, directory.position, NO_LONG)
            || differs(classic.size, directory.size, NO_LONG)
            || differs(classic.entries, directory.entries, 0xffff)) {
          throw error("zip archive with two directories that differ");
        }
      }
    }
    if (directory.entries > MAX_ENTRIES || directory.size > MAX_DIRECTORY_BYTES) {
      throw error(
          "zip directory of %,d entries, %,d bytes (expected: at most %,d, %,d)"
              .formatted(directory.entries, directory.size, MAX_ENTRIES, MAX_DIRECTORY_BYTES));
    }
    if (directory.position < 0
        || directory.size < 0
        || directory.entries < 0
        || directory.position > position - directory.size) {
      throw error("zip directory outside the file; the file is truncated or damaged");
    }
    return directory;
  }

  private Directory directory64(long at, long before) {
    if (at < 0 || at > before - END64_BYTES) {
      throw error("zip64 directory outside the file; the file is truncated or damaged");
    }
    ByteBuffer end = file.copy(at, END64_BYTES);
    if (end.getInt(0) != END64_MARK) {
      throw error("zip64 directory is not where it is said to be");
    }
    return new Directory(end.getLong(48), end.getLong(40), end.getLong(32));
  }

  private static boolean differs(long classic, long zip64, long placeholder) {
    return classic != placeholder && classic != zip64;
  }

  private void readEntries(Directory directory) {
    ByteBuffer central = file.copy(directory.position, (int) directory.size);
    List<Span> spans = new ArrayList<>();
    int at = 0;
    for (long i = 0; i < directory.entries; i++) {
      if (at + CENTRAL_BYTES > central.limit() || central.getInt(at) != CENTRAL_MARK) {
        throw error("zip directory is damaged at entry %,d".formatted(i));
      }
      int nameLength = u16(central, at + 28);
      int extraLength = u16(central, at + 30);
      int next = at + CENTRAL_BYTES + nameLength + extraLength + u16(central, at + 32);
      if (next > central.limit()) {
        throw error("zip directory is damaged at entry %,d".formatted(i));
      }
      byte[] name = new byte[nameLength];
      central.get(at + CENTRAL_BYTES, name);
      readEntry(central, at, name, extraLength, directory.position, spans);
      at = next;
    }
    refuseOverlaps(spans);
  }

  private void readEntry(
      ByteBuffer central, int at, byte[] nameBytes, int extraLength, long end, List<Span> spans) {
    String name = new String(nameBytes, StandardCharsets.UTF_8);
    long[] wide = {u32(central, at + 24), u32(central, at + 20), u32(central, at + 42)};
    widen(central, at + CENTRAL_BYTES + nameBytes.length, extraLength, wide);
    long size = wide[0];
    long packed = wide[1];
    long local = wide[2];
    boolean stored = u16(central, at + 10) == 0;
    if ((u16(central, at + 8) & ENCRYPTED) != 0) {
      throw error("entry %s is encrypted".formatted(Listing.quoted(name)));
    }
    if (stored && size != packed) {
      throw error(
          "entry %s: stored, but of two sizes, %d and %d"
              .formatted(Listing.quoted(name), size, packed));
    }
    if (local < 0 || packed < 0 || local > end - LOCAL_BYTES) {
      throw error("entry %s lies outside the archive".formatted(Listing.quoted(name)));
    }
    ByteBuffer header = file.copy(local, LOCAL_BYTES);
    int localName = u16(header, 26);
    long position = local + LOCAL_BYTES + localName + u16(header, 28);
    if (header.getInt(0) != LOCAL_MARK
        || localName != nameBytes.length
        || position > end
        || !Arrays.equals(file.read(local + LOCAL_BYTES, localName), nameBytes)) {
      throw error("entry %s: its local header does not match".formatted(Listing.quoted(name)));
    }
    if (packed > end - position) {
      throw error(
          "entry %s: %,d bytes lie outside the archive; the file is truncated or damaged"
              .formatted(Listing.quoted(name), packed));
    }
    if (entries.put(name, new Entry(name, position, size, stored)) != null) {
      throw error("two entries named %s".formatted(Listing.quoted(name)));
    }
    spans.add(new Span(name, local, position + packed));
  }

  /**
   * Takes from the zip64 extra field what did not fit: size, packed size, offset, in this order.
   */
  private void widen(ByteBuffer central, int at, int length, long[] fields) {
    int end = at + length;
    while (at + 4 <= end) {
      int id = u16(central, at);
      int next = at + 4 + u16(central, at + 2);
      if (next > end) {
        throw error("zip directory with a damaged extra field");
      }
      if (id == ZIP64_FIELD) {
        int from = at + 4;
        for (int i = 0; i < fields.length; i++) {
          if (fields[i] == NO_LONG) {
            if (from + Long.BYTES > next) {
              throw error("zip directory with a zip64 field that is too short");
            }
            fields[i] = central.getLong(from);
            from += Long.BYTES;
          }
        }
        return;
      }
      at = next;
    }
  }

  private void refuseOverlaps(List<Span> spans) {
    spans.sort(Comparator.comparingLong(Span::begin));
    for (int i = 1; i < spans.size(); i++) {
      Span before = spans.get(i - 1);
      if (spans.get(i).begin < before.end) {
        throw error(
            "entries %s and %s overlap"
                .formatted(Listing.quoted(before.name), Listing.quoted(spans.get(i).name)));
      }
    }
  }

  private static int u16(ByteBuffer from, int at) {
    return from.getShort(at) & 0xffff;
  }

  private static long u32(ByteBuffer from, int at) {
    return from.getInt(at) & NO_LONG;
  }

  private WeightsException error(String problem) {
    return new WeightsException(file.path(), problem);
  }
}
