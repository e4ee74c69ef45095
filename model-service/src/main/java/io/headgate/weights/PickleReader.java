package io.headgate.weights;

import io.headgate.weights.Pickled.Global;
import io.headgate.weights.Pickled.Instance;
import io.headgate.weights.Pickled.None;
import io.headgate.weights.Pickled.Storage;
import io.headgate.weights.Pickled.Tensor;
import io.headgate.weights.Pickled.Tuple;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Reads the pickles that {@code torch.save} and TorchScript write, as data: a stack machine with
 * the opcodes of protocol 2 that they use, which knows the few globals below by name and runs
 * nothing. Every other opcode or global is refused. The number of opcodes is bounded, and with it
 * time and heap.
 *
 * <p>Source: Python's {@code pickletools}; PyTorch's {@code torch/serialization.py} and {@code
 * torch/csrc/jit/serialization/pickler.cpp}.
 */
final class PickleReader {
  static final int MAX_BYTES = 16 << 20;
  private static final int MAX_OPCODES = 1 << 20;
  private static final int MAX_RANK = 32;
  private static final String SCRIPT_MODULE = "__torch__";

  private static final Map<String, DType> STORAGES =
      Map.of(
          "DoubleStorage", DType.F64,
          "FloatStorage", DType.F32,
          "HalfStorage", DType.F16,
          "BFloat16Storage", DType.BF16,
          "LongStorage", DType.I64,
          "IntStorage", DType.I32,
          "ShortStorage", DType.I16,
          "CharStorage", DType.I8,
          "ByteStorage", DType.U8,
          "BoolStorage", DType.BOOL);

  private static final Global ORDERED_DICT = new Global("collections", "OrderedDict");
  private static final Global REBUILD_TENSOR = new Global("torch._utils", "_rebuild_tensor_v2");
  private static final Global REBUILD_PARAMETER = new Global("torch._utils", "_rebuild_parameter");

  /** TorchScript's typed lists, which unpickle to their argument. */
  private static final Set<Global> SCRIPT_LISTS =
      Set.of(
          new Global("torch.jit._pickle", "build_intlist"),
          new Global("torch.jit._pickle", "build_tensorlist"),
          new Global("torch.jit._pickle", "build_doublelist"),
          new Global("torch.jit._pickle", "build_boollist"),
          new Global("torch.jit._pickle", "restore_type_tag"));

  private final Path file;
  private final String entry;
  private final ByteBuffer in;
  private final boolean script;
  private final List<Object> stack = new ArrayList<>();
  private final List<Integer> marks = new ArrayList<>();
  private final Map<Integer, Object> memo = new HashMap<>();
  private int opcodeAt;

  private PickleReader(Path file, String entry, byte[] bytes, boolean script) {
    this.file = file;
    this.entry = entry;
    this.in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    this.script = script;
  }

  /**
   * Reads one pickle.
   *
   * @param entry its name in the file, for messages
   * @param script whether objects of TorchScript are expected
   * @throws WeightsException naming the opcode or global that is refused, or what is broken
   */
  static Object read(Path file, String entry, byte[] bytes, boolean script) {
    return new PickleReader(file, entry, bytes, script).read();
  }

  private Object read() {
    for (int n = 0; n < MAX_OPCODES; n++) {
      opcodeAt = in.position();
      int opcode = u8();
      if (n == 0 && opcode != 0x80) {
        throw error("does not begin as a pickle of protocol 2");
      }
      if (opcode == '.') {
        if (stack.size() != 1 || !marks.isEmpty() || in.hasRemaining()) {
          throw error(
              "ends with %d values, %d open marks, %d bytes left (expected: 1, 0, 0)"
                  .formatted(stack.size(), marks.size(), in.remaining()));
        }
        return pop();
      }
      step(opcode);
    }
    throw error("more than %,d opcodes".formatted(MAX_OPCODES));
  }

  private void step(int opcode) {
    switch (opcode) {
      case 0x80 -> protocol();
      case '(' -> marks.add(stack.size());
      case 'N' -> push(None.NONE);
      case 0x88 -> push(true);
      case 0x89 -> push(false);
      case 'K' -> push((long) u8());
      case 'M' -> push((long) (need(2).getShort() & 0xffff));
      case 'J' -> push((long) need(4).getInt());
      case 0x8a -> push(longInteger());
      case 'G' -> push(bigEndianDouble());
      case 'X' -> push(unicode());
      case ']' -> push(new ArrayList<>());
      case '}' -> push(new LinkedHashMap<>());
      case ')' -> push(new Tuple(List.of()));
      case 't' -> push(new Tuple(popToMark()));
      case 0x85 -> push(new Tuple(popLast(1)));
      case 0x86 -> push(new Tuple(popLast(2)));
      case 0x87 -> push(new Tuple(popLast(3)));
      case 'a' -> append(popLast(1));
      case 'e' -> append(popToMark());
      case 's' -> setItems(popLast(2));
      case 'u' -> setItems(popToMark());
      case 'q' -> memo.put(u8(), peek());
      case 'r' -> memo.put(memoIndex(), peek());
      case 'h' -> push(recall(u8()));
      case 'j' -> push(recall(memoIndex()));
      case 'c' -> push(global());
      case 'Q' -> push(storage(pop()));
      case 'R' -> reduce();
      case 'b' -> build();
      case 0x81 -> newObject();
      default ->
          throw error(
              "opcode %s (expected: only those that torch.save writes); nothing of it was run"
                  .formatted(PickleOpcodes.name(opcode)));
    }
  }

