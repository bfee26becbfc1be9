package dev.dalle.tensor.files;

import dev.dalle.tensor.DType;

/**
 * The element types of tensors in files: those of {@link DType}, and others that are converted when they are read. The names are those of the safetensors
 * format.
 */
public enum StoredType {
  /** IEEE binary64; read as floating-point numbers of fewer bits, rounded to nearest even. */
  F64(8, DType.F32),
  /** As {@link DType#F32}. */
  F32(4, DType.F32),
  /** As {@link DType#F16}. */
  F16(2, DType.F16),
  /** As {@link DType#BF16}. */
  BF16(2, DType.BF16),
  /** As {@link DType#I64}. */
  I64(8, DType.I64),
  /** As {@link DType#I32}. */
  I32(4, DType.I32),
  /** Signed 16-bit integers; read as I32. */
  I16(2, DType.I32),
  /** Signed bytes; read as I32. */
  I8(1, DType.I32),
  /** As {@link DType#U8}. */
  U8(1, DType.U8),
  /** As {@link DType#U16}. */
  U16(2, DType.U16),
  /** Truth values, a byte each, where all but 0 is true; read as U8, 0 or 1. */
  BOOL(1, DType.U8);

  private final int byteSize;
  private final DType dtype;

  StoredType(int byteSize, DType dtype) {
    this.byteSize = byteSize;
    this.dtype = dtype;
  }

  /** Bytes of one element. */
  public int byteSize() {
    return byteSize;
  }

  /** The type of tensors that holds all values of this one; only F64 loses bits on the way. */
  public DType dtype() {
    return dtype;
  }

  /** Whether elements are read into tensors of a type: into {@link #dtype()}, and floating-point numbers into every floating-point type. */
  public boolean reads(DType other) {
    return dtype == other || dtype.isFloating() && other.isFloating();
  }

  /** Whether the bits in the file are those in a tensor. */
  public boolean sameBits(DType other) {
    return name().equals(other.name());
  }
}
