package io.headgate.weights;

import io.headgate.weights.Pickled.Instance;
import io.headgate.weights.Pickled.Storage;
import io.headgate.weights.Pickled.Tensor;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Reads what {@code torch.save} (since PyTorch 1.6) and TorchScript write: a zip archive with a
 * pickle, which names tensors and how they lie in storages, and one entry per storage. Of a
 * training checkpoint the {@code state_dict} counts; of a TorchScript archive the modules' tensors,
 * never the code.
 *
 * @param tensors by name
 * @param hints what the names of TorchScript's classes tell
 */
record TorchArchive(Map<String, WeightTensor> tensors, Hints hints) {
  private static final String PICKLE = "/data.pkl";
  private static final String SCRIPT_CONSTANTS = "/constants.pkl";
  private static final String BYTE_ORDER = "/byteorder";
  private static final int MAX_DEPTH = 32;
  private static final int MAX_TENSORS = SafetensorsHeader.MAX_TENSORS;

  /** Where training scripts put the weights, beside optimizer and epoch. */
  private static final List<String> STATE_DICTS =
      List.of("state_dict", "model_state_dict", "model");

  /** Of the classes in OpenAI's archives, whose heads are all 64 wide. */
  private static final String OPEN_AI_PACKAGE = "__torch__.multimodal.model.multimodal_transformer";

  private static final int OPEN_AI_HEAD_WIDTH = 64;

  /**
   * What a file without configuration still says.
   *
   * @param headWidth of both towers; 0 if it does not say
   */
  record Hints(Optional<Activation> activation, int headWidth) {
    static Hints none() {
      return new Hints(Optional.empty(), 0);
    }
  }

  /**
   * @throws WeightsException if the archive is unsound or asks for anything to be run
   */
  static TorchArchive read(MappedFile file) {
    return new Reader(file).read();
  }

  private static final class Reader {
    private final MappedFile file;
    private final StoredZip zip;
    private final String root;
    private final boolean script;
    private final Map<String, DType> storageTypes = new HashMap<>();
    private final Map<String, WeightTensor> tensors = new LinkedHashMap<>();
    private Optional<Activation> activation = Optional.empty();
    private int headWidth;
    private int modules;

    Reader(MappedFile file) {
      this.file = file;
      this.zip = StoredZip.read(file);
      this.root = root();
      this.script = zip.has(root + SCRIPT_CONSTANTS);
    }

    /** The one top-level folder. */
    private String root() {
      List<String> roots =
          zip.names().stream()
              .filter(n -> n.endsWith(PICKLE) && n.indexOf('/') == n.length() - PICKLE.length())
              .map(n -> n.substring(0, n.length() - PICKLE.length()))
              .toList();
      if (roots.size() != 1) {
        throw error(
            "zip archive with %d entries */data.pkl (expected: 1); not written by torch.save"
                .formatted(roots.size()));
      }
      return roots.get(0);
    }

    TorchArchive read() {
      if (zip.has(root + BYTE_ORDER)) {
        String order =
            new String(zip.bytes(root + BYTE_ORDER, 16), StandardCharsets.US_ASCII).strip();
        if (!order.equals("little")) {
          throw error(
              "byte order '%s' (expected: little); save it again on a little-endian machine"
                  .formatted(Listing.quoted(order)));
        }
      }
      byte[] pickle = zip.bytes(root + PICKLE, PickleReader.MAX_BYTES);
      Object value = PickleReader.read(file.path(), root + PICKLE, pickle, script);
      if (value instanceof Instance instance) {
        collect(instance, "", 0);
      } else {
        collect(stateDict(value));
      }
      if (tensors.isEmpty()) {
        throw error(
            "no tensors (expected: a state_dict, at the top or under one of %s)"
                .formatted(String.join(", ", STATE_DICTS)));
      }
      return new TorchArchive(tensors, new Hints(activation, headWidth));
    }

    private Map<?, ?> stateDict(Object value) {
      if (value instanceof Map<?, ?> top) {
        for (String key : STATE_DICTS) {
          if (top.get(key) instanceof Map<?, ?> inner && hasTensors(inner)) {
            return inner;
          }
        }
        return top;
      }
      throw error("pickle of no dictionary (expected: a state_dict)");
    }

    private static boolean hasTensors(Map<?, ?> map) {
      return map.values().stream().anyMatch(Tensor.class::isInstance);
    }

    private void collect(Map<?, ?> stateDict) {
      stateDict.forEach(
          (key, value) -> {
            if (key instanceof String name && value instanceof Tensor tensor) {
              add(name, tensor);
            }
          });
    }

    private void collect(Instance module, String prefix, int depth) {
      if (depth > MAX_DEPTH || ++modules > MAX_TENSORS) {
        throw error(
            "more than %,d modules, or nested deeper than %d".formatted(MAX_TENSORS, MAX_DEPTH));
      }
      look(module);
      module
          .attributes()
          .forEach(
              (key, value) -> {
                if (value instanceof Tensor tensor) {
                  add(prefix + key, tensor);
                } else if (value instanceof Instance inner) {
                  collect(inner, prefix + key + ".", depth + 1);
                }
              });
    }

    private void look(Instance module) {
      switch (module.type().name()) {
        case "QuickGELU" -> state(Activation.QUICK_GELU);
        case "GELU" -> state(Activation.GELU);
        default -> {}
      }
      if (module.type().module().startsWith(OPEN_AI_PACKAGE)) {
        headWidth = OPEN_AI_HEAD_WIDTH;
      }
    }

    private void state(Activation found) {
      if (activation.orElse(found) != found) {
        throw error("modules of two activations, QuickGELU and GELU (expected: one)");
      }
      activation = Optional.of(found);
    }

    private void add(String name, Tensor tensor) {
      if (tensors.size() == MAX_TENSORS) {
        throw error("more than %,d tensors".formatted(MAX_TENSORS));
      }
      Storage storage = tensor.storage();
      // TorchScript of some versions puts the folder into the key.
      String entryName = root + (storage.key().contains("/") ? "/" : "/data/") + storage.key();
      StoredZip.Entry entry = zip.stored(entryName);
      DType dtype = storage.dtype();
      DType before = storageTypes.putIfAbsent(entryName, dtype);
      if (before != null && before != dtype) {
        throw error(
            "tensor %s: storage %s as %s and as %s"
                .formatted(Listing.quoted(name), Listing.quoted(storage.key()), before, dtype));
      }
      if (storage.elements() > entry.size() / dtype.bytes()
          || storage.elements() * dtype.bytes() != entry.size()) {
        throw error(
            "tensor %s: storage %s of %,d %s, but its entry has %,d bytes"
                .formatted(
                    Listing.quoted(name),
                    Listing.quoted(storage.key()),
                    storage.elements(),
                    dtype,
                    entry.size()));
      }
      tensors.put(
          name,
          WeightTensor.of(
              name,
              new StridedView(
                  file,
                  entry.position() + tensor.offset() * dtype.bytes(),
                  dtype,
                  tensor.shape(),
                  tensor.strides())));
    }

    private WeightsException error(String problem) {
      return new WeightsException(file.path(), problem);
    }
  }
}
