package dev.dalle.precision.internal;

import dev.dalle.precision.optimizer.AdamWConfig;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * AdamW over a range of elements: each of gradient, value, mean and variance is read once, the last three are written once. Both loops do the same
 * correctly rounded operations in the same order, so an element's bits depend neither on the vector length nor on how ranges are cut.
 *
 * <p>The decay is added to the step before both are added to the value: a factor 1 - stepSize * weightDecay would round to 1 for the dVAE's 1e-8.
 *
 * @param factor multiplies gradients
 * @param beta1 decay of the mean
 * @param share1 1 - beta1
 * @param beta2 decay of the variance
 * @param share2 1 - beta2
 * @param limit greatest variance
 * @param decay -stepSize * weightDecay, or 0
 * @param step -stepSize / (1 - beta1^t)
 * @param rootCorrection 1 / sqrt(1 - beta2^t)
 * @param epsilon added to the root
 */
record AdamWKernel(float factor, float beta1, float share1, float beta2, float share2, float limit, float decay, float step, float rootCorrection,
    float epsilon) {
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ORDER);

  /** For update number t. */
  static AdamWKernel of(AdamWConfig config, boolean decays, double stepSize, float factor, int t) {
    return new AdamWKernel(factor, (float) config.beta1(), (float) (1 - config.beta1()), (float) config.beta2(), (float) (1 - config.beta2()),
        (float) config.varianceLimit(), decays ? (float) (-stepSize * config.weightDecay()) : 0,
        (float) (-stepSize / (1 - Math.pow(config.beta1(), t))), (float) (1 / Math.sqrt(1 - Math.pow(config.beta2(), t))),
        (float) config.epsilon());
  }

  /** Elements {@code from} to {@code to} of gradient, value, mean and variance. */
  void run(MemorySegment g, MemorySegment p, MemorySegment m, MemorySegment v, long from, long to) {
    long vectorEnd = 4 * (from + SPECIES.loopBound(to - from));
    vectors(g, p, m, v, 4 * from, vectorEnd);
    rest(g, p, m, v, vectorEnd, 4 * to);
  }

  private void vectors(MemorySegment g, MemorySegment p, MemorySegment m, MemorySegment v, long from, long to) {
    long width = SPECIES.vectorByteSize();
    FloatVector limits = FloatVector.broadcast(SPECIES, limit);
    FloatVector decay1 = FloatVector.broadcast(SPECIES, beta1);
    FloatVector decay2 = FloatVector.broadcast(SPECIES, beta2);
    FloatVector root = FloatVector.broadcast(SPECIES, rootCorrection);
    FloatVector eps = FloatVector.broadcast(SPECIES, epsilon);
    FloatVector steps = FloatVector.broadcast(SPECIES, step);
    for (long at = from; at < to; at += width) {
      FloatVector grad = FloatVector.fromMemorySegment(SPECIES, g, at, ORDER).mul(factor);
      FloatVector mean = FloatVector.fromMemorySegment(SPECIES, m, at, ORDER).fma(decay1, grad.mul(share1));
      FloatVector variance = FloatVector.fromMemorySegment(SPECIES, v, at, ORDER).fma(decay2, grad.mul(grad).mul(share2)).min(limits);
      FloatVector quotient = mean.div(variance.sqrt().fma(root, eps));
      FloatVector value = FloatVector.fromMemorySegment(SPECIES, p, at, ORDER);
      mean.intoMemorySegment(m, at, ORDER);
      variance.intoMemorySegment(v, at, ORDER);
      value.add(quotient.fma(steps, value.mul(decay))).intoMemorySegment(p, at, ORDER);
    }
  }

  private void rest(MemorySegment g, MemorySegment p, MemorySegment m, MemorySegment v, long from, long to) {
    for (long at = from; at < to; at += 4) {
      float grad = g.get(FLOAT, at) * factor;
      float mean = Math.fma(m.get(FLOAT, at), beta1, grad * share1);
      float variance = Math.min(Math.fma(v.get(FLOAT, at), beta2, grad * grad * share2), limit);
      float quotient = mean / Math.fma((float) Math.sqrt(variance), rootCorrection, epsilon);
      m.set(FLOAT, at, mean);
      v.set(FLOAT, at, variance);
      float value = p.get(FLOAT, at);
      p.set(FLOAT, at, value + Math.fma(quotient, step, value * decay));
    }
  }
}
