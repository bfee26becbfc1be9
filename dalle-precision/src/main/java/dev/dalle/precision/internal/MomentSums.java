package dev.dalle.precision.internal;

import static dev.dalle.precision.internal.Lanes.INT;
import static dev.dalle.precision.internal.Lanes.INTS;
import static dev.dalle.precision.internal.Lanes.ORDER;
import static dev.dalle.precision.internal.Lanes.SHORT;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Checksums of moments as {@link dev.dalle.precision.optimizer.MomentReport} defines them, and the number of saturated codes or of floats that are not finite.
 * Sums of integers: they do not depend on the order. The vectors only find out whether there is anything to count, which is rare.
 */
final class MomentSums {
  private static final int SATURATED_MEAN = 0x7FFF;
  private static final int SATURATED_VARIANCE = 0xFFFF;
  private static final int NOT_FINITE = 0x7F80_0000;
  private static final VectorSpecies<Short> HALVES = ShortVector.SPECIES_PREFERRED;

  private MomentSums() {}

  /**
   * Adds the sums of both moments, then the counts of both, to a report.
   *
   * @param at first of {@code count} elements
   * @param first index of element 0 in the whole parameter
   */
  static void add(MemorySegment m, MemorySegment v, boolean codes, long at, int count, long first, int[] report) {
    long mean = codes ? codes(m, at, count, first + at, SATURATED_MEAN) : floats(m, at, count, first + at);
    long variance = codes ? codes(v, at, count, first + at, SATURATED_VARIANCE) : floats(v, at, count, first + at);
    report[0] += (int) mean;
    report[1] += (int) variance;
    report[2] += (int) (mean >>> 32);
    report[3] += (int) (variance >>> 32);
  }

  /** The count in the upper half, the sum in the lower. */
  private static long both(int count, int sum) {
    return (long) count << 32 | sum & 0xFFFF_FFFFL;
  }

  /**
   * Codes, two a word.
   *
   * @param index of the first element in the whole parameter
   * @param mask bits that are all set in a saturated code
   */
  private static long codes(MemorySegment codes, long at, int count, long index, int mask) {
    // An odd index is the upper half of a word: whole words begin one later.
    int begin = (int) (index & 1);
    int words = INTS.loopBound(Math.max(0, count - begin) / 2);
    long result = wordsOfCodes(codes, 2 * (at + begin), words, (int) (index + begin) + 1, (short) mask);
    int sum = (int) result;
    for (int i = begin + 2 * words; i < count; i++) {
      sum += term(codes, at, i, index);
    }
    if (begin == 1 && count > 0) {
      sum += term(codes, at, 0, index);
    }
    boolean whole = result >>> 32 == 0;
    int full = 0;
    for (int i = whole ? begin + 2 * words : 0; i < count; i++) {
      full += (codes.get(SHORT, 2 * (at + i)) & mask) == mask ? 1 : 0;
    }
    if (whole && begin == 1 && count > 0 && (codes.get(SHORT, 2 * at) & mask) == mask) {
      full++;
    }
    return both(full, sum);
  }

  private static int term(MemorySegment codes, long at, int i, long index) {
    int code = codes.get(SHORT, 2 * (at + i)) & 0xFFFF;
    int place = (int) (index + i);
    return (place & 1) == 0 ? (place + 1) * code : place * (code << 16);
  }

  /** The sum in the lower half; in the upper one whether a code has all bits of the mask. */
  private static long wordsOfCodes(MemorySegment codes, long base, int count, int weight, short mask) {
    IntVector weights = IntVector.broadcast(INTS, weight).addIndex(2);
    IntVector sums = IntVector.zero(INTS);
    ShortVector greatest = ShortVector.zero(HALVES);
    for (int i = 0; i < count; i += INTS.length()) {
      IntVector word = IntVector.fromMemorySegment(INTS, codes, base + 4L * i, ORDER);
      sums = sums.add(word.mul(weights));
      weights = weights.add(2 * INTS.length());
      greatest = greatest.lanewise(VectorOperators.UMAX, word.reinterpretAsShorts().and(mask));
    }
    return both(greatest.eq(mask).anyTrue() ? 1 : 0, sums.reduceLanes(VectorOperators.ADD));
  }

  private static long floats(MemorySegment floats, long at, int count, long index) {
    int words = INTS.loopBound(count);
    long result = wordsOfFloats(floats, 4 * at, words, (int) (2 * index + 1));
    int sum = (int) result;
    int full = 0;
    for (int i = words; i < count; i++) {
      sum += (int) (2 * (index + i) + 1) * floats.get(INT, 4 * (at + i));
    }
    for (int i = result >>> 32 == 0 ? words : 0; i < count; i++) {
      full += (floats.get(INT, 4 * (at + i)) & NOT_FINITE) == NOT_FINITE ? 1 : 0;
    }
    return both(full, sum);
  }

  /** The sum in the lower half; in the upper one whether a float is not finite. */
  private static long wordsOfFloats(MemorySegment floats, long base, int count, int weight) {
    IntVector weights = IntVector.broadcast(INTS, weight).addIndex(2);
    IntVector sums = IntVector.zero(INTS);
    IntVector greatest = IntVector.zero(INTS);
    for (int i = 0; i < count; i += INTS.length()) {
      IntVector word = IntVector.fromMemorySegment(INTS, floats, base + 4L * i, ORDER);
      sums = sums.add(word.mul(weights));
      weights = weights.add(2 * INTS.length());
      greatest = greatest.max(word.and(0x7FFF_FFFF));
    }
    return both(greatest.reduceLanes(VectorOperators.MAX) >= NOT_FINITE ? 1 : 0, sums.reduceLanes(VectorOperators.ADD));
  }
}
