package dev.dalle.tensor.internal.cpu;

import dev.dalle.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** Rows of F32, each pass one loop over memory and array. */
final class FloatRows implements RowFormat {
  private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;

  @Override
  public void load(MemorySegment from, long first, float[] row, int width) {
    Tiles.load(from, DType.F32, first, row, width);
  }

  @Override
  public float loadGreatest(MemorySegment from, long first, float[] row, int width) {
    FloatVector best = FloatVector.broadcast(FLOATS, Float.NEGATIVE_INFINITY);
    int i = 0;
    for (; i <= width - FLOATS.length(); i += FLOATS.length()) {
      FloatVector values = FloatVector.fromMemorySegment(FLOATS, from, 4 * (first + i), ORDER);
      values.intoArray(row, i);
      best = best.blend(values, values.compare(VectorOperators.GT, best));
    }
    float result = best.reduceLanes(VectorOperators.MAX);
    for (; i < width; i++) {
      row[i] = from.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4 * (first + i));
      result = row[i] > result ? row[i] : result;
    }
    return result;
  }

  @Override
  public float loadSum(MemorySegment from, long first, float[] row, int width, float[] lanes) {
    FloatVector sum = FloatVector.zero(FLOATS);
    int i = 0;
    for (; i <= width - FLOATS.length(); i += FLOATS.length()) {
      FloatVector values = FloatVector.fromMemorySegment(FLOATS, from, 4 * (first + i), ORDER);
      values.intoArray(row, i);
      sum = sum.add(values);
    }
    sum.intoArray(lanes, 0);
    float result = VectorMath.total(lanes);
    for (; i < width; i++) {
      row[i] = from.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4 * (first + i));
      result += row[i];
    }
    return result;
  }

  @Override
  public void loadNormalised(MemorySegment from, long first, float mean, float r, float[] hat, int width) {
    int i = 0;
    for (; i <= width - FLOATS.length(); i += FLOATS.length()) {
      FloatVector.fromMemorySegment(FLOATS, from, 4 * (first + i), ORDER).sub(mean).mul(r).intoArray(hat, i);
    }
    for (; i < width; i++) {
      hat[i] = (from.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4 * (first + i)) - mean) * r;
    }
  }

  @Override
  public void addTo(MemorySegment from, long first, float[] sums, int width) {
    int i = 0;
    for (; i <= width - FLOATS.length(); i += FLOATS.length()) {
      FloatVector.fromArray(FLOATS, sums, i).add(FloatVector.fromMemorySegment(FLOATS, from, 4 * (first + i), ORDER)).intoArray(sums, i);
    }
    for (; i < width; i++) {
      sums[i] += from.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4 * (first + i));
    }
  }

  @Override
  public void storeScaled(float[] row, float factor, MemorySegment to, long first, int width) {
    int i = 0;
    for (; i <= width - FLOATS.length(); i += FLOATS.length()) {
      FloatVector.fromArray(FLOATS, row, i).mul(factor).intoMemorySegment(to, 4 * (first + i), ORDER);
    }
    for (; i < width; i++) {
      to.set(ValueLayout.JAVA_FLOAT_UNALIGNED, 4 * (first + i), factor * row[i]);
    }
  }

  @Override
  public void storeNormalised(float[] row, float mean, float factor, float[] gain, float[] bias, MemorySegment to, long first, int width) {
    int i = 0;
    for (; i <= width - FLOATS.length(); i += FLOATS.length()) {
      FloatVector hat = FloatVector.fromArray(FLOATS, row, i).sub(mean).mul(factor);
      hat.fma(FloatVector.fromArray(FLOATS, gain, i), FloatVector.fromArray(FLOATS, bias, i)).intoMemorySegment(to, 4 * (first + i), ORDER);
    }
    for (; i < width; i++) {
      to.set(ValueLayout.JAVA_FLOAT_UNALIGNED, 4 * (first + i), Math.fma((row[i] - mean) * factor, gain[i], bias[i]));
    }
  }

  @Override
  public void storeSoftmaxGradient(float[] y, float[] g, float dot, MemorySegment to, long first, int width) {
    int i = 0;
    for (; i <= width - FLOATS.length(); i += FLOATS.length()) {
      FloatVector.fromArray(FLOATS, g, i).sub(dot).mul(FloatVector.fromArray(FLOATS, y, i)).intoMemorySegment(to, 4 * (first + i), ORDER);
    }
    for (; i < width; i++) {
      to.set(ValueLayout.JAVA_FLOAT_UNALIGNED, 4 * (first + i), y[i] * (g[i] - dot));
    }
  }

  @Override
  public void storeLayerNormGradient(float[] g, float[] hat, float r, float meanOfGrad, float meanOfProduct, MemorySegment to, long first, int width) {
    int i = 0;
    for (; i <= width - FLOATS.length(); i += FLOATS.length()) {
      FloatVector centred = FloatVector.fromArray(FLOATS, g, i).sub(meanOfGrad);
      centred.sub(FloatVector.fromArray(FLOATS, hat, i).mul(meanOfProduct)).mul(r).intoMemorySegment(to, 4 * (first + i), ORDER);
    }
    for (; i < width; i++) {
      to.set(ValueLayout.JAVA_FLOAT_UNALIGNED, 4 * (first + i), r * (g[i] - meanOfGrad - hat[i] * meanOfProduct));
    }
  }
}