  private void protocol() {
    int version = u8();
    if (opcodeAt != 0 || version != 2) {
      throw error("protocol %d (expected: 2, torch.save's default)".formatted(version));
    }
  }

  // Primitive values.

  private int u8() {
    return need(1).get() & 0xff;
  }

  private ByteBuffer need(int bytes) {
    if (bytes < 0 || in.remaining() < bytes) {
      throw error("ends in the middle; the file is truncated or damaged");
    }
    return in;
  }

  private int memoIndex() {
    int index = need(4).getInt();
    if (index < 0) {
      throw error("memo index %s".formatted(Integer.toUnsignedString(index)));
    }
    return index;
  }

  private long longInteger() {
    int length = u8();
    need(length);
    byte[] bigEndian = new byte[length];
    for (int i = length - 1; i >= 0; i--) {
      bigEndian[i] = in.get();
    }
    BigInteger value = length == 0 ? BigInteger.ZERO : new BigInteger(bigEndian);
    if (value.bitLength() > 63) {
      throw error("whole number %s (expected: of at most 64 bits)".formatted(value));
    }
    return value.longValue();
  }

  private double bigEndianDouble() {
    return Double.longBitsToDouble(Long.reverseBytes(need(8).getLong()));
  }

  private String unicode() {
    int length = need(4).getInt();
    need(length);
    ByteBuffer bytes = in.slice(in.position(), length);
    in.position(in.position() + length);
    try {
      CharBuffer text = StandardCharsets.UTF_8.newDecoder().decode(bytes);
      return text.toString();
    } catch (CharacterCodingException e) {
      throw error("text that is not UTF-8");
    }
  }

  private String line() {
    StringBuilder line = new StringBuilder();
    for (int c = u8(); c != '\n'; c = u8()) {
      line.append((char) c);
    }
    return line.toString();
  }

  // Stack.

  private void push(Object value) {
    stack.add(value);
  }

  private int floor() {
    return marks.isEmpty() ? 0 : marks.get(marks.size() - 1);
  }

  private Object peek() {
    if (stack.size() <= floor()) {
      throw error("takes from an empty stack");
    }
    return stack.get(stack.size() - 1);
  }

  private Object pop() {
    Object value = peek();
    stack.remove(stack.size() - 1);
    return value;
  }

  private List<Object> popLast(int n) {
    if (stack.size() - n < floor()) {
      throw error("takes from an empty stack");
    }
    return take(stack.size() - n);
  }

  private List<Object> popToMark() {
    if (marks.isEmpty()) {
      throw error("takes up to a mark that is not there");
    }
    return take(marks.remove(marks.size() - 1));
  }

  private List<Object> take(int from) {
    List<Object> top = stack.subList(from, stack.size());
    List<Object> taken = new ArrayList<>(top);
    top.clear();
    return taken;
  }

  private Object recall(int index) {
    Object value = memo.get(index);
    if (value == null) {
      throw error("memo %d was never set".formatted(index));
    }
    return value;
  }

  // Containers.

  private void append(List<Object> items) {
    if (!(peek() instanceof List)) {
      throw error("appends to %s".formatted(kind(peek())));
    }
    @SuppressWarnings("unchecked")
    List<Object> list = (List<Object>) peek();
    list.addAll(items);
  }

  private void setItems(List<Object> items) {
    if (!(peek() instanceof Map) || items.size() % 2 != 0) {
      throw error("sets %d keys and values of %s".formatted(items.size(), kind(peek())));
    }
    @SuppressWarnings("unchecked")
    Map<Object, Object> map = (Map<Object, Object>) peek();
    for (int i = 0; i < items.size(); i += 2) {
      Object key = items.get(i);
      // Only flat keys: hashing a list that contains itself would not end.
      if (!(key instanceof String || key instanceof Number || key instanceof Boolean)) {
        throw error("key of %s (expected: a text or a number)".formatted(kind(key)));
      }
      if (map.put(key, items.get(i + 1)) != null) {
        throw error("key %s twice".formatted(Listing.quoted(key.toString())));
      }
    }
  }

  // Globals and what they stand for.

  private Global global() {
    Global global = new Global(line(), line());
    boolean known =
        global.equals(ORDERED_DICT)
            || global.equals(REBUILD_TENSOR)
            || global.equals(REBUILD_PARAMETER)
            || storageType(global) != null
            || script && (SCRIPT_LISTS.contains(global) || isScriptClass(global));
    if (!known) {
      throw error(
          "global %s (expected: only tensors, storages and OrderedDict); nothing of it was run."
                  .formatted(Listing.quoted(global.toString()))
              + " If you trust the file, save its state_dict alone");
    }
    return global;
  }

