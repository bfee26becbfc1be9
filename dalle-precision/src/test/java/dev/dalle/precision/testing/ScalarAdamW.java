package dev.dalle.precision.testing;

import dev.dalle.precision.format.FloatFormat;
import dev.dalle.precision.optimizer.AdamWConfig;
import dev.dalle.precision.optimizer.Moments;
import dev.dalle.precision.optimizer.StochasticRounding;
import dev.dalle.tensor.DType;

/**
 * AdamW one element at a time in F32, with formats and rounding by their definitions: every implementation must have these bits. The operations and their
 * order are those of {@link dev.dalle.precision.optimizer.OptimizerOps#adamW} with fused multiply-adds where a product is added to something.
 */
public final class ScalarAdamW {
  /** Value as float, or as code of its 16-bit type; copy in F32 if there is one; moments as floats, or as codes. */
  public static final class Element {
    /** Of an F32 value. */
    public float value;
    /** Of a 16-bit value. */
    public int valueCode;
    /** Of a 16-bit value. */
    public float master;
    /** In F32. */
    public float mean;
    /** In F32. */
    public float variance;
    /** In 1-6-9. */
    public int meanCode;
    /** In 0-6-10. */
    public int varianceCode;
  }

  private final AdamWConfig config;
  private final boolean decays;
  private final DType valueType;
  private final long key;
  private final double stepSize;
  private final float factor;
  private final int t;

  /** Update number t of a parameter. */
  public ScalarAdamW(AdamWConfig config, boolean decays, DType valueType, long stream, double stepSize, float factor, int t) {
    this.config = config;
    this.decays = decays;
    this.valueType = valueType;
    this.key = StochasticRounding.key(stream, t);
    this.stepSize = stepSize;
    this.factor = factor;
    this.t = t;
  }

  /** Updates the element of this index in the whole parameter. */
  public void update(Element e, float gradient, long index) {
    boolean codes = config.moments() == Moments.SIXTEEN_BIT;
    float oldMean = codes ? FloatFormat.F1_6_9.decode(e.meanCode) : e.mean;
    float oldVariance = codes ? FloatFormat.F0_6_10.decode(e.varianceCode) : e.variance;
    float g = gradient * factor;
    float mean = Math.fma(oldMean, (float) config.beta1(), g * (float) (1 - config.beta1()));
    float variance = Math.fma(oldVariance, (float) config.beta2(), g * g * (float) (1 - config.beta2()));
    variance = variance > (float) config.varianceLimit() ? (float) config.varianceLimit() : variance;
    float root = Math.fma((float) Math.sqrt(variance), (float) (1 / Math.sqrt(1 - Math.pow(config.beta2(), t))), (float) config.epsilon());
    float step = (float) (-stepSize / (1 - Math.pow(config.beta1(), t)));
    float decay = decays ? (float) (-stepSize * config.weightDecay()) : 0;
    e.mean = mean;
    e.variance = variance;
    e.meanCode = FloatFormat.F1_6_9.encode(mean);
    e.varianceCode = FloatFormat.F0_6_10.encode(variance);
    if (valueType == DType.F32) {
      e.value += Math.fma(mean / root, step, e.value * decay);
      return;
    }
    FloatFormat format = valueType == DType.F16 ? FloatFormat.FP16 : FloatFormat.BF16;
    float old = switch (config.valueUpdate()) {
      case MASTER_COPY -> e.master;
      case NEAREST_EVEN, STOCHASTIC -> format.decode(e.valueCode);
    };
    float value = old + Math.fma(mean / root, step, old * decay);
    e.master = value;
    e.valueCode = switch (config.valueUpdate()) {
      case MASTER_COPY, NEAREST_EVEN -> format.encode(value);
      case STOCHASTIC -> {
        int draw = StochasticRounding.draw(key, index);
        yield (valueType == DType.F16 ? StochasticRounding.toFloat16(value, draw) : StochasticRounding.toBfloat16(value, draw)) & 0xFFFF;
      }
    };
  }
}
