package dev.dalle.bench;

import dev.dalle.precision.optimizer.AdamWConfig;
import dev.dalle.precision.optimizer.Moments;
import dev.dalle.precision.optimizer.ValueUpdate;
import dev.dalle.tensor.DType;

/**
 * What our side keeps how, and what libtorch's is compared with: its fused AdamW keeps moments and gradients in the type of the values, so for values in 16 bits
 * all its numbers have 16 bits, and for values in F32 all have 32.
 */
public enum AdamWState {
  /** Everything in F32, on both sides. */
  F32(DType.F32, Moments.F32, ValueUpdate.MASTER_COPY),
  /** Values in F32, moments in 1-6-9 and 0-6-10. */
  MOMENTS_16(DType.F32, Moments.SIXTEEN_BIT, ValueUpdate.MASTER_COPY),
  /** Such moments, values in BF16 with a copy in F32. */
  BF16_MASTER_COPY(DType.BF16, Moments.SIXTEEN_BIT, ValueUpdate.MASTER_COPY),
  /** Such moments, values in BF16, rounded to nearest. */
  BF16_NEAREST_EVEN(DType.BF16, Moments.SIXTEEN_BIT, ValueUpdate.NEAREST_EVEN),
  /** Such moments, values in BF16, rounded by chance. */
  BF16_STOCHASTIC(DType.BF16, Moments.SIXTEEN_BIT, ValueUpdate.STOCHASTIC),
  /** Such moments, values in F16 with a copy in F32. */
  F16_MASTER_COPY(DType.F16, Moments.SIXTEEN_BIT, ValueUpdate.MASTER_COPY),
  /** Such moments, values in F16, rounded to nearest. */
  F16_NEAREST_EVEN(DType.F16, Moments.SIXTEEN_BIT, ValueUpdate.NEAREST_EVEN),
  /** Such moments, values in F16, rounded by chance. */
  F16_STOCHASTIC(DType.F16, Moments.SIXTEEN_BIT, ValueUpdate.STOCHASTIC);

  /** Type of the values, on both sides. */
  final DType valueType;
  private final Moments moments;
  private final ValueUpdate update;

  AdamWState(DType valueType, Moments moments, ValueUpdate update) {
    this.valueType = valueType;
    this.moments = moments;
    this.update = update;
  }

  AdamWConfig config() {
    return AdamWConfig.DVAE.withMoments(moments).withValueUpdate(update, 1);
  }

  /** Bytes that an update reads and writes for an element: the gradient once, values, their copy and moments once each way. */
  int bytesPerElement(Side side) {
    int value = valueType.byteSize();
    if (side == Side.LIBTORCH) {
      return 7 * value;
    }
    int gradient = DType.F32.byteSize();
    int values = valueType == DType.F32 || update != ValueUpdate.MASTER_COPY ? 2 * value : value + 2 * DType.F32.byteSize();
    return gradient + values + 4 * (moments == Moments.F32 ? DType.F32 : DType.U16).byteSize();
  }
}
