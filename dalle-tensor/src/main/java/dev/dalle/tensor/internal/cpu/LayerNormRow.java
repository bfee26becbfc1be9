package dev.dalle.tensor.internal.cpu;

import dev.dalle.tensor.DType;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** Working memory of one thread for the gradient of layer normalisation, one row at a time; sums of gain and bias over the rows of a piece. */
final class LayerNormRow {
  private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;

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
    float sum = VectorMath.total(gradLanes);
    float dot = VectorMath.total(productLanes);
    for (; i < width; i++) {
      sumBias[i] += g[i];
      sumGain[i] = Math.fma(g[i], hat[i], sumGain[i]);
      g[i] *= gain[i];
      sum += g[i];
      dot = Math.fma(g[i], hat[i], dot);
    }
    meanOfGrad = sum / width;
    meanOfProduct = dot / width;
  }
}
