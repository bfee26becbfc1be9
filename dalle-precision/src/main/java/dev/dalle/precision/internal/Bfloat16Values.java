package dev.dalle.precision.internal;

import static dev.dalle.precision.internal.Lanes.FLOAT;
import static dev.dalle.precision.internal.Lanes.FLOATS;
import static dev.dalle.precision.internal.Lanes.INTS;
import static dev.dalle.precision.internal.Lanes.ORDER;
import static dev.dalle.precision.internal.Lanes.SHORT;
import static dev.dalle.precision.internal.Lanes.SHORTS;

import dev.dalle.precision.optimizer.StochasticRounding;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;

/** Values in BF16: steps, and roundings of a master copy. NaN becomes 0x7FC0. */
final class Bfloat16Values {
  private static final int NAN = 0x7FC0;

  private Bfloat16Values() {}

  private static short nearest(float value) {
    int bits = Float.floatToRawIntBits(value);
    return (short) (Float.isNaN(value) ? NAN : bits + 0x7FFF + (bits >>> 16 & 1) >>> 16);
  }

  private static float value(short code) {
    return Float.intBitsToFloat(code << 16);
  }

  /** Rounds {@code count} elements from {@code at} on to nearest even. */
  static void round(MemorySegment from, MemorySegment to, long at, int count) {
    int whole = FLOATS.loopBound(count);
    roundVectors(from, to, at, whole);
    for (int i = whole; i < count; i++) {
      to.set(SHORT, 2 * (at + i), nearest(from.get(FLOAT, 4 * (at + i))));
    }
  }

  private static void roundVectors(MemorySegment from, MemorySegment to, long at, int count) {
    for (int i = 0; i < count; i += FLOATS.length()) {
      FloatVector value = FloatVector.fromMemorySegment(FLOATS, from, 4 * at + 4L * i, ORDER);
      IntVector bits = value.reinterpretAsInts();
      IntVector code = bits.add(bits.lanewise(VectorOperators.LSHR, 16).and(1)).add(0x7FFF).lanewise(VectorOperators.LSHR, 16)
          .blend(NAN, value.compare(VectorOperators.NE, value).cast(INTS));
      ((ShortVector) code.convertShape(VectorOperators.I2S, SHORTS, 0)).intoMemorySegment(to, 2 * at + 2L * i, ORDER);
    }
  }

  /** Steps of {@code count} elements from {@code at} on, rounded to nearest even. */
  static void step(ValueKernel kernel, MemorySegment p, long at, int count, float[] directions) {
    int whole = FLOATS.loopBound(count);
    stepVectors(kernel.step(), kernel.decay(), p, 2 * at, whole, directions);
    for (int i = whole; i < count; i++) {
      p.set(SHORT, 2 * (at + i), nearest(kernel.apply(value(p.get(SHORT, 2 * (at + i))), directions[i])));
    }
  }

  private static void stepVectors(float step, float decay, MemorySegment p, long base, int count, float[] directions) {
    FloatVector steps = FloatVector.broadcast(FLOATS, step);
    FloatVector decays = FloatVector.broadcast(FLOATS, decay);
    for (int i = 0; i < count; i += FLOATS.length()) {
      IntVector old = (IntVector) ShortVector.fromMemorySegment(SHORTS, p, base + 2L * i, ORDER).convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0);
      FloatVector value = old.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
      value = value.add(FloatVector.fromArray(FLOATS, directions, i).fma(steps, value.mul(decays)));
      IntVector bits = value.reinterpretAsInts();
      IntVector code = bits.add(bits.lanewise(VectorOperators.LSHR, 16).and(1)).add(0x7FFF).lanewise(VectorOperators.LSHR, 16)
          .blend(NAN, value.compare(VectorOperators.NE, value).cast(INTS));
      ((ShortVector) code.convertShape(VectorOperators.I2S, SHORTS, 0)).intoMemorySegment(p, base + 2L * i, ORDER);
    }
  }

  /**
   * Steps of {@code count} elements from {@code at} on, rounded as {@link StochasticRounding} says.
   *
   * @param first index of element 0 in the whole parameter
   */
  static void stepByChance(ValueKernel kernel, MemorySegment p, long at, int count, float[] directions, long key, long first) {
    int whole = FLOATS.loopBound(count);
    chanceVectors(kernel.step(), kernel.decay(), p, 2 * at, whole, directions, key, (int) (first + at));
    for (int i = whole; i < count; i++) {
      float value = kernel.apply(value(p.get(SHORT, 2 * (at + i))), directions[i]);
      p.set(SHORT, 2 * (at + i), StochasticRounding.toBfloat16(value, StochasticRounding.draw(key, first + at + i)));
    }
  }

  private static void chanceVectors(float step, float decay, MemorySegment p, long base, int count, float[] directions, long key, int index) {
    FloatVector steps = FloatVector.broadcast(FLOATS, step);
    FloatVector decays = FloatVector.broadcast(FLOATS, decay);
    IntVector lanes = IntVector.broadcast(INTS, index).addIndex(1);
    int key1 = (int) key;
    int key2 = (int) (key >>> 32);
    for (int i = 0; i < count; i += FLOATS.length()) {
      IntVector old = (IntVector) ShortVector.fromMemorySegment(SHORTS, p, base + 2L * i, ORDER).convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0);
      FloatVector value = old.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
      value = value.add(FloatVector.fromArray(FLOATS, directions, i).fma(steps, value.mul(decays)));
      IntVector draw = lanes.lanewise(VectorOperators.XOR, key1);
      lanes = lanes.add(FLOATS.length());
      draw = draw.lanewise(VectorOperators.XOR, draw.lanewise(VectorOperators.LSHR, 16)).mul(StochasticRounding.MULTIPLIER_1)
          .lanewise(VectorOperators.XOR, key2);
      draw = draw.lanewise(VectorOperators.XOR, draw.lanewise(VectorOperators.LSHR, 15)).mul(StochasticRounding.MULTIPLIER_2);
      draw = draw.lanewise(VectorOperators.XOR, draw.lanewise(VectorOperators.LSHR, 15));
      IntVector code = value.reinterpretAsInts().add(draw.lanewise(VectorOperators.LSHR, 16)).lanewise(VectorOperators.LSHR, 16)
          .blend(NAN, value.compare(VectorOperators.NE, value).cast(INTS));
      ((ShortVector) code.convertShape(VectorOperators.I2S, SHORTS, 0)).intoMemorySegment(p, base + 2L * i, ORDER);
    }
  }
}
