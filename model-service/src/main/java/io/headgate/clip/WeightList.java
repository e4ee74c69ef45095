package io.headgate.clip;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Builds a program's list of weights: every parameter is read piecewise into one staging buffer and
 * copied (or packed) from there, so that loading needs one parameter's room beyond the result.
 * Owned by one thread; {@link #list()} hands the tensors over to the list.
 */
final class WeightList implements AutoCloseable {
  private final Map<String, Integer> positions;
  private final PtNDArray[] tensors;
  private final Parameters parameters;
  private final NDManager manager;
  private ByteBuffer staging = ByteBuffer.allocateDirect(0);

  /**
   * @param positions from {@link #positions}
   */
  WeightList(NDManager owner, Parameters parameters, Map<String, Integer> positions, int size) {
    this.manager = owner.newSubManager();
    this.parameters = parameters;
    this.positions = positions;
    this.tensors = new PtNDArray[size];
  }

  /** Where each named weight stands: {@code single} ones first, then the layers' one by one. */
  static Map<String, Integer> positions(List<String> single, List<String> perLayer) {
    Map<String, Integer> positions = new LinkedHashMap<>();
    single.forEach(name -> positions.put(name, positions.size()));
    for (int i = 0; i < perLayer.size(); i++) {
      positions.put(perLayer.get(i), i); // relative to the layer
    }
    positions.put("layers_from", single.size());
    positions.put("per_layer", perLayer.size());
    return new HashMap<>(positions);
  }

  /** A parameter as a float32 tensor that shares the staging buffer: use it before the next. */
  PtNDArray staged(String name) {
    long[] shape = parameters.shape(name);
    return staged(name, 0, shape);
  }

  /** The part of a parameter that starts at element {@code offset} and has {@code shape}. */
  PtNDArray staged(String name, long offset, long... shape) {
    int n = Math.toIntExact(new Shape(shape).size());
    parameters.read(name, offset, stage(n));
    return tensorOfStaging(shape);
  }

  /** A parameter times a number, likewise. */
  PtNDArray scaled(String name, double factor) {
    PtNDArray staged = staged(name);
    FloatBuffer floats = staging.asFloatBuffer();
    for (int i = 0; i < floats.limit(); i++) {
      floats.put(i, (float) (floats.get(i) * factor));
    }
    return staged;
  }

  /** Values computed by the host, likewise. */
  PtNDArray staged(float[] values, long... shape) {
    stage(values.length).put(values);
    return tensorOfStaging(shape);
  }

  private FloatBuffer stage(int floats) {
    int bytes = Math.multiplyExact(floats, Float.BYTES);
    if (staging.capacity() < bytes) {
      staging = ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
    }
    staging.clear().limit(bytes);
    return staging.asFloatBuffer();
  }

  private PtNDArray tensorOfStaging(long... shape) {
    return ((PtNDManager) manager).create(staging, new Shape(shape), DataType.FLOAT32);
  }

  /** Sets a weight. */
  void set(String name, PtNDArray tensor) {
    set(positions.get(name), tensor);
  }

  /** Sets a layer's weight. */
  void set(int layer, String name, PtNDArray tensor) {
    set(
        positions.get("layers_from") + layer * positions.get("per_layer") + positions.get(name),
        tensor);
  }

  private void set(int position, PtNDArray tensor) {
    if (tensors[position] != null) {
      throw new IllegalStateException("weight " + position + " is set already");
    }
    tensors[position] = tensor;
  }

  /** Who owns tensors until the list does. */
  NDManager manager() {
    return manager;
  }

  /** The list, which keeps its tensors alive by itself; the caller closes it. */
  IValue list() {
    List<Integer> missing = new ArrayList<>();
    for (int i = 0; i < tensors.length; i++) {
      if (tensors[i] == null) {
        missing.add(i);
      }
    }
    if (!missing.isEmpty()) {
      throw new IllegalStateException("weights not set: " + missing);
    }
    return IValue.listFrom(tensors);
  }

  @Override
  public void close() {
    manager.close();
  }
}
