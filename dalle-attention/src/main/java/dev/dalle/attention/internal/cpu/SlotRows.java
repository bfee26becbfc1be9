package dev.dalle.attention.internal.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/** Copies one head's rows of BF16 between a tensor, where other heads lie between them, and dense rows in the order of a plan's slots. */
final class SlotRows {
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final int LANES = SPECIES.length();
  private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Short> SHORTS = VectorSpecies.of(short.class, VectorShape.forBitSize(SPECIES.vectorBitSize() / 2));
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ORDER);
  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ORDER);

  private SlotRows() {}

  /**
   * {@code to[slot] = from[state of slot]}; zeros for slots without a state.
   *
   * @param first element in {@code from} where the row of state 0 begins
   * @param stride elements between the rows of consecutive states
   */
  static void gather(MemorySegment from, long first, long stride, int[] stateOfSlot, int depth, MemorySegment to) {
    long row = (long) depth * Short.BYTES;
    for (int slot = 0; slot < stateOfSlot.length; slot++) {
      int state = stateOfSlot[slot];
      if (state < 0) {
        to.asSlice(slot * row, row).fill((byte) 0);
      } else {
        MemorySegment.copy(from, Short.BYTES * (first + stride * state), to, slot * row, row);
      }
    }
  }

  /**
   * {@code to[state of slot] = factors[slot] * from[slot]}, the reverse of {@link #gather}, rounded to nearest, ties to even; slots without a state are passed
   * over.
   *
   * @param from F32
   */
  static void scatter(MemorySegment from, float[] factors, int[] stateOfSlot, int depth, MemorySegment to, long first, long stride) {
    int whole = depth - depth % LANES;
    for (int slot = 0; slot < stateOfSlot.length; slot++) {
      if (stateOfSlot[slot] < 0) {
        continue;
      }
      float factor = factors[slot];
      long at = 4L * slot * depth;
      long offset = 2 * (first + stride * stateOfSlot[slot]);
      for (int i = 0; i < whole; i += LANES) {
        FloatVector x = FloatVector.fromMemorySegment(SPECIES, from, at + 4L * i, ORDER).mul(factor);
        VectorMask<Integer> nan = x.test(VectorOperators.IS_NAN).cast(INTS);
        IntVector bits = x.reinterpretAsInts();
        IntVector odd = bits.lanewise(VectorOperators.LSHR, 16).and(1);
        IntVector rounded = bits.add(odd).add(0x7FFF).lanewise(VectorOperators.LSHR, 16).blend(0x7FC0, nan);
        ((ShortVector) rounded.convertShape(VectorOperators.I2S, SHORTS, 0)).intoMemorySegment(to, offset + 2L * i, ORDER);
      }
      for (int i = whole; i < depth; i++) {
        to.set(SHORT, offset + 2L * i, HeadRows.bfloat(factor * from.get(FLOAT, at + 4L * i)));
      }
    }
  }

  /** Whether all numbers of dense rows of F32 are finite. */
  static boolean isFinite(MemorySegment rows, int slots, int depth) {
    int count = slots * depth;
    FloatVector sum = FloatVector.zero(SPECIES);
    int i = 0;
    // A finite number times zero is zero, anything else NaN.
    for (; i + LANES <= count; i += LANES) {
      sum = sum.add(FloatVector.fromMemorySegment(SPECIES, rows, 4L * i, ORDER).mul(0f));
    }
    boolean finite = !sum.test(VectorOperators.IS_NAN).anyTrue();
    for (; i < count; i++) {
      finite &= Float.isFinite(rows.get(FLOAT, 4L * i));
    }
    return finite;
  }
}
