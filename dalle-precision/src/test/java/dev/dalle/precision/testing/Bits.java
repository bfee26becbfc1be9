package dev.dalle.precision.testing;

import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.files.NamedTensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The bytes of tensors, for comparisons to the bit whatever the type. */
public final class Bits {
  private Bits() {}

  /** Of one tensor. */
  public static byte[] of(Tensor tensor) {
    byte[] bytes = new byte[Math.toIntExact(tensor.byteSize())];
    tensor.device().download(tensor, MemorySegment.ofArray(bytes));
    return bytes;
  }

  /** Codes of 16 bits, of any type. */
  public static int[] codes(Tensor tensor) {
    short[] codes = MemorySegment.ofArray(of(tensor)).toArray(ValueLayout.JAVA_SHORT_UNALIGNED);
    int[] wide = new int[codes.length];
    for (int i = 0; i < wide.length; i++) {
      wide[i] = codes[i] & 0xFFFF;
    }
    return wide;
  }

  /** Of several, by name. */
  public static Map<String, byte[]> of(List<NamedTensor> tensors) {
    Map<String, byte[]> all = new LinkedHashMap<>();
    tensors.forEach(tensor -> all.put(tensor.name(), of(tensor.tensor())));
    return all;
  }
}
