package dev.dalle.precision.internal;

import static dev.dalle.precision.internal.Lanes.FLOAT;
import static dev.dalle.precision.internal.Lanes.FLOATS;
import static dev.dalle.precision.internal.Lanes.ORDER;

import dev.dalle.precision.optimizer.AdamWConfig;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/**
 * Steps of values: {@code value += step * direction + decay * value}. The decay is added to the step before both are added to the value: a factor
 * 1 - stepSize * weightDecay would round to 1 for the dVAE's 1e-8.
 *
 * @param decay -stepSize * weightDecay, or 0
 * @param step -stepSize / (1 - beta1^t)
 */
record ValueKernel(float decay, float step) {
  /** For update number t. */
  static ValueKernel of(AdamWConfig config, boolean decays, double stepSize, int t) {
    return new ValueKernel(decays ? (float) (-stepSize * config.weightDecay()) : 0, (float) (-stepSize / (1 - Math.pow(config.beta1(), t))));
  }

  /** The new value of one element. */
  float apply(float value, float direction) {
    return value + Math.fma(direction, step, value * decay);
  }

  /** Values in F32: {@code count} from element {@code at} on. */
  void floats(MemorySegment p, long at, int count, float[] directions) {
    int whole = FLOATS.loopBound(count);
    floatVectors(p, 4 * at, whole, directions);
    for (int i = whole; i < count; i++) {
      p.set(FLOAT, 4 * (at + i), apply(p.get(FLOAT, 4 * (at + i)), directions[i]));
    }
  }

  private void floatVectors(MemorySegment p, long base, int count, float[] directions) {
    FloatVector steps = FloatVector.broadcast(FLOATS, step);
    FloatVector decays = FloatVector.broadcast(FLOATS, decay);
    for (int i = 0; i < count; i += FLOATS.length()) {
      FloatVector value = FloatVector.fromMemorySegment(FLOATS, p, base + 4L * i, ORDER);
      value.add(FloatVector.fromArray(FLOATS, directions, i).fma(steps, value.mul(decays))).intoMemorySegment(p, base + 4L * i, ORDER);
    }
  }
}
