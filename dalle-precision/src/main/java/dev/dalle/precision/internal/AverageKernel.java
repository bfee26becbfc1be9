package dev.dalle.precision.internal;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** {@code average += share * (value - average)} over a range; bits depend neither on the vector length nor on how ranges are cut. */
final class AverageKernel {
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ORDER);

  private AverageKernel() {}

  static void run(float share, MemorySegment value, MemorySegment average, long from, long to) {
    long vectorEnd = 4 * (from + SPECIES.loopBound(to - from));
    vectors(share, value, average, 4 * from, vectorEnd);
    for (long at = vectorEnd; at < 4 * to; at += 4) {
      float a = average.get(FLOAT, at);
      average.set(FLOAT, at, Math.fma(value.get(FLOAT, at) - a, share, a));
    }
  }

  private static void vectors(float share, MemorySegment value, MemorySegment average, long from, long to) {
    FloatVector shares = FloatVector.broadcast(SPECIES, share);
    for (long at = from; at < to; at += SPECIES.vectorByteSize()) {
      FloatVector a = FloatVector.fromMemorySegment(SPECIES, average, at, ORDER);
      FloatVector.fromMemorySegment(SPECIES, value, at, ORDER).sub(a).fma(shares, a).intoMemorySegment(average, at, ORDER);
    }
  }
}
