package dev.dalle.bindings.onednn;

import dev.dalle.bindings.internal.onednn.Dnnl;

/** Instruction sets that oneDNN tells apart, from the smallest to the largest. */
public enum CpuIsa {
  /** SSE 4.1. */
  SSE41(Dnnl.dnnl_cpu_isa_sse41()),
  /** AVX. */
  AVX(Dnnl.dnnl_cpu_isa_avx()),
  /** AVX2, the least that the suite runs on. */
  AVX2(Dnnl.dnnl_cpu_isa_avx2()),
  /** AVX2 with integer dot products. */
  AVX2_VNNI(Dnnl.dnnl_cpu_isa_avx2_vnni()),
  /** AVX2 with conversions from and to 16 bits. */
  AVX2_VNNI_2(Dnnl.dnnl_cpu_isa_avx2_vnni_2()),
  /** AVX-512; bf16 is emulated from here on. */
  AVX512_CORE(Dnnl.dnnl_cpu_isa_avx512_core()),
  /** AVX-512 with integer dot products. */
  AVX512_CORE_VNNI(Dnnl.dnnl_cpu_isa_avx512_core_vnni()),
  /** AVX-512 with bf16 dot products. */
  AVX512_CORE_BF16(Dnnl.dnnl_cpu_isa_avx512_core_bf16()),
  /** AVX-512 with f16 arithmetic. */
  AVX512_CORE_FP16(Dnnl.dnnl_cpu_isa_avx512_core_fp16()),
  /** Tile matrix products in bf16. */
  AVX512_CORE_AMX(Dnnl.dnnl_cpu_isa_avx512_core_amx()),
  /** Tile matrix products in bf16 and f16. */
  AVX512_CORE_AMX_FP16(Dnnl.dnnl_cpu_isa_avx512_core_amx_fp16()),
  /** AVX10.2. */
  AVX10_2(Dnnl.dnnl_cpu_isa_avx10_2()),
  /** AVX10.2 with tile matrix products. */
  AVX10_2_AMX_2(Dnnl.dnnl_cpu_isa_avx10_2_amx_2());

  private final int code;

  CpuIsa(int code) {
    this.code = code;
  }

  /**
   * The instruction set of a oneDNN code; for a code of a later oneDNN, the largest known one that it includes.
   *
   * @throws IllegalArgumentException if it includes none
   */
  public static CpuIsa of(int code) {
    CpuIsa best = null;
    for (CpuIsa isa : values()) {
      if ((code & isa.code) == isa.code) {
        best = isa;
      }
    }
    if (best == null) {
      throw new IllegalArgumentException("no known instruction set in oneDNN's code 0x" + Integer.toHexString(code));
    }
    return best;
  }

  /** oneDNN's code, a set of bits. */
  public int code() {
    return code;
  }

  /** Whether this set includes another. */
  public boolean includes(CpuIsa other) {
    return (code & other.code) == other.code;
  }

  /** Whether oneDNN computes bf16 here at all, training included. */
  public boolean computesBf16() {
    return includes(AVX512_CORE);
  }

  /** Whether bf16 is faster than f32 here. */
  public boolean acceleratesBf16() {
    return includes(AVX512_CORE_BF16);
  }

  /** Whether oneDNN computes f16 here. */
  public boolean computesF16() {
    return includes(AVX512_CORE_FP16);
  }
}