  private static boolean isScriptClass(Global global) {
    return global.module().equals(SCRIPT_MODULE) || global.module().startsWith(SCRIPT_MODULE + ".");
  }

  private static DType storageType(Global global) {
    return global.module().equals("torch") ? STORAGES.get(global.name()) : null;
  }

  private Storage storage(Object id) {
    if (id instanceof Tuple t
        && t.items().size() == 5
        && "storage".equals(t.items().get(0))
        && t.items().get(1) instanceof Global type
        && storageType(type) != null
        && t.items().get(2) instanceof String key
        && t.items().get(3) instanceof String
        && t.items().get(4) instanceof Long elements
        && elements >= 0) {
      return new Storage(storageType(type), key, elements);
    }
    throw error("persistent id of %s (expected: a storage)".formatted(kind(id)));
  }

  private void reduce() {
    Object arguments = pop();
    Object callable = pop();
    if (!(callable instanceof Global global) || !(arguments instanceof Tuple tuple)) {
      throw error("calls %s with %s".formatted(kind(callable), kind(arguments)));
    }
    List<Object> args = tuple.items();
    if (global.equals(ORDERED_DICT) && args.isEmpty()) {
      push(new LinkedHashMap<>());
    } else if (global.equals(REBUILD_TENSOR) && args.size() >= 4) {
      push(tensor(args));
    } else if (global.equals(REBUILD_PARAMETER)
        && !args.isEmpty()
        && args.get(0) instanceof Tensor tensor) {
      push(tensor);
    } else if (SCRIPT_LISTS.contains(global) && !args.isEmpty()) {
      push(args.get(0));
    } else {
      throw error("calls %s with %d arguments".formatted(global, args.size()));
    }
  }

  private Tensor tensor(List<Object> args) {
    if (args.get(0) instanceof Storage storage && args.get(1) instanceof Long offset) {
      long[] shape = sizes(args.get(2));
      long[] strides = sizes(args.get(3));
      if (shape.length == strides.length && offset >= 0) {
        requireInside(storage, offset, shape, strides);
        return new Tensor(storage, offset, shape, strides);
      }
    }
    throw error("tensor of unsound arguments");
  }

  private long[] sizes(Object value) {
    if (!(value instanceof Tuple tuple) || tuple.items().size() > MAX_RANK) {
      throw error("tensor with sizes of %s".formatted(kind(value)));
    }
    long[] sizes = new long[tuple.items().size()];
    for (int i = 0; i < sizes.length; i++) {
      Object item = tuple.items().get(i);
      if (!(item instanceof Long size) || size < 0) {
        throw error(
            "tensor with a size or stride of %s (expected: whole numbers of at least 0)"
                .formatted(item instanceof Long ? item : kind(item)));
      }
      sizes[i] = size;
    }
    return sizes;
  }

  /** The last element lies in the storage, and there are no more elements than in the storage. */
  private void requireInside(Storage storage, long offset, long[] shape, long[] strides) {
    try {
      long elements = 1;
      long last = offset;
      for (int i = 0; i < shape.length; i++) {
        elements = Math.multiplyExact(elements, shape[i]);
        last = Math.addExact(last, Math.multiplyExact(Math.max(0, shape[i] - 1), strides[i]));
      }
      boolean inside = elements == 0 ? offset <= storage.elements() : last < storage.elements();
      if (inside && elements <= storage.elements()) {
        return;
      }
    } catch (ArithmeticException e) {
      // Falls through: more than 2^63 is outside too.
    }
    throw error(
        "tensor of offset %d, sizes %s, strides %s reaches outside its storage %s of %,d elements"
            .formatted(
                offset,
                Arrays.toString(shape),
                Arrays.toString(strides),
                Listing.quoted(storage.key()),
                storage.elements()));
  }

  private void newObject() {
    Object arguments = pop();
    Object type = pop();
    if (type instanceof Global global
        && isScriptClass(global)
        && arguments instanceof Tuple tuple
        && tuple.items().isEmpty()) {
      push(new Instance(global, new LinkedHashMap<>()));
    } else {
      throw error("object of %s".formatted(kind(type)));
    }
  }

  /** State of an object; that of an OrderedDict (PyTorch's _metadata) is of no use. */
  private void build() {
    Object state = pop();
    Object target = peek();
    if (!(state instanceof Map<?, ?> attributes)) {
      throw error("state of %s (expected: a dictionary)".formatted(kind(state)));
    }
    if (target instanceof Instance instance) {
      attributes.forEach((key, value) -> instance.attributes().put(String.valueOf(key), value));
    } else if (!(target instanceof Map)) {
      throw error("sets the state of %s".formatted(kind(target)));
    }
  }

  private static String kind(Object value) {
    if (value instanceof Global global) {
      return "global " + Listing.quoted(global.toString());
    }
    if (value instanceof Map) {
      return "a dictionary";
    }
    return value instanceof List ? "a list" : "a " + value.getClass().getSimpleName();
  }

  private WeightsException error(String problem) {
    return new WeightsException(file, "%s at byte %,d: %s".formatted(entry, opcodeAt, problem));
  }
}
