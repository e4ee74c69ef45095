package io.headgate.weights;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads and checks the JSON header of a safetensors file: u64 size, JSON, data. */
record SafetensorsHeader(Map<String, WeightTensor> tensors, Map<String, String> metadata) {
  /** The largest CLIPs have headers of 150 kB; this bounds the heap that a hostile one can take. */
  static final int MAX_HEADER_BYTES = 16 << 20;

  static final int MAX_TENSORS = 100_000;
  static final int MAX_RANK = 32;
  private static final int PREFIX_BYTES = 8;
  static final String METADATA = "__metadata__";

  static SafetensorsHeader read(MappedFile file) {
    return new Reader(file).read();
  }

  private record Entry(String name, String dtype, long[] shape, long begin, long end) {}

  private static final class Reader {
    private final MappedFile file;
    private final List<Entry> entries = new ArrayList<>();
    private final Map<String, String> metadata = new LinkedHashMap<>();

    Reader(MappedFile file) {
      this.file = file;
    }

    SafetensorsHeader read() {
      if (file.size() < PREFIX_BYTES) {
        throw error(
            "%d bytes (expected: a safetensors file, which has at least %d); is it truncated?"
                .formatted(file.size(), PREFIX_BYTES));
      }
      long length = littleEndian(file.read(0, PREFIX_BYTES));
      if (length < 2 || length > MAX_HEADER_BYTES) {
        throw error(
            "header of %s bytes (expected: 2 to %,d); is it a safetensors file?"
                .formatted(Long.toUnsignedString(length), MAX_HEADER_BYTES));
      }
      long available = file.size() - PREFIX_BYTES;
      if (length > available) {
        throw error(
            "header of %,d bytes, but only %,d follow; the file is truncated"
                .formatted(length, available));
      }
      parse(file.read(PREFIX_BYTES, (int) length));
      return new SafetensorsHeader(place(PREFIX_BYTES + length), metadata);
    }

    private static long littleEndian(byte[] bytes) {
      long value = 0;
      for (int i = bytes.length - 1; i >= 0; i--) {
        value = value << 8 | bytes[i] & 0xff;
      }
      return value;
    }

    private void parse(byte[] header) {
      if (header[0] != '{') {
        throw error("header does not begin with '{'; is it a safetensors file?");
      }
      JsonFactory factory =
          JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();
      try (JsonParser json = factory.createParser(utf8(header))) {
        json.nextToken();
        while (json.nextToken() != JsonToken.END_OBJECT) {
          String name = json.currentName();
          json.nextToken();
          if (name.equals(METADATA)) {
            parseMetadata(json);
          } else {
            if (entries.size() == MAX_TENSORS) {
              throw error("more than %,d tensors".formatted(MAX_TENSORS));
            }
            entries.add(parseEntry(name, json));
          }
        }
        if (json.nextToken() != null) {
          throw error("header goes on after its JSON object");
        }
      } catch (JsonProcessingException e) {
        throw error("header is not sound JSON: " + Listing.quoted(e.getOriginalMessage()));
      } catch (IOException e) {
        throw error("header is not sound UTF-8: " + Listing.quoted(e.toString()));
      }
    }

    /** Unlike the parser's own choice by the first bytes: UTF-8 only, and no replacements. */
    private static InputStreamReader utf8(byte[] bytes) {
      return new InputStreamReader(
          new ByteArrayInputStream(bytes), StandardCharsets.UTF_8.newDecoder());
    }

    private void parseMetadata(JsonParser json) throws IOException {
      expect(json, JsonToken.START_OBJECT, METADATA);
      while (json.nextToken() != JsonToken.END_OBJECT) {
        String key = json.currentName();
        json.nextToken();
        expect(json, JsonToken.VALUE_STRING, METADATA);
        metadata.put(key, json.getText());
      }
    }

    private Entry parseEntry(String name, JsonParser json) throws IOException {
      expect(json, JsonToken.START_OBJECT, name);
      String dtype = null;
      long[] shape = null;
      long[] offsets = null;
      while (json.nextToken() != JsonToken.END_OBJECT) {
        String field = json.currentName();
        json.nextToken();
        switch (field) {
          case "dtype" -> {
            expect(json, JsonToken.VALUE_STRING, name);
            dtype = json.getText();
          }
          case "shape" -> shape = parseSizes(name, json, MAX_RANK);
          case "data_offsets" -> offsets = parseSizes(name, json, 2);
          default ->
              throw error(
                  "tensor %s: unknown field '%s' (expected: dtype, shape, data_offsets)"
                      .formatted(Listing.quoted(name), Listing.quoted(field)));
        }
      }
      if (dtype == null || shape == null || offsets == null || offsets.length != 2) {
        throw error(
            "tensor %s: incomplete (expected: dtype, shape and two data_offsets)"
                .formatted(Listing.quoted(name)));
      }
      return new Entry(name, dtype, shape, offsets[0], offsets[1]);
    }

