package dev.dalle.tensor;

/** The element types of tensors. The names are those of the safetensors format. */
public enum DType {
  /** IEEE binary32. */
  F32(4),
  /** IEEE binary16. */
  F16(2),
  /** The upper half of binary32: 8 exponent bits, 7 stored significand bits. */
  BF16(2),
  /** Signed 32-bit integers. */
  I32(4),
  /** Signed 64-bit integers. */
  I64(8),
  /** Unsigned bytes. */
  U8(1),
  /** Unsigned 16-bit integers, such as codes of number formats that are no type of their own. */
  U16(2);

  private final int byteSize;

  DType(int byteSize) {
    this.byteSize = byteSize;
  }

  /** Bytes of one element. */
  public int byteSize() {
    return byteSize;
  }

  /** Whether the type is one of the floating-point types. */
  public boolean isFloating() {
    return this == F32 || this == F16 || this == BF16;
  }

  /**
   * The spacing of numbers just above one, for tolerances.
   *
   * @throws IllegalStateException for an integer type
   */
  public double epsilon() {
    return switch (this) {
      case F32 -> 0x1p-23;
      case F16 -> 0x1p-10;
      case BF16 -> 0x1p-7;
      default -> throw new IllegalStateException(this + " is not a floating-point type");
    };
  }
}
