package io.headgate.clip;

import io.headgate.weights.Weights;
import java.nio.FloatBuffer;

/** A model's parameters by OpenCLIP name, read piece by piece so that no copy of all is needed. */
interface Parameters {
  /**
   * @throws RuntimeException naming the parameter if there is none of that name
   */
  long[] shape(String name);

  /** Fills what remains of {@code into} with the elements from {@code offset} on. */
  void read(String name, long offset, FloatBuffer into);

  /** All of a parameter. */
  default float[] all(String name) {
    long n = 1;
    for (long side : shape(name)) {
      n *= side;
    }
    float[] values = new float[Math.toIntExact(n)];
    read(name, 0, FloatBuffer.wrap(values));
    return values;
  }

  /** Those of a checkpoint. */
  static Parameters of(Weights weights) {
    return new Parameters() {
      @Override
      public long[] shape(String name) {
        return weights.tensor(name).shape();
      }

      @Override
      public void read(String name, long offset, FloatBuffer into) {
        weights.tensor(name).readFloats(offset, into);
      }
    };
  }
}
