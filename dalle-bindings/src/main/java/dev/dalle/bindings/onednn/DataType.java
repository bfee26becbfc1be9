package dev.dalle.bindings.onednn;

import dev.dalle.bindings.internal.onednn.Dnnl;

/** Element types of oneDNN memory. */
public enum DataType {
  /** 32-bit floats. */
  F32(Dnnl.dnnl_f32(), 4),
  /** 16-bit floats with the exponent range of 32 bits. */
  BF16(Dnnl.dnnl_bf16(), 2),
  /** IEEE half precision. */
  F16(Dnnl.dnnl_f16(), 2),
  /** Signed 32-bit integers. */
  S32(Dnnl.dnnl_s32(), 4),
  /** Signed bytes. */
  S8(Dnnl.dnnl_s8(), 1),
  /** Unsigned bytes. */
  U8(Dnnl.dnnl_u8(), 1);

  private final int code;
  private final int byteSize;

  DataType(int code, int byteSize) {
    this.code = code;
    this.byteSize = byteSize;
  }

  /** oneDNN's code. */
  public int code() {
    return code;
  }

  /** Bytes of an element. */
  public int byteSize() {
    return byteSize;
  }

  static DataType of(int code) {
    for (DataType type : values()) {
      if (type.code == code) {
        return type;
      }
    }
    throw new IllegalArgumentException("no data type has oneDNN's code " + code);
  }
}
