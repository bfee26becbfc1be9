package dev.dalle.tensor.internal.cpu;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** Operations on elements of BF16 memory, one pass each; as {@link FloatElements}. */
final class Bfloat16Elements {
  private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
  private static final long WIDTH = 2L * FLOATS.length();

  private Bfloat16Elements() {}

  static void relu(MemorySegment a, MemorySegment out, long from, long to) {
    for (long at = 2 * from; at < 2 * to; at += WIDTH) {
      Bfloat16.store(VectorMath.relu(Bfloat16.load(a, at)), out, at);
    }
  }

  static void sigmoid(MemorySegment a, MemorySegment out, long from, long to) {
    for (long at = 2 * from; at < 2 * to; at += WIDTH) {
      Bfloat16.store(VectorMath.sigmoid(Bfloat16.load(a, at)), out, at);
    }
  }

  static void quickGelu(MemorySegment a, MemorySegment out, long from, long to) {
    for (long at = 2 * from; at < 2 * to; at += WIDTH) {
      Bfloat16.store(VectorMath.quickGelu(Bfloat16.load(a, at)), out, at);
    }
  }

  static void scale(MemorySegment a, float factor, MemorySegment out, long from, long to) {
    for (long at = 2 * from; at < 2 * to; at += WIDTH) {
      Bfloat16.store(Bfloat16.load(a, at).mul(factor), out, at);
    }
  }

  static void add(MemorySegment a, MemorySegment b, MemorySegment out, long from, long to) {
    for (long at = 2 * from; at < 2 * to; at += WIDTH) {
      FloatVector x = Bfloat16.load(a, at);
      FloatVector y = Bfloat16.load(b, at);
      Bfloat16.store(x.add(y), out, at);
    }
  }

  static void multiply(MemorySegment a, MemorySegment b, MemorySegment out, long from, long to) {
    for (long at = 2 * from; at < 2 * to; at += WIDTH) {
      FloatVector x = Bfloat16.load(a, at);
      FloatVector y = Bfloat16.load(b, at);
      Bfloat16.store(x.mul(y), out, at);
    }
  }

  static void reluGradient(MemorySegment a, MemorySegment b, MemorySegment out, long from, long to) {
    for (long at = 2 * from; at < 2 * to; at += WIDTH) {
      FloatVector x = Bfloat16.load(a, at);
      FloatVector y = Bfloat16.load(b, at);
      Bfloat16.store(VectorMath.reluGradient(x, y), out, at);
    }
  }

  static void addScaled(MemorySegment a, MemorySegment b, float factor, MemorySegment out, long from, long to) {
    for (long at = 2 * from; at < 2 * to; at += WIDTH) {
      FloatVector x = Bfloat16.load(a, at);
      FloatVector y = Bfloat16.load(b, at);
      Bfloat16.store(x.mul(factor).add(y), out, at);
    }
  }
}
