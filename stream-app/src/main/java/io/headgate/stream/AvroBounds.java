package io.headgate.stream;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.apache.avro.Schema;

/**
 * Walks Avro binary data without building it, to see that every length it claims is there. Avro's
 * own decoder allocates what a length prefix claims before it looks: a record of twenty bytes can
 * ask for two gigabytes. Pure.
 */
final class AvroBounds {
  private static final int DEEPEST = 64;

  private final byte[] data;
  private int at;

  private AvroBounds(byte[] data, int from) {
    this.data = data;
    this.at = from;
  }

  /**
   * @param from offset of the first byte of the datum
   * @throws OutOfBoundsException if the data does not hold a datum of this schema
   */
  static void check(Schema writer, byte[] data, int from) throws OutOfBoundsException {
    new AvroBounds(data, from).walk(writer, 0);
  }

  private void walk(Schema schema, int depth) throws OutOfBoundsException {
    if (depth > DEEPEST) {
      throw new OutOfBoundsException("nested deeper than " + DEEPEST, at);
    }
    switch (schema.getType()) {
      case NULL -> {}
      case BOOLEAN -> skip(1);
      case INT -> varint(5);
      case LONG -> varint();
      case ENUM -> oneOf(varint(5), schema.getEnumSymbols().size(), "symbol");
      case FLOAT -> skip(4);
      case DOUBLE -> skip(8);
      case FIXED -> skip(schema.getFixedSize());
      case BYTES -> skip(varint());
      case STRING -> string();
      case RECORD -> {
        for (Schema.Field field : schema.getFields()) {
          walk(field.schema(), depth + 1);
        }
      }
      case UNION -> {
        long branch = varint(5);
        oneOf(branch, schema.getTypes().size(), "branch");
        walk(schema.getTypes().get((int) branch), depth + 1);
      }
      case ARRAY -> blocks(schema.getElementType(), false, depth);
      case MAP -> blocks(schema.getValueType(), true, depth);
    }
  }

  private void blocks(Schema items, boolean keyed, int depth) throws OutOfBoundsException {
    for (long count = varint(); count != 0; count = varint()) {
      if (count < 0) { // then the block's size in bytes follows
        count = -count;
        varint();
      }
      if (count < 0 || count > data.length - at) { // also of items that take no bytes
        throw new OutOfBoundsException("a block of %d items".formatted(count), at);
      }
      for (long i = 0; i < count; i++) {
        if (keyed) {
          string();
        }
        walk(items, depth + 1);
      }
    }
  }

  private void string() throws OutOfBoundsException {
    long length = varint();
    int begin = at;
    skip(length);
    try { // a string that is none would be repaired silently, and not travel byte for byte
      StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(data, begin, (int) length));
    } catch (CharacterCodingException e) {
      throw new OutOfBoundsException("a string that is not UTF-8", begin);
    }
  }

  private void skip(long bytes) throws OutOfBoundsException {
    if (bytes < 0 || bytes > data.length - at) {
      throw new OutOfBoundsException("a length of %d bytes".formatted(bytes), at);
    }
    at += (int) bytes;
  }

  private void oneOf(long index, int size, String what) throws OutOfBoundsException {
    if (index < 0 || index >= size) {
      throw new OutOfBoundsException("%s %d of %d".formatted(what, index, size), at);
    }
  }

  private long varint() throws OutOfBoundsException {
    return varint(10);
  }

  /** Zig-zag variable-length integer. */
  private long varint(int longest) throws OutOfBoundsException {
    long value = 0;
    for (int shift = 0; shift < 7 * longest; shift += 7) {
      if (at >= data.length) {
        throw new OutOfBoundsException("a number that goes on", at);
      }
      byte b = data[at++];
      value |= (b & 0x7fL) << shift;
      if (b >= 0) {
        return (value >>> 1) ^ -(value & 1);
      }
    }
    throw new OutOfBoundsException("a number of more than %d bytes".formatted(longest), at);
  }

  /** Data that claims more than there is. */
  static final class OutOfBoundsException extends Exception {
    private static final long serialVersionUID = 1L;

    OutOfBoundsException(String what, int at) {
      super("%s at byte %d (expected: within the record)".formatted(what, at));
    }
  }
}
