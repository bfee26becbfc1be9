package dev.dalle.tensor.internal.cpu;

import dev.dalle.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** Rows of BF16, each pass one loop over memory and array. */
final class Bfloat16Rows implements RowFormat {
  private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;

  @Override
  public void load(MemorySegment from, long first, float[] row, int width) {
    Tiles.load(from, DType.BF16, first, row, width);
  }

  @Override
  public float loadGreatest(MemorySegment from, long first, float[] row, int width) {
    FloatVector best = FloatVector.broadcast(FLOATS, Float.NEGATIVE_INFINITY);
    int i = 0;
    for (; i <= width - FLOATS.length(); i += FLOATS.length()) {
      FloatVector values = Bfloat16.load(from, 2 * (first + i));
      values.intoArray(row, i);
      best = best.blend(values, values.compare(VectorOperators.GT, best));
    }
    float result = best.reduceLanes(VectorOperators.MAX);
    for (; i < width; i++) {
      row[i] = Bfloat16.toFloat(from.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2 * (first + i)));
      result = row[i] > result ? row[i] : result;
    }
    return result;
  }

  @Override
  public float loadSum(MemorySegment from, long first, float[] row, int width, float[] lanes) {
    FloatVector sum = FloatVector.zero(FLOATS);
    int i = 0;
    for (; i <= width - FLOATS.length(); i += FLOATS.length()) {
      FloatVector values = Bfloat16.load(from, 2 * (first + i));
      values.intoArray(row, i);
      sum = sum.add(values);
    }
    sum.intoArray(lanes, 0);
    float result = VectorMath.total(lanes);
    for (; i < width; i++) {
      row[i] = Bfloat16.toFloat(from.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2 * (first + i)));
      result += row[i];
    }
    return result;
  }

  @Override
  public void loadNormalised(MemorySegment from, long first, float mean, float r, float[] hat, int width) {
    int i = 0;
    for (; i <= width - FLOATS.length(); i += FLOATS.length()) {
      Bfloat16.load(from, 2 * (first + i)).sub(mean).mul(r).intoArray(hat, i);
    }
    for (; i < width; i++) {
      hat[i] = (Bfloat16.toFloat(from.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2 * (first + i))) - mean) * r;
    }
  }

  @Override
  public void softmaxGradient(MemorySegment y, MemorySegment g, MemorySegment out, long first, int width, float[] lanes) {
    storeProducts(y, g, dot(y, g, first, width, lanes), out, first, width);
  }

  private static float dot(MemorySegment y, MemorySegment g, long first, int width, float[] lanes) {
    FloatVector sum = FloatVector.zero(FLOATS);
    int i = 0;
    for (; i <= width - FLOATS.length(); i += FLOATS.length()) {
      FloatVector values = Bfloat16.load(y, 2 * (first + i));
      sum = values.fma(Bfloat16.load(g, 2 * (first + i)), sum);
    }
    sum.intoArray(lanes, 0);
    float result = VectorMath.total(lanes);
    for (; i < width; i++) {
      float value = Bfloat16.toFloat(y.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2 * (first + i)));
      result = Math.fma(value, Bfloat16.toFloat(g.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2 * (first + i))), result);
    }
    return result;
  }

  private static void storeProducts(MemorySegment y, MemorySegment g, float dot, MemorySegment out, long first, int width) {
    int i = 0;
    for (; i <= width - FLOATS.length(); i += FLOATS.length()) {
      FloatVector centred = Bfloat16.load(g, 2 * (first + i)).sub(dot);
      Bfloat16.store(centred.mul(Bfloat16.load(y, 2 * (first + i))), out, 2 * (first + i));
    }
    for (; i < width; i++) {
      float centred = Bfloat16.toFloat(g.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2 * (first + i))) - dot;
      float product = centred * Bfloat16.toFloat(y.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2 * (first + i)));
      out.set(ValueLayout.JAVA_SHORT_UNALIGNED, 2 * (first + i), Bfloat16.of(product));
    }
  }

  @Override
  public void addTo(MemorySegment from, long first, float[] sums, int width) {
    int i = 0;
    for (; i <= width - FLOATS.length(); i += FLOATS.length()) {
      FloatVector.fromArray(FLOATS, sums, i).add(Bfloat16.load(from, 2 * (first + i))).intoArray(sums, i);
    }
    for (; i < width; i++) {
      sums[i] += Bfloat16.toFloat(from.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2 * (first + i)));
    }
  }

  @Override
  public void storeScaled(float[] row, float factor, MemorySegment to, long first, int width) {
    int i = 0;
    for (; i <= width - FLOATS.length(); i += FLOATS.length()) {
      Bfloat16.store(FloatVector.fromArray(FLOATS, row, i).mul(factor), to, 2 * (first + i));
    }
    for (; i < width; i++) {
      to.set(ValueLayout.JAVA_SHORT_UNALIGNED, 2 * (first + i), Bfloat16.of(factor * row[i]));
    }
  }

  @Override
  public void storeNormalised(float[] row, float mean, float factor, float[] gain, float[] bias, MemorySegment to, long first, int width) {
    int i = 0;
    for (; i <= width - FLOATS.length(); i += FLOATS.length()) {
      FloatVector hat = FloatVector.fromArray(FLOATS, row, i).sub(mean).mul(factor);
      Bfloat16.store(hat.fma(FloatVector.fromArray(FLOATS, gain, i), FloatVector.fromArray(FLOATS, bias, i)), to, 2 * (first + i));
    }
    for (; i < width; i++) {
      to.set(ValueLayout.JAVA_SHORT_UNALIGNED, 2 * (first + i), Bfloat16.of(Math.fma((row[i] - mean) * factor, gain[i], bias[i])));
    }
  }

  @Override
  public void storeSoftmaxGradient(float[] y, float[] g, float dot, MemorySegment to, long first, int width) {
    int i = 0;
    for (; i <= width - FLOATS.length(); i += FLOATS.length()) {
      Bfloat16.store(FloatVector.fromArray(FLOATS, g, i).sub(dot).mul(FloatVector.fromArray(FLOATS, y, i)), to, 2 * (first + i));
    }
    for (; i < width; i++) {
      to.set(ValueLayout.JAVA_SHORT_UNALIGNED, 2 * (first + i), Bfloat16.of(y[i] * (g[i] - dot)));
    }
  }

  @Override
  public void storeLayerNormGradient(float[] g, float[] hat, float r, float meanOfGrad, float meanOfProduct, MemorySegment to, long first, int width) {
    int i = 0;
    for (; i <= width - FLOATS.length(); i += FLOATS.length()) {
      FloatVector centred = FloatVector.fromArray(FLOATS, g, i).sub(meanOfGrad);
      Bfloat16.store(centred.sub(FloatVector.fromArray(FLOATS, hat, i).mul(meanOfProduct)).mul(r), to, 2 * (first + i));
    }
    for (; i < width; i++) {
      to.set(ValueLayout.JAVA_SHORT_UNALIGNED, 2 * (first + i), Bfloat16.of(r * (g[i] - meanOfGrad - hat[i] * meanOfProduct)));
    }
  }
}
