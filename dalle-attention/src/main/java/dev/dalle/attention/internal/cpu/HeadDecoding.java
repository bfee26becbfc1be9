package dev.dalle.attention.internal.cpu;

import static dev.dalle.attention.internal.cpu.TileProduct.LANES;
import static dev.dalle.attention.internal.cpu.TileProduct.SPECIES;

import dev.dalle.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * Attention of one query of some heads that lie side by side, over keys and values where they are kept. Rows of memory are read from end to end, all heads of a
 * key before the next key, which is what memory is fast at. Working memory of one thread, which is used again.
 */
final class HeadDecoding {
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;
  private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Short> SHORTS = VectorSpecies.of(short.class, VectorShape.forBitSize(SPECIES.vectorBitSize() / 2));
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ORDER);
  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ORDER);

  private float[] q = new float[0];
  private float[] out = q;
  private float[] p = q;
  /** A row of F16 in F32. */
  private float[] wide = q;
  private final float[] lanes = new float[LANES];
  private int heads;
  private int depth;
  private int keys;
  private int next;

  /** Where rows of keys, or of values, are: entry i begins {@code stride * i} bytes after {@code at}. */
  record Rows(MemorySegment memory, DType dtype, long at, long stride) {}

  /**
   * Takes in the query.
   *
   * @param at byte where the first head's query begins; the others follow
   * @param keys how many keys will be read
   * @param factor of the query, so that scores are in bits
   */
  void begin(MemorySegment query, DType dtype, long at, int heads, int depth, int keys, float factor) {
    this.heads = heads;
    this.depth = depth;
    this.keys = keys;
    this.next = 0;
    int numbers = heads * depth;
    if (q.length < numbers) {
      q = new float[numbers];
      out = new float[numbers];
      wide = new float[HeadRows.padded(numbers)];
    }
    if (p.length < heads * HeadRows.padded(keys)) {
      p = new float[heads * HeadRows.padded(keys)];
    }
    for (int i = 0; i < numbers; i++) {
      q[i] = factor * HeadRows.number(query, dtype, at / dtype.byteSize() + i);
    }
    Arrays.fill(out, 0, numbers, 0);
  }

  /** Scores of the next keys. */
  void scores(Rows rows, int[] entries) {
    if (rows.dtype() == DType.F16) {
      scoresHalves(rows, entries);
    } else if (depth == 4 * LANES) {
      for (int head = 0; head < heads; head++) {
        if (rows.dtype() == DType.F32) {
          scoresOfFour(rows.memory(), rows.at() + 4L * head * depth, rows.stride(), entries, q, head * depth, p,
              head * HeadRows.padded(keys) + next, lanes);
        } else {
          bfloatScoresOfFour(rows.memory(), rows.at() + 2L * head * depth, rows.stride(), entries, q, head * depth, p,
              head * HeadRows.padded(keys) + next, lanes);
        }
      }
    } else if (rows.dtype() == DType.F32) {
      scoresFloats(rows.memory(), rows.at(), rows.stride(), entries);
    } else {
      scoresBfloats(rows.memory(), rows.at(), rows.stride(), entries);
    }
    next += entries.length;
  }

  /** From scores of all keys to probabilities; values come next, in the same order. */
  void softmax() {
    int row = HeadRows.padded(keys);
    for (int head = 0; head < heads; head++) {
      Arrays.fill(p, head * row + keys, (head + 1) * row, Float.NEGATIVE_INFINITY);
      float sum = ScoreRows.exp2(p, head * row, row, ScoreRows.max(p, head * row, row), lanes);
      ScoreRows.scale(p, head * row, row, 1 / sum);
    }
    next = 0;
  }

  /** Adds the next values, each times its probability. */
  void values(Rows rows, int[] entries) {
    if (rows.dtype() == DType.F16) {
      valuesHalves(rows, entries);
    } else if (depth == 4 * LANES) {
      for (int head = 0; head < heads; head++) {
        if (rows.dtype() == DType.F32) {
          valuesOfFour(rows.memory(), rows.at() + 4L * head * depth, rows.stride(), entries, p, head * HeadRows.padded(keys) + next, out,
              head * depth);
        } else {
          bfloatValuesOfFour(rows.memory(), rows.at() + 2L * head * depth, rows.stride(), entries, p, head * HeadRows.padded(keys) + next,
              out, head * depth);
        }
      }
    } else if (rows.dtype() == DType.F32) {
      valuesFloats(rows.memory(), rows.at(), rows.stride(), entries);
    } else {
      valuesBfloats(rows.memory(), rows.at(), rows.stride(), entries);
    }
    next += entries.length;
  }

  /** Writes the result, one head after the other. */
  void end(MemorySegment to, DType dtype, long at) {
    switch (dtype) {
      case F32 -> MemorySegment.copy(out, 0, to, FLOAT, at, heads * depth);
      case BF16 -> {
        for (int i = 0; i < heads * depth; i++) {
          to.set(SHORT, at + 2L * i, HeadRows.bfloat(out[i]));
        }
      }
      default -> HeadRows.storeHalves(out, 0, heads * depth, 1, to, at);
    }
  }

  /** A row of F16 is converted as a whole before its heads are worked on: its conversion is longer than what is done with it. */
  private void scoresHalves(Rows rows, int[] entries) {
    int numbers = heads * depth;
    int row = HeadRows.padded(keys);
    for (int i = 0; i < entries.length; i++) {
      HeadRows.loadHalves(rows.memory(), rows.at() + rows.stride() * entries[i], numbers, 1, wide, 0, HeadRows.padded(numbers));
      for (int head = 0; head < heads; head++) {
        p[head * row + next + i] = dot(q, wide, head * depth, depth, lanes);
      }
    }
  }

  private void valuesHalves(Rows rows, int[] entries) {
    int numbers = heads * depth;
    int row = HeadRows.padded(keys);
    for (int i = 0; i < entries.length; i++) {
      HeadRows.loadHalves(rows.memory(), rows.at() + rows.stride() * entries[i], numbers, 1, wide, 0, HeadRows.padded(numbers));
      for (int head = 0; head < heads; head++) {
        addScaled(wide, p[head * row + next + i], out, head * depth, depth);
      }
    }
  }

  private static float dot(float[] a, float[] b, int at, int count, float[] lanes) {
    int whole = count - count % LANES;
    FloatVector sum = FloatVector.zero(SPECIES);
    for (int i = at; i < at + whole; i += LANES) {
      sum = FloatVector.fromArray(SPECIES, a, i).fma(FloatVector.fromArray(SPECIES, b, i), sum);
    }
    sum.intoArray(lanes, 0);
    float result = ScoreRows.total(lanes);
    for (int i = at + whole; i < at + count; i++) {
      result += a[i] * b[i];
    }
    return result;
  }

  private static void addScaled(float[] from, float factor, float[] to, int at, int count) {
    int whole = count - count % LANES;
    for (int i = at; i < at + whole; i += LANES) {
      FloatVector.fromArray(SPECIES, from, i).fma(FloatVector.broadcast(SPECIES, factor), FloatVector.fromArray(SPECIES, to, i)).intoArray(to, i);
    }
    for (int i = at + whole; i < at + count; i++) {
      to[i] += factor * from[i];
    }
  }

  private void scoresFloats(MemorySegment memory, long at, long stride, int[] entries) {
    int whole = depth - depth % LANES;
    int row = HeadRows.padded(keys);
    for (int i = 0; i < entries.length; i++) {
      long key = at + stride * entries[i];
      for (int head = 0; head < heads; head++) {
        int begin = head * depth;
        FloatVector sum = FloatVector.zero(SPECIES);
        for (int d = begin; d < begin + whole; d += LANES) {
          sum = FloatVector.fromArray(SPECIES, q, d).fma(FloatVector.fromMemorySegment(SPECIES, memory, key + 4L * d, ORDER), sum);
        }
        sum.intoArray(lanes, 0);
        float score = ScoreRows.total(lanes);
        for (int d = begin + whole; d < begin + depth; d++) {
          score += q[d] * memory.get(FLOAT, key + 4L * d);
        }
        p[head * row + next + i] = score;
      }
    }
  }

  private void scoresBfloats(MemorySegment memory, long at, long stride, int[] entries) {
    int whole = depth - depth % LANES;
    int row = HeadRows.padded(keys);
    for (int i = 0; i < entries.length; i++) {
      long key = at + stride * entries[i];
      for (int head = 0; head < heads; head++) {
        int begin = head * depth;
        FloatVector sum = FloatVector.zero(SPECIES);
        for (int d = begin; d < begin + whole; d += LANES) {
          IntVector bits = (IntVector) ShortVector.fromMemorySegment(SHORTS, memory, key + 2L * d, ORDER)
              .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0);
          sum = FloatVector.fromArray(SPECIES, q, d).fma(bits.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats(), sum);
        }
        sum.intoArray(lanes, 0);
        float score = ScoreRows.total(lanes);
        for (int d = begin + whole; d < begin + depth; d++) {
          score += q[d] * Float.intBitsToFloat(memory.get(SHORT, key + 2L * d) << 16);
        }
        p[head * row + next + i] = score;
      }
    }
  }

  private void valuesFloats(MemorySegment memory, long at, long stride, int[] entries) {
    int whole = depth - depth % LANES;
    int row = HeadRows.padded(keys);
    for (int i = 0; i < entries.length; i++) {
      long value = at + stride * entries[i];
      for (int head = 0; head < heads; head++) {
        int begin = head * depth;
        float weight = p[head * row + next + i];
        for (int d = begin; d < begin + whole; d += LANES) {
          FloatVector.fromMemorySegment(SPECIES, memory, value + 4L * d, ORDER).fma(FloatVector.broadcast(SPECIES, weight),
              FloatVector.fromArray(SPECIES, out, d)).intoArray(out, d);
        }
        for (int d = begin + whole; d < begin + depth; d++) {
          out[d] += weight * memory.get(FLOAT, value + 4L * d);
        }
      }
    }
  }

  private void valuesBfloats(MemorySegment memory, long at, long stride, int[] entries) {
    int whole = depth - depth % LANES;
    int row = HeadRows.padded(keys);
    for (int i = 0; i < entries.length; i++) {
      long value = at + stride * entries[i];
      for (int head = 0; head < heads; head++) {
        int begin = head * depth;
        float weight = p[head * row + next + i];
        for (int d = begin; d < begin + whole; d += LANES) {
          IntVector bits = (IntVector) ShortVector.fromMemorySegment(SHORTS, memory, value + 2L * d, ORDER)
              .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0);
          bits.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(FloatVector.broadcast(SPECIES, weight),
              FloatVector.fromArray(SPECIES, out, d)).intoArray(out, d);
        }
        for (int d = begin + whole; d < begin + depth; d++) {
          out[d] += weight * Float.intBitsToFloat(memory.get(SHORT, value + 2L * d) << 16);
        }
      }
    }
  }

  /** One head of four vectors, whose query stays in registers. */
  private static void scoresOfFour(MemorySegment memory, long at, long stride, int[] entries, float[] q, int qAt, float[] p, int pAt,
      float[] lanes) {
    FloatVector q0 = FloatVector.fromArray(SPECIES, q, qAt);
    FloatVector q1 = FloatVector.fromArray(SPECIES, q, qAt + LANES);
    FloatVector q2 = FloatVector.fromArray(SPECIES, q, qAt + 2 * LANES);
    FloatVector q3 = FloatVector.fromArray(SPECIES, q, qAt + 3 * LANES);
    for (int i = 0; i < entries.length; i++) {
      long key = at + stride * entries[i];
      FloatVector k0 = FloatVector.fromMemorySegment(SPECIES, memory, key, ORDER);
      FloatVector k1 = FloatVector.fromMemorySegment(SPECIES, memory, key + 4L * LANES, ORDER);
      FloatVector k2 = FloatVector.fromMemorySegment(SPECIES, memory, key + 8L * LANES, ORDER);
      FloatVector k3 = FloatVector.fromMemorySegment(SPECIES, memory, key + 12L * LANES, ORDER);
      q3.fma(k3, q2.fma(k2, q1.fma(k1, q0.mul(k0)))).intoArray(lanes, 0);
      p[pAt + i] = ScoreRows.total(lanes);
    }
  }

  private static void bfloatScoresOfFour(MemorySegment memory, long at, long stride, int[] entries, float[] q, int qAt, float[] p, int pAt,
      float[] lanes) {
    FloatVector q0 = FloatVector.fromArray(SPECIES, q, qAt);
    FloatVector q1 = FloatVector.fromArray(SPECIES, q, qAt + LANES);
    FloatVector q2 = FloatVector.fromArray(SPECIES, q, qAt + 2 * LANES);
    FloatVector q3 = FloatVector.fromArray(SPECIES, q, qAt + 3 * LANES);
    for (int i = 0; i < entries.length; i++) {
      long key = at + stride * entries[i];
      FloatVector k0 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, memory, key, ORDER)
          .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0)).lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
      FloatVector k1 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, memory, key + 2L * LANES, ORDER)
          .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0)).lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
      FloatVector k2 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, memory, key + 4L * LANES, ORDER)
          .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0)).lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
      FloatVector k3 = ((IntVector) ShortVector.fromMemorySegment(SHORTS, memory, key + 6L * LANES, ORDER)
          .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0)).lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
      q3.fma(k3, q2.fma(k2, q1.fma(k1, q0.mul(k0)))).intoArray(lanes, 0);
      p[pAt + i] = ScoreRows.total(lanes);
    }
  }

  /** One head of four vectors, whose sums stay in registers. */
  private static void valuesOfFour(MemorySegment memory, long at, long stride, int[] entries, float[] p, int pAt, float[] out,
      int outAt) {
    FloatVector s0 = FloatVector.fromArray(SPECIES, out, outAt);
    FloatVector s1 = FloatVector.fromArray(SPECIES, out, outAt + LANES);
    FloatVector s2 = FloatVector.fromArray(SPECIES, out, outAt + 2 * LANES);
    FloatVector s3 = FloatVector.fromArray(SPECIES, out, outAt + 3 * LANES);
    for (int i = 0; i < entries.length; i++) {
      long value = at + stride * entries[i];
      FloatVector weight = FloatVector.broadcast(SPECIES, p[pAt + i]);
      s0 = weight.fma(FloatVector.fromMemorySegment(SPECIES, memory, value, ORDER), s0);
      s1 = weight.fma(FloatVector.fromMemorySegment(SPECIES, memory, value + 4L * LANES, ORDER), s1);
      s2 = weight.fma(FloatVector.fromMemorySegment(SPECIES, memory, value + 8L * LANES, ORDER), s2);
      s3 = weight.fma(FloatVector.fromMemorySegment(SPECIES, memory, value + 12L * LANES, ORDER), s3);
    }
    s0.intoArray(out, outAt);
    s1.intoArray(out, outAt + LANES);
    s2.intoArray(out, outAt + 2 * LANES);
    s3.intoArray(out, outAt + 3 * LANES);
  }

  private static void bfloatValuesOfFour(MemorySegment memory, long at, long stride, int[] entries, float[] p, int pAt, float[] out,
      int outAt) {
    FloatVector s0 = FloatVector.fromArray(SPECIES, out, outAt);
    FloatVector s1 = FloatVector.fromArray(SPECIES, out, outAt + LANES);
    FloatVector s2 = FloatVector.fromArray(SPECIES, out, outAt + 2 * LANES);
    FloatVector s3 = FloatVector.fromArray(SPECIES, out, outAt + 3 * LANES);
    for (int i = 0; i < entries.length; i++) {
      long value = at + stride * entries[i];
      FloatVector weight = FloatVector.broadcast(SPECIES, p[pAt + i]);
      s0 = weight.fma(((IntVector) ShortVector.fromMemorySegment(SHORTS, memory, value, ORDER)
          .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0)).lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats(), s0);
      s1 = weight.fma(((IntVector) ShortVector.fromMemorySegment(SHORTS, memory, value + 2L * LANES, ORDER)
          .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0)).lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats(), s1);
      s2 = weight.fma(((IntVector) ShortVector.fromMemorySegment(SHORTS, memory, value + 4L * LANES, ORDER)
          .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0)).lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats(), s2);
      s3 = weight.fma(((IntVector) ShortVector.fromMemorySegment(SHORTS, memory, value + 6L * LANES, ORDER)
          .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0)).lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats(), s3);
    }
    s0.intoArray(out, outAt);
    s1.intoArray(out, outAt + LANES);
    s2.intoArray(out, outAt + 2 * LANES);
    s3.intoArray(out, outAt + 3 * LANES);
  }
}
