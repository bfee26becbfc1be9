package dev.dalle.attention.internal.cpu;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * Softmax and its gradient over a step's scores, which have a key a row and a query a column: each lane of a vector is a query of its own, so that nothing is ever
 * added across lanes. A method works through all keys of as many queries as a vector has lanes.
 *
 * <p>Loops are written out, one exponential a method: helpers around accesses of segments are past what the compiler inlines here, and vectors then become
 * objects.
 */
final class StepScores {
  static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  static final int LANES = SPECIES.length();
  private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Short> SHORTS = VectorSpecies.of(short.class, VectorShape.forBitSize(SPECIES.vectorBitSize() / 2));
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;

  private StepScores() {}

  /** Writes minus infinity over scores that are not allowed, whatever they are. */
  static void mask(MemorySegment scores, int row, int columns, float[] masks, int maskAt) {
    long at = (long) row * columns * Float.BYTES;
    for (int i = 0; i < StepPlan.UNIT * columns; i += LANES) {
      VectorMask<Float> forbidden = FloatVector.fromArray(SPECIES, masks, maskAt + i).compare(VectorOperators.LT, 0f);
      long offset = at + (long) i * Float.BYTES;
      FloatVector.fromMemorySegment(SPECIES, scores, offset, ORDER).blend(Float.NEGATIVE_INFINITY, forbidden).intoMemorySegment(scores, offset, ORDER);
    }
  }

  /** The greatest score of each query, at least -3e38; a NaN is passed over. */
  static void greatest(MemorySegment scores, int column, int rows, int columns, float[] greatest, int at) {
    FloatVector most = FloatVector.broadcast(SPECIES, -3e38f);
    long offset = (long) column * Float.BYTES;
    for (int row = 0; row < rows; row++) {
      FloatVector x = FloatVector.fromMemorySegment(SPECIES, scores, offset, ORDER);
      // Far fewer instructions than max, which minds zeros of both signs.
      most = most.blend(x, x.compare(VectorOperators.GT, most));
      offset += (long) columns * Float.BYTES;
    }
    most.intoArray(greatest, at);
  }

  /**
   * {@code p = 2^((score - shift) factor)}, exactly 0 where the score is minus infinity; relative error about 3e-7 down to 2^-125, 0 below. A NaN stays one.
   *
   * <p>2^f for f in [-1/2, 1/2] is the polynomial of degree 5 whose greatest relative error is the least (7.5e-8; found by Remez's exchange), with 1 in place
   * of its constant 1.00000007; the whole part is added to the exponent.
   *
   * @param p F32, written; may be the scores
   * @param sums the sum over the keys, written
   */
  static void exponentials(MemorySegment scores, int column, int rows, int columns, float[] shifts, int at, float factor, MemorySegment p, float[] sums) {
    FloatVector shift = FloatVector.fromArray(SPECIES, shifts, at);
    FloatVector sum = FloatVector.zero(SPECIES);
    long offset = (long) column * Float.BYTES;
    for (int row = 0; row < rows; row++) {
      FloatVector x = FloatVector.fromMemorySegment(SPECIES, scores, offset, ORDER).sub(shift).mul(factor);
      VectorMask<Float> vanishing = x.compare(VectorOperators.LT, -125f);
      FloatVector clamped = x.blend(-125f, vanishing);
      // Adding and subtracting 1.5 * 2^23 rounds to the nearest integer, whose low bits are then those of the sum.
      FloatVector shifted = clamped.add(12582912f);
      FloatVector f = clamped.sub(shifted.sub(12582912f));
      FloatVector y = FloatVector.broadcast(SPECIES, 0.0013276472454890609f);
      y = y.fma(f, FloatVector.broadcast(SPECIES, 0.009675540961325169f));
      y = y.fma(f, FloatVector.broadcast(SPECIES, 0.05550713092088699f));
      y = y.fma(f, FloatVector.broadcast(SPECIES, 0.24022120237350464f));
      y = y.fma(f, FloatVector.broadcast(SPECIES, 0.6931469440460205f));
      y = y.fma(f, FloatVector.broadcast(SPECIES, 1f));
      IntVector exponent = shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
      y = y.reinterpretAsInts().add(exponent).reinterpretAsFloats().blend(0f, vanishing);
      y.intoMemorySegment(p, offset, ORDER);
      sum = sum.add(y);
      offset += (long) columns * Float.BYTES;
    }
    sum.intoArray(sums, at);
  }

  /** {@code to = from} in BF16, rounded to nearest, ties to even; a NaN stays one. All queries of a step. */
  static void round(MemorySegment from, int rows, int columns, MemorySegment to) {
    int count = rows * columns;
    // Counted by an int: loops over longs are compiled in another way, and sometimes left vectors as objects.
    for (int i = 0; i < count; i += LANES) {
      FloatVector x = FloatVector.fromMemorySegment(SPECIES, from, (long) i * Float.BYTES, ORDER);
      IntVector bits = x.reinterpretAsInts();
      IntVector odd = bits.lanewise(VectorOperators.LSHR, 16).and(1);
      IntVector rounded = bits.add(odd).add(0x7FFF).lanewise(VectorOperators.LSHR, 16).blend(0x7FC0, x.test(VectorOperators.IS_NAN).cast(INTS));
      ((ShortVector) rounded.convertShape(VectorOperators.I2S, SHORTS, 0)).intoMemorySegment(to, (long) i * Short.BYTES, ORDER);
    }
  }

  /** {@code means = sum over the keys of p gradP}. Where p is 0, gradP becomes 0 too, whatever it was. */
  static void means(MemorySegment p, MemorySegment gradP, int column, int rows, int columns, float[] means, int at) {
    FloatVector sum = FloatVector.zero(SPECIES);
    long offset = (long) column * Float.BYTES;
    for (int row = 0; row < rows; row++) {
      FloatVector weight = FloatVector.fromMemorySegment(SPECIES, p, offset, ORDER);
      FloatVector grad = FloatVector.fromMemorySegment(SPECIES, gradP, offset, ORDER).blend(0f, weight.compare(VectorOperators.EQ, 0f));
      grad.intoMemorySegment(gradP, offset, ORDER);
      sum = weight.fma(grad, sum);
      offset += (long) columns * Float.BYTES;
    }
    sum.intoArray(means, at);
  }

  /** {@code gradP = p (gradP - means)}: the gradient of the scores. */
  static void gradient(MemorySegment p, MemorySegment gradP, int column, int rows, int columns, float[] means, int at) {
    FloatVector mean = FloatVector.fromArray(SPECIES, means, at);
    long offset = (long) column * Float.BYTES;
    for (int row = 0; row < rows; row++) {
      FloatVector weight = FloatVector.fromMemorySegment(SPECIES, p, offset, ORDER);
      weight.mul(FloatVector.fromMemorySegment(SPECIES, gradP, offset, ORDER).sub(mean)).intoMemorySegment(gradP, offset, ORDER);
      offset += (long) columns * Float.BYTES;
    }
  }
}
