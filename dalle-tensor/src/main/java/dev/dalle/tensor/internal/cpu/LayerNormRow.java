package dev.dalle.tensor.internal.cpu;

import dev.dalle.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** Working memory of one thread for the gradient of layer normalisation, one row at a time; sums of gain and bias over the rows of a piece. */
final class LayerNormRow {
  private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ORDER);

  final int width;
  final float[] gain;
  /** The normalised row. */
  final float[] hat;
  /** The gradient of the result, then that of the normalised row. */
  final float[] g;
  /** What the rows of this piece add to the gradients of gain and bias. */
  float[] sumGain;
  float[] sumBias;
  /** Lanes of the two sums below. */
  final float[] gradLanes = VectorMath.lanes();
  final float[] productLanes = VectorMath.lanes();
  /** Means over the row of the gradient of the normalised row, and of its product with it. */
  float meanOfGrad;
  float meanOfProduct;

  LayerNormRow(MemorySegment gain, int width) {
    this.width = width;
    this.gain = new float[width];
    this.hat = new float[width];
    this.g = new float[width];
    Tiles.load(gain, DType.F32, 0, this.gain, width);
  }

  void startPiece() {
    sumGain = new float[width];
    sumBias = new float[width];
  }

  /** Handles the gradient that is in {@link #g}: adds to the sums, multiplies by the gain, takes the means. */
  void add() {
    float[] gradient = g;
    float[] normalised = hat;
    FloatVector grads = FloatVector.zero(FLOATS);
    FloatVector products = FloatVector.zero(FLOATS);
    int i = 0;
    for (; i <= width - FLOATS.length(); i += FLOATS.length()) {
      FloatVector values = FloatVector.fromArray(FLOATS, gradient, i);
      FloatVector hats = FloatVector.fromArray(FLOATS, normalised, i);
      FloatVector scaled = values.mul(FloatVector.fromArray(FLOATS, gain, i));
      values.add(FloatVector.fromArray(FLOATS, sumBias, i)).intoArray(sumBias, i);
      values.fma(hats, FloatVector.fromArray(FLOATS, sumGain, i)).intoArray(sumGain, i);
      scaled.intoArray(gradient, i);
      grads = grads.add(scaled);
      products = scaled.fma(hats, products);
    }
    grads.intoArray(gradLanes, 0);
    products.intoArray(productLanes, 0);
    finish(i);
  }

  /** Handles the elements of {@link #g} from {@code begin} on and takes the means, given the lanes of the sums up to there. */
  void finish(int begin) {
    float sum = VectorMath.total(gradLanes);
    float dot = VectorMath.total(productLanes);
    for (int i = begin; i < width; i++) {
      sumBias[i] += g[i];
      sumGain[i] = Math.fma(g[i], hat[i], sumGain[i]);
      g[i] *= gain[i];
      sum += g[i];
      dot = Math.fma(g[i], hat[i], dot);
    }
    meanOfGrad = sum / width;
    meanOfProduct = dot / width;
  }

  /**
   * The whole gradient of one row where everything is F32: two passes over memory, the second one over the cache, and no copies of the row.
   *
   * @param first element of each at which the row begins
   */
  void direct(MemorySegment x, MemorySegment gradOut, MemorySegment gradIn, long first, float mean, float r) {
    int end = width - width % FLOATS.length();
    addDirect(x, gradOut, first, mean, r, end);
    float sum = VectorMath.total(gradLanes);
    float dot = VectorMath.total(productLanes);
    for (int i = end; i < width; i++) {
      float gradient = gradOut.get(FLOAT, 4 * (first + i));
      float normalised = (x.get(FLOAT, 4 * (first + i)) - mean) * r;
      sumBias[i] += gradient;
      sumGain[i] = Math.fma(gradient, normalised, sumGain[i]);
      sum += gradient * gain[i];
      dot = Math.fma(gradient * gain[i], normalised, dot);
    }
    float shift = -r * (sum / width);
    float slope = -r * (dot / width);
    storeDirect(x, gradOut, gradIn, first, mean, r, shift, slope, end);
    for (int i = end; i < width; i++) {
      float normalised = (x.get(FLOAT, 4 * (first + i)) - mean) * r;
      gradIn.set(FLOAT, 4 * (first + i), Math.fma(gradOut.get(FLOAT, 4 * (first + i)) * gain[i], r, Math.fma(normalised, slope, shift)));
    }
  }

  private void addDirect(MemorySegment x, MemorySegment gradOut, long first, float mean, float r, int end) {
    float[] gains = gain;
    float[] gainSums = sumGain;
    float[] biasSums = sumBias;
    FloatVector grads = FloatVector.zero(FLOATS);
    FloatVector products = FloatVector.zero(FLOATS);
    for (int i = 0; i < end; i += FLOATS.length()) {
      FloatVector gradient = FloatVector.fromMemorySegment(FLOATS, gradOut, 4 * (first + i), ORDER);
      FloatVector normalised = FloatVector.fromMemorySegment(FLOATS, x, 4 * (first + i), ORDER).sub(mean).mul(r);
      FloatVector scaled = gradient.mul(FloatVector.fromArray(FLOATS, gains, i));
      gradient.add(FloatVector.fromArray(FLOATS, biasSums, i)).intoArray(biasSums, i);
      gradient.fma(normalised, FloatVector.fromArray(FLOATS, gainSums, i)).intoArray(gainSums, i);
      grads = grads.add(scaled);
      products = scaled.fma(normalised, products);
    }
    grads.intoArray(gradLanes, 0);
    products.intoArray(productLanes, 0);
  }

  private void storeDirect(MemorySegment x, MemorySegment gradOut, MemorySegment gradIn, long first, float mean, float r, float shift, float slope,
      int end) {
    float[] gains = gain;
    FloatVector shifts = FloatVector.broadcast(FLOATS, shift);
    FloatVector slopes = FloatVector.broadcast(FLOATS, slope);
    FloatVector factor = FloatVector.broadcast(FLOATS, r);
    for (int i = 0; i < end; i += FLOATS.length()) {
      FloatVector normalised = FloatVector.fromMemorySegment(FLOATS, x, 4 * (first + i), ORDER).sub(mean).mul(factor);
      FloatVector scaled = FloatVector.fromMemorySegment(FLOATS, gradOut, 4 * (first + i), ORDER).mul(FloatVector.fromArray(FLOATS, gains, i));
      scaled.fma(factor, normalised.fma(slopes, shifts)).intoMemorySegment(gradIn, 4 * (first + i), ORDER);
    }
  }
}
