package dev.dalle.precision.internal;

import static dev.dalle.precision.internal.Lanes.FLOAT;
import static dev.dalle.precision.internal.Lanes.FLOATS;
import static dev.dalle.precision.internal.Lanes.INTS;
import static dev.dalle.precision.internal.Lanes.ORDER;
import static dev.dalle.precision.internal.Lanes.SHORT;

import dev.dalle.precision.optimizer.StochasticRounding;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Values in F16: steps, and roundings of a master copy. They go through arrays, since the compiler makes the processor's own conversion of a plain loop over
 * arrays and of nothing else. NaN becomes 0x7E00.
 */
final class Float16Values {
  private static final int NAN = 0x7FC0_0000;
  private static final int MAGNITUDE = 0x7FFF_FFFF;
  /** 2^-14, the least normal number, as a float. */
  private static final int LEAST_NORMAL = 0x3880_0000;

  private Float16Values() {}

  private static void load(MemorySegment p, long at, int count, TileScratch scratch) {
    MemorySegment.copy(p, SHORT, 2 * at, scratch.codes, 0, count);
    widen(scratch.codes, scratch.values, count);
  }

  private static void store(MemorySegment p, long at, int count, TileScratch scratch) {
    narrow(scratch.values, scratch.codes, count);
    MemorySegment.copy(scratch.codes, 0, p, SHORT, 2 * at, count);
  }

  private static void widen(short[] codes, float[] values, int count) {
    for (int i = 0; i < count; i++) {
      values[i] = Float.float16ToFloat(codes[i]);
    }
  }

  private static void narrow(float[] values, short[] codes, int count) {
    for (int i = 0; i < count; i++) {
      codes[i] = Float.floatToFloat16(values[i]);
    }
  }

  /** Rounds {@code count} elements from {@code at} on to nearest even. */
  static void round(MemorySegment from, MemorySegment to, long at, int count, TileScratch scratch) {
    int whole = FLOATS.loopBound(count);
    plainVectors(from, 4 * at, whole, scratch.values);
    for (int i = whole; i < count; i++) {
      scratch.values[i] = plain(from.get(FLOAT, 4 * (at + i)));
    }
    store(to, at, count, scratch);
  }

  private static void plainVectors(MemorySegment from, long base, int count, float[] to) {
    for (int i = 0; i < count; i += FLOATS.length()) {
      FloatVector value = FloatVector.fromMemorySegment(FLOATS, from, base + 4L * i, ORDER);
      value.blend(Float.NaN, value.compare(VectorOperators.NE, value)).intoArray(to, i);
    }
  }

  /** A NaN without sign or payload. */
  private static float plain(float value) {
    return Float.isNaN(value) ? Float.NaN : value;
  }

  /** Steps of {@code count} elements from {@code at} on, rounded to nearest even. */
  static void step(ValueKernel kernel, MemorySegment p, long at, int count, TileScratch scratch) {
    load(p, at, count, scratch);
    int whole = FLOATS.loopBound(count);
    stepVectors(kernel.step(), kernel.decay(), scratch.values, whole, scratch.directions);
    for (int i = whole; i < count; i++) {
      scratch.values[i] = plain(kernel.apply(scratch.values[i], scratch.directions[i]));
    }
    store(p, at, count, scratch);
  }

  private static void stepVectors(float step, float decay, float[] values, int count, float[] directions) {
    FloatVector steps = FloatVector.broadcast(FLOATS, step);
    FloatVector decays = FloatVector.broadcast(FLOATS, decay);
    for (int i = 0; i < count; i += FLOATS.length()) {
      FloatVector value = FloatVector.fromArray(FLOATS, values, i);
      value = value.add(FloatVector.fromArray(FLOATS, directions, i).fma(steps, value.mul(decays)));
      value.blend(Float.NaN, value.compare(VectorOperators.NE, value)).intoArray(values, i);
    }
  }

  /**
   * Steps of {@code count} elements from {@code at} on, rounded as {@link StochasticRounding} says.
   *
   * @param first index of element 0 in the whole parameter
   */
  static void stepByChance(ValueKernel kernel, MemorySegment p, long at, int count, TileScratch scratch, long key, long first) {
    load(p, at, count, scratch);
    int whole = FLOATS.loopBound(count);
    chanceVectors(kernel.step(), kernel.decay(), scratch.values, whole, scratch.directions, key, (int) (first + at));
    for (int i = whole; i < count; i++) {
      float value = kernel.apply(scratch.values[i], scratch.directions[i]);
      scratch.values[i] = Float.float16ToFloat(StochasticRounding.toFloat16(value, StochasticRounding.draw(key, first + at + i)));
    }
    store(p, at, count, scratch);
  }

  /** Leaves numbers that are in F16 already, or too great for it. */
  private static void chanceVectors(float step, float decay, float[] values, int count, float[] directions, long key, int index) {
    FloatVector steps = FloatVector.broadcast(FLOATS, step);
    FloatVector decays = FloatVector.broadcast(FLOATS, decay);
    IntVector lanes = IntVector.broadcast(INTS, index).addIndex(1);
    int key1 = (int) key;
    int key2 = (int) (key >>> 32);
    for (int i = 0; i < count; i += FLOATS.length()) {
      FloatVector value = FloatVector.fromArray(FLOATS, values, i);
      IntVector bits = value.add(FloatVector.fromArray(FLOATS, directions, i).fma(steps, value.mul(decays))).reinterpretAsInts();
      IntVector draw = lanes.lanewise(VectorOperators.XOR, key1);
      lanes = lanes.add(FLOATS.length());
      draw = draw.lanewise(VectorOperators.XOR, draw.lanewise(VectorOperators.LSHR, 16)).mul(StochasticRounding.MULTIPLIER_1)
          .lanewise(VectorOperators.XOR, key2);
      draw = draw.lanewise(VectorOperators.XOR, draw.lanewise(VectorOperators.LSHR, 15)).mul(StochasticRounding.MULTIPLIER_2);
      draw = draw.lanewise(VectorOperators.XOR, draw.lanewise(VectorOperators.LSHR, 15));
      IntVector magnitude = bits.and(MAGNITUDE);
      FloatVector offset = draw.lanewise(VectorOperators.LSHR, 9).and(0x007F_F800).or(0x3F80_0400).reinterpretAsFloats().sub(1.5f).mul(0x1p-24f);
      IntVector subnormal = magnitude.reinterpretAsFloats().add(offset).add(0.75f).sub(0.75f).reinterpretAsInts();
      magnitude.add(draw.lanewise(VectorOperators.LSHR, 19)).and(-0x2000).blend(subnormal, magnitude.lt(LEAST_NORMAL)).or(bits.and(0x8000_0000))
          .blend(NAN, magnitude.compare(VectorOperators.GT, 0x7F80_0000)).reinterpretAsFloats().intoArray(values, i);
    }
  }
}
