package dev.dalle.tensor.internal.cpu;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Operations on elements of F32 memory, one pass each: what {@link ElementKernels} runs where all types are F32. The length of a range is a multiple of a
 * vector's. One loop a method, and one type a loop: the compiler then keeps vectors in registers; with a choice of types inside it starts to box them.
 */
final class FloatElements {
  private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;
  private static final long WIDTH = FLOATS.vectorByteSize();

  private FloatElements() {}

  static void relu(MemorySegment a, MemorySegment out, long from, long to) {
    for (long at = 4 * from; at < 4 * to; at += WIDTH) {
      VectorMath.relu(FloatVector.fromMemorySegment(FLOATS, a, at, ORDER)).intoMemorySegment(out, at, ORDER);
    }
  }

  static void sigmoid(MemorySegment a, MemorySegment out, long from, long to) {
    for (long at = 4 * from; at < 4 * to; at += WIDTH) {
      VectorMath.sigmoid(FloatVector.fromMemorySegment(FLOATS, a, at, ORDER)).intoMemorySegment(out, at, ORDER);
    }
  }

  static void quickGelu(MemorySegment a, MemorySegment out, long from, long to) {
    for (long at = 4 * from; at < 4 * to; at += WIDTH) {
      VectorMath.quickGelu(FloatVector.fromMemorySegment(FLOATS, a, at, ORDER)).intoMemorySegment(out, at, ORDER);
    }
  }

  static void scale(MemorySegment a, float factor, MemorySegment out, long from, long to) {
    for (long at = 4 * from; at < 4 * to; at += WIDTH) {
      FloatVector.fromMemorySegment(FLOATS, a, at, ORDER).mul(factor).intoMemorySegment(out, at, ORDER);
    }
  }

  static void add(MemorySegment a, MemorySegment b, MemorySegment out, long from, long to) {
    for (long at = 4 * from; at < 4 * to; at += WIDTH) {
      FloatVector x = FloatVector.fromMemorySegment(FLOATS, a, at, ORDER);
      FloatVector y = FloatVector.fromMemorySegment(FLOATS, b, at, ORDER);
      x.add(y).intoMemorySegment(out, at, ORDER);
    }
  }

  static void multiply(MemorySegment a, MemorySegment b, MemorySegment out, long from, long to) {
    for (long at = 4 * from; at < 4 * to; at += WIDTH) {
      FloatVector x = FloatVector.fromMemorySegment(FLOATS, a, at, ORDER);
      FloatVector y = FloatVector.fromMemorySegment(FLOATS, b, at, ORDER);
      x.mul(y).intoMemorySegment(out, at, ORDER);
    }
  }

  static void reluGradient(MemorySegment a, MemorySegment b, MemorySegment out, long from, long to) {
    for (long at = 4 * from; at < 4 * to; at += WIDTH) {
      FloatVector x = FloatVector.fromMemorySegment(FLOATS, a, at, ORDER);
      FloatVector y = FloatVector.fromMemorySegment(FLOATS, b, at, ORDER);
      VectorMath.reluGradient(x, y).intoMemorySegment(out, at, ORDER);
    }
  }

  static void sigmoidGradient(MemorySegment a, MemorySegment b, MemorySegment out, long from, long to) {
    for (long at = 4 * from; at < 4 * to; at += WIDTH) {
      FloatVector x = FloatVector.fromMemorySegment(FLOATS, a, at, ORDER);
      FloatVector y = FloatVector.fromMemorySegment(FLOATS, b, at, ORDER);
      VectorMath.sigmoidGradient(x, y).intoMemorySegment(out, at, ORDER);
    }
  }

  static void quickGeluGradient(MemorySegment a, MemorySegment b, MemorySegment out, long from, long to) {
    for (long at = 4 * from; at < 4 * to; at += WIDTH) {
      FloatVector x = FloatVector.fromMemorySegment(FLOATS, a, at, ORDER);
      FloatVector y = FloatVector.fromMemorySegment(FLOATS, b, at, ORDER);
      VectorMath.quickGeluGradient(x, y).intoMemorySegment(out, at, ORDER);
    }
  }

  static void addScaled(MemorySegment a, MemorySegment b, float factor, MemorySegment out, long from, long to) {
    for (long at = 4 * from; at < 4 * to; at += WIDTH) {
      FloatVector x = FloatVector.fromMemorySegment(FLOATS, a, at, ORDER);
      FloatVector y = FloatVector.fromMemorySegment(FLOATS, b, at, ORDER);
      x.mul(factor).add(y).intoMemorySegment(out, at, ORDER);
    }
  }

  /** {@link #add} with {@code b} in BF16: a residual sum. */
  static void addBfloat16(MemorySegment a, MemorySegment b, MemorySegment out, long from, long to) {
    for (long i = from; i < to; i += FLOATS.length()) {
      FloatVector.fromMemorySegment(FLOATS, a, 4 * i, ORDER).add(Bfloat16.load(b, 2 * i)).intoMemorySegment(out, 4 * i, ORDER);
    }
  }

  /** Converts. */
  static void fromBfloat16(MemorySegment a, MemorySegment out, long from, long to) {
    for (long i = from; i < to; i += FLOATS.length()) {
      Bfloat16.load(a, 2 * i).intoMemorySegment(out, 4 * i, ORDER);
    }
  }

  /** Converts, rounding to nearest, ties to even. */
  static void toBfloat16(MemorySegment a, MemorySegment out, long from, long to) {
    for (long i = from; i < to; i += FLOATS.length()) {
      Bfloat16.store(FloatVector.fromMemorySegment(FLOATS, a, 4 * i, ORDER), out, 2 * i);
    }
  }
}
