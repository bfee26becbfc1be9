package dev.dalle.precision.format;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Tensor;

/**
 * Packing and unpacking of tensors on a device; {@code device.operations(FormatOps.class)} gives them. Every element is what {@link FloatFormat} says, in every
 * bit. Posted, never waited for, deterministic. Methods throw {@link dev.dalle.tensor.ShapeException} before anything is posted if shapes, types or devices do
 * not fit.
 */
public interface FormatOps {
  /** The type of tensors that hold codes of a format: {@link DType#U8} where they fit into 8 bits, else {@link DType#U16}. */
  static DType codeType(FloatFormat format) {
    return format.bits() <= 8 ? DType.U8 : DType.U16;
  }

  /**
   * {@code codes = format.encode(in)}, rounded once.
   *
   * @param in F32, F16 or BF16
   * @param format any
   * @param codes of {@link #codeType}, as many elements, overwritten; must not overlap {@code in}
   */
  void encode(Tensor in, FloatFormat format, Tensor codes);

  /**
   * {@code out = format.decode(codes)}. Exact in F32; rounded to nearest even in F16 and BF16. NaN is the quiet one without a sign.
   *
   * @param codes of {@link #codeType}; bits above the format's are ignored
   * @param format any
   * @param out F32, F16 or BF16, as many elements, overwritten; must not overlap {@code codes}
   */
  void decode(Tensor codes, FloatFormat format, Tensor out);
}
