package dev.dalle.dist.internal;

import dev.dalle.tensor.cpu.CpuTeam;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Orthonormal columns by Householder's reflections. Columns lie one behind the other here, each padded to whole vectors; a reflection is applied to four of them at
 * a time, so that its vector is read once for four. Sums over a column have the same order for any number of threads.
 */
final class Householder {
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  /** Columns that take a reflection at a time. */
  private static final int ABREAST = 4;

  private final int rows;
  private final int columns;
  private final int stride;
  /** The matrix, and where it was reflected, the vectors of the reflections. */
  private final float[] work;
  private final float[] result;
  /** Two over the square of each reflection's vector, or 0 for none. */
  private final float[] scales;
  private final boolean[] negative;

  Householder(int rows, int columns) {
    this.rows = rows;
    this.columns = columns;
    this.stride = Math.ceilDiv(rows, SPECIES.length()) * SPECIES.length();
    work = new float[stride * columns];
    result = new float[stride * columns];
    scales = new float[columns];
    negative = new boolean[columns];
  }

  void orthonormalise(CpuTeam team, MemorySegment matrix, float epsilon) {
    float greatest = read(matrix, epsilon);
    if (!Float.isFinite(greatest)) {
      fill(matrix);
      return;
    }
    scale(greatest);
    for (int k = 0; k < columns; k++) {
      prepare(k);
      reflect(team, work, k, k + 1);
    }
    for (int k = columns - 1; k >= 0; k--) {
      result[k * stride + k] = 1;
      reflect(team, result, k, k);
    }
    write(matrix);
  }

  /** Gives the greatest magnitude, or what is not finite if anything is. */
  private float read(MemorySegment matrix, float epsilon) {
    float[] row = new float[columns];
    float greatest = 0;
    boolean finite = true;
    for (int i = 0; i < rows; i++) {
      MemorySegment.copy(matrix, FLOAT, 4L * i * columns, row, 0, columns);
      if (i < columns) {
        row[i] += epsilon;
      }
      for (int j = 0; j < columns; j++) {
        work[j * stride + i] = row[j];
        greatest = Math.max(greatest, Math.abs(row[j]));
        finite &= Float.isFinite(row[j]);
      }
    }
    return finite ? greatest : Float.NaN;
  }

  /** To numbers whose squares can be added: a power of two changes no direction and no bit. */
  private void scale(float greatest) {
    if (greatest == 0) {
      return;
    }
    int exponent = -Math.getExponent(greatest);
    for (int i = 0; i < work.length; i++) {
      work[i] = Math.scalb(work[i], exponent);
    }
  }

  /** The vector of reflection k, which takes what column k has from the diagonal on to a multiple of the unit vector. */
  private void prepare(int k) {
    int column = k * stride;
    float norm = norm(work, column + k, rows - k);
    float diagonal = work[column + k];
    if (norm == 0) {
      scales[k] = 0;
      return;
    }
    // The sign that does not cancel; R has then the other one on its diagonal.
    negative[k] = diagonal >= 0;
    work[column + k] = diagonal + (negative[k] ? norm : -norm);
    // v v = 2 norm (norm + |diagonal|)
    scales[k] = (float) (1 / ((double) norm * (norm + Math.abs(diagonal))));
    for (int i = 0; i < k; i++) {
      work[column + i] = 0;
    }
  }

  private static float norm(float[] values, int at, int count) {
    double sum = 0;
    for (int i = at; i < at + count; i++) {
      sum += (double) values[i] * values[i];
    }
    return (float) Math.sqrt(sum);
  }

  /** Applies reflection k to the columns of a matrix from one on. */
  private void reflect(CpuTeam team, float[] matrix, int k, int from) {
    if (scales[k] == 0 || from == columns) {
      return;
    }
    int begin = k / SPECIES.length() * SPECIES.length();
    team.forRanges(columns - from, ABREAST, (thread, first, last) -> {
      int column = from + (int) first;
      int end = from + (int) last;
      for (; column + ABREAST <= end; column += ABREAST) {
        reflectFour(matrix, column * stride, k * stride, begin, stride, scales[k]);
      }
      for (; column < end; column++) {
        reflectOne(matrix, column * stride, k * stride, begin, stride, scales[k]);
      }
    });
  }

  private void reflectFour(float[] matrix, int column, int vector, int begin, int end, float scale) {
    FloatVector a = FloatVector.zero(SPECIES);
    FloatVector b = a;
    FloatVector c = a;
    FloatVector d = a;
    for (int i = begin; i < end; i += SPECIES.length()) {
      FloatVector v = FloatVector.fromArray(SPECIES, work, vector + i);
      a = FloatVector.fromArray(SPECIES, matrix, column + i).fma(v, a);
      b = FloatVector.fromArray(SPECIES, matrix, column + end + i).fma(v, b);
      c = FloatVector.fromArray(SPECIES, matrix, column + 2 * end + i).fma(v, c);
      d = FloatVector.fromArray(SPECIES, matrix, column + 3 * end + i).fma(v, d);
    }
    FloatVector fa = FloatVector.broadcast(SPECIES, -scale * total(a));
    FloatVector fb = FloatVector.broadcast(SPECIES, -scale * total(b));
    FloatVector fc = FloatVector.broadcast(SPECIES, -scale * total(c));
    FloatVector fd = FloatVector.broadcast(SPECIES, -scale * total(d));
    for (int i = begin; i < end; i += SPECIES.length()) {
      FloatVector v = FloatVector.fromArray(SPECIES, work, vector + i);
      v.fma(fa, FloatVector.fromArray(SPECIES, matrix, column + i)).intoArray(matrix, column + i);
      v.fma(fb, FloatVector.fromArray(SPECIES, matrix, column + end + i)).intoArray(matrix, column + end + i);
      v.fma(fc, FloatVector.fromArray(SPECIES, matrix, column + 2 * end + i)).intoArray(matrix, column + 2 * end + i);
      v.fma(fd, FloatVector.fromArray(SPECIES, matrix, column + 3 * end + i)).intoArray(matrix, column + 3 * end + i);
    }
  }

  private void reflectOne(float[] matrix, int column, int vector, int begin, int end, float scale) {
    FloatVector a = FloatVector.zero(SPECIES);
    for (int i = begin; i < end; i += SPECIES.length()) {
      a = FloatVector.fromArray(SPECIES, matrix, column + i).fma(FloatVector.fromArray(SPECIES, work, vector + i), a);
    }
    FloatVector factor = FloatVector.broadcast(SPECIES, -scale * total(a));
    for (int i = begin; i < end; i += SPECIES.length()) {
      FloatVector.fromArray(SPECIES, work, vector + i).fma(factor, FloatVector.fromArray(SPECIES, matrix, column + i)).intoArray(matrix, column + i);
    }
  }

  /** The lanes in a written order. */
  private static float total(FloatVector lanes) {
    float sum = 0;
    for (int lane = 0; lane < SPECIES.length(); lane++) {
      sum += lanes.lane(lane);
    }
    return sum;
  }

  private void write(MemorySegment matrix) {
    float[] row = new float[columns];
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < columns; j++) {
        float value = result[j * stride + i];
        row[j] = negative[j] ? -value : value;
      }
      MemorySegment.copy(row, 0, matrix, FLOAT, 4L * i * columns, columns);
    }
  }

  private void fill(MemorySegment matrix) {
    for (long i = 0; i < (long) rows * columns; i++) {
      matrix.set(FLOAT, 4 * i, Float.NaN);
    }
  }
}