    private long[] parseSizes(String name, JsonParser json, int most) throws IOException {
      expect(json, JsonToken.START_ARRAY, name);
      long[] sizes = new long[most];
      int n = 0;
      while (json.nextToken() != JsonToken.END_ARRAY) {
        expect(json, JsonToken.VALUE_NUMBER_INT, name);
        if (n == most || json.getNumberType() == JsonParser.NumberType.BIG_INTEGER) {
          throw error(
              "tensor %s: sizes or offsets too many or too large".formatted(Listing.quoted(name)));
        }
        long size = json.getLongValue();
        if (size < 0) {
          throw error(
              "tensor %s: %d (expected: sizes and offsets of at least 0)"
                  .formatted(Listing.quoted(name), size));
        }
        sizes[n++] = size;
      }
      return Arrays.copyOf(sizes, n);
    }

    private void expect(JsonParser json, JsonToken token, String where) {
      if (json.currentToken() != token) {
        throw error(
            "header: %s in %s (expected: %s)"
                .formatted(json.currentToken(), Listing.quoted(where), token));
      }
    }

    /** Checks that the spans fit the shapes and tile the data. */
    private Map<String, WeightTensor> place(long start) {
      long data = file.size() - start;
      Map<String, WeightTensor> tensors = new LinkedHashMap<>();
      for (Entry entry : entries) {
        String name = Listing.quoted(entry.name);
        DType dtype =
            DType.named(entry.dtype)
                .orElseThrow(
                    () ->
                        error(
                            "tensor %s: dtype %s (expected: one of %s); convert it first"
                                .formatted(name, Listing.quoted(entry.dtype), DType.names())));
        if (entry.begin > entry.end || entry.end > data) {
          throw error(
              "tensor %s: bytes %,d to %,d (expected: within the %,d bytes of data); the file is"
                      .formatted(name, entry.begin, entry.end, data)
                  + " truncated or damaged");
        }
        long bytes = bytes(entry, dtype);
        if (bytes != entry.end - entry.begin) {
          throw error(
              "tensor %s: %s %s spans %,d bytes (expected: %s)"
                  .formatted(
                      name,
                      dtype,
                      Arrays.toString(entry.shape),
                      entry.end - entry.begin,
                      bytes < 0 ? "fewer than 2^63" : "%,d".formatted(bytes)));
        }
        tensors.put(
            entry.name,
            WeightTensor.of(
                entry.name, StridedView.rowMajor(file, start + entry.begin, dtype, entry.shape)));
      }
      checkTiling(data);
      return tensors;
    }

    /** Negative if it is more than a long can hold. */
    private static long bytes(Entry entry, DType dtype) {
      long n = dtype.bytes();
      try {
        for (long size : entry.shape) {
          n = Math.multiplyExact(n, size);
        }
        return n;
      } catch (ArithmeticException e) {
        return -1;
      }
    }

    private void checkTiling(long data) {
      List<Entry> sorted = new ArrayList<>(entries);
      sorted.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
      long end = 0;
      String before = "the start";
      for (Entry entry : sorted) {
        String name = Listing.quoted(entry.name);
        if (entry.begin < end) {
          throw error(
              "tensor %s: begins at byte %,d, inside tensor %s, which ends at %,d"
                  .formatted(name, entry.begin, before, end));
        }
        if (entry.begin > end) {
          throw error(
              "tensor %s: begins at byte %,d, leaving a hole after %s, which ends at %,d"
                  .formatted(name, entry.begin, before, end));
        }
        end = entry.end;
        before = name;
      }
      if (end != data) {
        throw error(
            "%,d bytes of data, but the tensors end at %,d (expected: no bytes of no tensor)"
                .formatted(data, end));
      }
    }

    private WeightsException error(String problem) {
      return new WeightsException(file.path(), problem);
    }
  }
}
