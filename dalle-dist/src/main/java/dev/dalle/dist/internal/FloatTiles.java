package dev.dalle.dist.internal;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** Arithmetic on a tile of F32, element by element. */
final class FloatTiles {
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private FloatTiles() {}

  /** Sums; {@code out} may be one of the terms. */
  static void add(MemorySegment a, MemorySegment b, MemorySegment out, int count) {
    int vectors = SPECIES.loopBound(count);
    for (int i = 0; i < vectors; i += SPECIES.length()) {
      FloatVector sum = FloatVector.fromMemorySegment(SPECIES, a, 4L * i, ByteOrder.LITTLE_ENDIAN)
          .add(FloatVector.fromMemorySegment(SPECIES, b, 4L * i, ByteOrder.LITTLE_ENDIAN));
      sum.intoMemorySegment(out, 4L * i, ByteOrder.LITTLE_ENDIAN);
    }
    for (int i = vectors; i < count; i++) {
      out.set(FLOAT, 4L * i, a.get(FLOAT, 4L * i) + b.get(FLOAT, 4L * i));
    }
  }

  /** Quotients in place. By a power of two a product gives the same bits, and sooner. */
  static void divide(MemorySegment values, int divisor, int count) {
    if (Integer.bitCount(divisor) == 1) {
      multiply(values, 1f / divisor, count);
      return;
    }
    for (int i = 0; i < count; i++) {
      values.set(FLOAT, 4L * i, values.get(FLOAT, 4L * i) / divisor);
    }
  }

  private static void multiply(MemorySegment values, float factor, int count) {
    int vectors = SPECIES.loopBound(count);
    for (int i = 0; i < vectors; i += SPECIES.length()) {
      FloatVector.fromMemorySegment(SPECIES, values, 4L * i, ByteOrder.LITTLE_ENDIAN).mul(factor).intoMemorySegment(values, 4L * i, ByteOrder.LITTLE_ENDIAN);
    }
    for (int i = vectors; i < count; i++) {
      values.set(FLOAT, 4L * i, values.get(FLOAT, 4L * i) * factor);
    }
  }
}
