package io.headgate.weights;

import java.util.List;
import java.util.Map;

/**
 * Values that {@link PickleReader} knows besides strings, longs, doubles, booleans, lists and maps.
 * Nothing here is ever called: a global is a name, an object is its attributes.
 */
sealed interface Pickled {
  /** Python's None. */
  enum None implements Pickled {
    NONE
  }

  /** The name of a class or function. */
  record Global(String module, String name) implements Pickled {
    @Override
    public String toString() {
      return module + "." + name;
    }
  }

  /** A fixed sequence. */
  record Tuple(List<Object> items) implements Pickled {}

  /**
   * The bytes behind tensors, in an entry of their own.
   *
   * @param key names the entry
   * @param elements how many there are
   */
  record Storage(DType dtype, String key, long elements) implements Pickled {}

  /** A view of a storage, all in elements. */
  record Tensor(Storage storage, long offset, long[] shape, long[] strides) implements Pickled {}

  /** An object of TorchScript. */
  record Instance(Global type, Map<String, Object> attributes) implements Pickled {}
}
