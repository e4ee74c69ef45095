package io.headgate.clip;

/**
 * How a program does its matrix products.
 *
 * @param resource with {@code linear}, {@code linear_up}, {@code linear_add}, {@code pack}, {@code
 *     copy}
 * @param compute torch's number of the type of products
 */
record Arithmetic(String resource, int compute) {
  /** torch's numbers for its types. */
  static final int UINT8 = 0;

  static final int FLOAT16 = 5;
  static final int FLOAT32 = 6;
  static final int BFLOAT16 = 15;

  static Arithmetic plain(Precision precision) {
    return new Arithmetic("linear-plain.torchscript", type(precision));
  }

  static Arithmetic packed(Precision precision) {
    return new Arithmetic(
        precision == Precision.FP32
            ? "linear-packed.torchscript"
            : "linear-packed-bf16.torchscript",
        type(precision));
  }

  private static int type(Precision precision) {
    return switch (precision) {
      case FP32 -> FLOAT32;
      case BF16 -> BFLOAT16;
      case FP16 -> FLOAT16;
    };
  }
}
