package dev.dalle.precision.optimizer;

import dev.dalle.tensor.Tensor;
import java.util.Objects;
import java.util.Optional;

/**
 * A parameter, or a shard of one, with its state, as {@link OptimizerOps#adamW} updates it.
 *
 * @param value F32, F16 or BF16
 * @param master F32 copy of a value in 16 bits, with {@link ValueUpdate#MASTER_COPY} only
 * @param mean F32, or U16 with codes of 1-6-9
 * @param variance F32, or U16 with codes of 0-6-10, as {@code mean}
 * @param report I32 {@code [4]}, see {@link OptimizerOps#countMoments}
 * @param decays whether the weight decay applies
 * @param stream of the parameter's random bits, see {@link StochasticRounding#key}
 * @param place where the elements lie in the whole parameter
 */
public record AdamWTensors(Tensor value, Optional<Tensor> master, Tensor mean, Tensor variance, Tensor report, boolean decays, long stream, ShardPlace place) {
  /** Checks. */
  public AdamWTensors {
    Objects.requireNonNull(value, "value");
    Objects.requireNonNull(master, "master");
    Objects.requireNonNull(mean, "mean");
    Objects.requireNonNull(variance, "variance");
    Objects.requireNonNull(report, "report");
    Objects.requireNonNull(place, "place");
  }
}
