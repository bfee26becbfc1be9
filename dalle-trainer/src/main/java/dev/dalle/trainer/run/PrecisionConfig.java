package dev.dalle.trainer.run;

import dev.dalle.precision.optimizer.Moments;
import dev.dalle.precision.optimizer.ValueUpdate;
import java.util.Objects;

/**
 * How gradients of stage two are kept in range, and what of it is kept in 16 bits beside the activations (Ramesh et al. 2021, arXiv 2102.12092, section 2.4 and
 * appendix D). Gains, biases, embeddings, unembeddings and logits are in 32 bits whatever stands here.
 *
 * @param scaling of gradients on their way back
 * @param moments AdamW's, of matrices: {@code F32}, or {@code SIXTEEN_BIT} for a mean in 1-6-9 and a variance in 0-6-10
 * @param weights type in which the matrices of resblocks are kept
 * @param update how a step is applied to matrices in 16 bits; means nothing for others
 */
public record PrecisionConfig(Scaling scaling, Moments moments, Weights weights, ValueUpdate update) {
  /** What gradients are multiplied by on their way back. */
  public enum Scaling {
    /** Nothing. */
    NONE,
    /** One scale for the loss, halved when a gradient is not finite, doubled after 2,000 updates in which all were. */
    LOSS,
    /** A scale for each resblock, the paper's. */
    RESBLOCK
  }

  /** Type of stored matrices. */
  public enum Weights {
    /** 32 bits. */
    F32,
    /** The 16-bit type that the stage computes in. */
    SIXTEEN_BIT
  }

  /** Everything in 32 bits, nothing scaled. */
  public static final PrecisionConfig PLAIN = new PrecisionConfig(Scaling.NONE, Moments.F32, Weights.F32, ValueUpdate.MASTER_COPY);
  /** The paper's: a scale for each resblock, moments and matrices in 16 bits and no other copy of them. */
  public static final PrecisionConfig PAPER = new PrecisionConfig(Scaling.RESBLOCK, Moments.SIXTEEN_BIT, Weights.SIXTEEN_BIT, ValueUpdate.NEAREST_EVEN);

  /** Checks that everything is there. */
  public PrecisionConfig {
    Objects.requireNonNull(scaling, "scaling");
    Objects.requireNonNull(moments, "moments");
    Objects.requireNonNull(weights, "weights");
    Objects.requireNonNull(update, "update");
  }

  /** What a stage does that says nothing: gradients of fp16 need a scale, those of the others do not. */
  static PrecisionConfig usual(Compute compute) {
    return compute == Compute.F16 ? PLAIN.with(Scaling.RESBLOCK) : PLAIN;
  }

  /** The same with another scaling. */
  public PrecisionConfig with(Scaling newScaling) {
    return new PrecisionConfig(newScaling, moments, weights, update);
  }

  /** The same with other moments. */
  public PrecisionConfig with(Moments newMoments) {
    return new PrecisionConfig(scaling, newMoments, weights, update);
  }
}
