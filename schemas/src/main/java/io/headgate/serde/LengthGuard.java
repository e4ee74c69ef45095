package io.headgate.serde;

import java.util.List;
import org.apache.avro.Schema;
import org.apache.kafka.common.errors.SerializationException;

/**
 * Walks Avro binary along its writer's schema and refuses lengths that the record cannot hold.
 *
 * <p>Avro's own decoder allocates what a length announces before it reads on: a poisonous record of
 * twenty bytes could take two gigabytes, and with them the process. Nothing is allocated here.
 */
final class LengthGuard {
  private static final int MAX_DEPTH = 64;

  private final byte[] bytes;
  private int position;

  private LengthGuard(byte[] bytes, int offset) {
    this.bytes = bytes;
    this.position = offset;
  }

  /**
   * @throws SerializationException if the bytes end early, announce more than they hold, nest
   *     deeper than any event does, or go on after the event
   */
  static void check(Schema writer, byte[] bytes, int offset) {
    LengthGuard guard = new LengthGuard(bytes, offset);
    guard.skip(writer, 0);
    if (guard.position != bytes.length) {
      throw guard.refuse((bytes.length - guard.position) + " bytes after its end");
    }
  }

  private void skip(Schema schema, int depth) {
    if (depth > MAX_DEPTH) {
      throw refuse("nested deeper than " + MAX_DEPTH);
    }
    switch (schema.getType()) {
      case NULL -> {}
      case BOOLEAN -> advance(1);
      case INT, ENUM, LONG -> varint();
      case FLOAT -> advance(4);
      case DOUBLE -> advance(8);
      case FIXED -> advance(schema.getFixedSize());
      case BYTES, STRING -> advance(varint());
      case UNION -> {
        List<Schema> branches = schema.getTypes();
        long branch = varint();
        if (branch < 0 || branch >= branches.size()) {
          throw refuse("union branch " + branch);
        }
        skip(branches.get((int) branch), depth + 1);
      }
      case RECORD -> {
        for (Schema.Field field : schema.getFields()) {
          skip(field.schema(), depth + 1);
        }
      }
      case ARRAY -> blocks(schema.getElementType(), false, depth);
      case MAP -> blocks(schema.getValueType(), true, depth);
    }
  }

  private void blocks(Schema items, boolean keyed, int depth) {
    while (true) {
      long count = varint();
      if (count == 0) {
        return;
      }
      if (count < 0) { // then the block's size in bytes follows
        count = -count;
        varint();
      }
      // An item takes at least a byte in all of our schemas, so this also bounds what Avro
      // allocates.
      if (count < 0 || count > bytes.length - position) {
        throw refuse("block of " + count + " items");
      }
      for (long i = 0; i < count; i++) {
        if (keyed) {
          advance(varint());
        }
        skip(items, depth + 1);
      }
    }
  }

  private void advance(long length) {
    if (length < 0 || length > bytes.length - position) {
      throw refuse("length " + length);
    }
    position += (int) length;
  }

  private long varint() {
    long value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (position == bytes.length) {
        throw refuse("ends early");
      }
      byte b = bytes[position++];
      value |= (long) (b & 0x7F) << shift;
      if (b >= 0) {
        return (value >>> 1) ^ -(value & 1);
      }
    }
    throw refuse("number of more than 64 bits");
  }

  private SerializationException refuse(String what) {
    return new SerializationException(
        "event of %d bytes: %s at byte %d (expected: Avro binary of its writer's schema)"
            .formatted(bytes.length, what, position));
  }
}
