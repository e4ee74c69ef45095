package io.headgate.clip;

/** The arithmetic of the vision tower. The text tower always computes in float32. */
public enum Precision {
  /** float32 throughout: the default, and what the goldens are checked against. */
  FP32,
  /** bfloat16 matrix products, float32 residual stream; admitted at load by a self-test. */
  BF16,
  /** float16 matrix products, float32 residual stream: meant for GPUs. */
  FP16
}
