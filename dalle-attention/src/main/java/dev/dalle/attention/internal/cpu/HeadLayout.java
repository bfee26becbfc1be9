package dev.dalle.attention.internal.cpu;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** The sizes of packed queries, keys and values {@code [B, S, 3, H, D]}, and where the rows of one head lie; all in elements. */
record HeadLayout(DType dtype, int states, int heads, int depth) {
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  static HeadLayout of(Tensor qkv) {
    return new HeadLayout(qkv.dtype(), Math.toIntExact(qkv.dim(1)), Math.toIntExact(qkv.dim(3)), Math.toIntExact(qkv.dim(4)));
  }

  /** Between the rows of consecutive states. */
  long stride() {
    return 3L * heads * depth;
  }

  /** Where a head's row of state 0 begins; part 0 is the queries, 1 the keys, 2 the values. */
  long first(long task, int part) {
    return task / heads * states * stride() + ((long) part * heads + task % heads) * depth;
  }

  /** As {@link #stride}, of the output. */
  long outStride() {
    return (long) heads * depth;
  }

  /** As {@link #first}, of the output. */
  long outFirst(long task) {
    return task / heads * states * outStride() + task % heads * depth;
  }

  /** One number a state, from the order of the slots; slots without a state are passed over. */
  void storeSums(float[] ofSlot, int[] stateOfSlot, long task, MemorySegment sums) {
    for (int slot = 0; slot < stateOfSlot.length; slot++) {
      if (stateOfSlot[slot] >= 0) {
        sums.set(FLOAT, 4 * (task * states + stateOfSlot[slot]), ofSlot[slot]);
      }
    }
  }

  /** The reverse of {@link #storeSums}; 0 for slots without a state. */
  void loadSums(MemorySegment sums, int[] stateOfSlot, long task, float[] ofSlot) {
    for (int slot = 0; slot < stateOfSlot.length; slot++) {
      ofSlot[slot] = stateOfSlot[slot] < 0 ? 0 : sums.get(FLOAT, 4 * (task * states + stateOfSlot[slot]));
    }
  }

  /** Whether the numbers of slots that have a state are between minus {@code most} and {@code most}. */
  static boolean within(float[] ofSlot, int[] stateOfSlot, float most) {
    boolean within = true;
    for (int slot = 0; slot < stateOfSlot.length; slot++) {
      within &= stateOfSlot[slot] < 0 || Math.abs(ofSlot[slot]) <= most;
    }
    return within;
  }
}
