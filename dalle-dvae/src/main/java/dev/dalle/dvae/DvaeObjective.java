package dev.dalle.dvae;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Tape;
import dev.dalle.tensor.Tensor;

/**
 * The objective of stage one: the evidence lower bound on pictures under a uniform prior over codes, where the expectation over codes is
 * replaced by the Gumbel-softmax relaxation. Source: Ramesh et al. 2021, arXiv 2102.12092, sections 2.1 and A.2.
 *
 * <p>{@code loss = (sum over values of -ln f(x) + beta * sum over positions of KL(q || uniform)) / number of values}, over the whole batch. The
 * soft code feeds the decoder in both directions; the divergence uses the logits as a plain categorical distribution, without noise or
 * temperature. So with means over values and positions the divergence's weight is beta / 192 at 8 x 8 x 3 values a position.
 *
 * <p>{@link #negativeElb} is what is trained on; {@link #trueNegativeElb} tells how far the relaxation is from what it stands for (in the paper, a final
 * temperature of 1/16 closes the gap).
 */
public final class DvaeObjective {
  private DvaeObjective() {}

  /**
   * Runs encoder, relaxation and decoder forwards and records them if the tape does. Waits for nothing; the caller runs
   * {@code tape.backward(loss.loss(), gradient)} with a gradient of 1 or of a loss scale.
   *
   * @param pixels F32 {@code [B, S, S, 3]}, in [0, 1]
   * @return owned by the tape's scope
   * @throws dev.dalle.tensor.ShapeException if the shape of the pixels differs; the message shows both
   */
  public static DvaeLoss negativeElb(Tape tape, Dvae dvae, Tensor pixels, Relaxation relaxation) {
    Dvae.checkTrainingImages("pixels", pixels, dvae.config());
    Tensor mapped = PixelMap.map(tape, pixels);
    Tensor logits = dvae.encoder().logits(tape, mapped);
    Tensor code = DvaeFunctions.gumbelSoftmax(tape, logits, relaxation.temperature(), relaxation.seed(), relaxation.stream());
    Tensor maps = dvae.decoder().maps(tape, code);
    Layers.releaseUnlessRecording(tape, code);
    return loss(tape, dvae.config(), mapped, logits, maps, relaxation.beta());
  }

  /**
   * The bound itself, without a relaxation: the decoder is given codes drawn from the encoder's categorical distributions, and beta is 1. One draw is an
   * unbiased estimate of it. The codes are those that {@link #negativeElb} tends to with a temperature towards 0 and the same seed and stream. Runs forwards
   * only and waits for nothing.
   *
   * @param tape must not record: a drawn code has no gradient
   * @param pixels F32 {@code [B, H, W, 3]}, in [0, 1], of any size that {@link Encoder#logits} takes
   * @param seed of the draw
   * @param stream of the draw; another one for each batch, see {@link dev.dalle.tensor.Philox#stream}
   * @return owned by the tape's scope
   * @throws dev.dalle.tensor.ShapeException if the shape of the pixels does not fit
   * @throws IllegalStateException if the tape records
   */
  public static DvaeLoss trueNegativeElb(Tape tape, Dvae dvae, Tensor pixels, long seed, long stream) {
    return ofChosenCodes(tape, dvae, pixels, (logits, ids) -> {
      // The greatest of logits with Gumbel noise is a draw from their distribution, and a softmax keeps it the greatest.
      Tensor code = DvaeFunctions.gumbelSoftmax(tape, logits, 1, seed, stream);
      tape.ops().argmax(code, ids);
      tape.scope().release(code);
    });
  }

  /**
   * As {@link #trueNegativeElb}, but of the most probable codes, those that {@link ImageTokens} gives to stage two. No bound, since the divergence is still
   * that of the whole distributions; its reconstruction says what the decoder makes of tokens.
   *
   * @param tape must not record
   * @param pixels F32 {@code [B, H, W, 3]}, in [0, 1], of any size that {@link Encoder#logits} takes
   * @return owned by the tape's scope
   * @throws dev.dalle.tensor.ShapeException if the shape of the pixels does not fit
   * @throws IllegalStateException if the tape records
   */
  public static DvaeLoss argmaxNegativeElb(Tape tape, Dvae dvae, Tensor pixels) {
    return ofChosenCodes(tape, dvae, pixels, tape.ops()::argmax);
  }

  private interface Choice {
    void choose(Tensor logits, Tensor ids);
  }

  private static DvaeLoss ofChosenCodes(Tape tape, Dvae dvae, Tensor pixels, Choice choice) {
    Dvae.checkImages("pixels", pixels, dvae.config());
    Tensor mapped = PixelMap.map(tape, pixels);
    Tensor logits = dvae.encoder().logits(tape, mapped);
    Tensor ids = tape.scope().allocate(DType.I32, logits.dim(0), logits.dim(1), logits.dim(2));
    choice.choose(logits, ids);
    Tensor maps = dvae.decoder().mapsOf(tape, ids);
    tape.scope().release(ids);
    return loss(tape, dvae.config(), mapped, logits, maps, 1);
  }

  /** Takes the mapped pixels over. */
  private static DvaeLoss loss(Tape tape, DvaeConfig config, Tensor mapped, Tensor logits, Tensor maps, double beta) {
    double values = mapped.elementCount();
    double positions = logits.shape().rowCount();
    Tensor likelihood = DvaeFunctions.logitLaplaceSum(tape, mapped, maps, config.minLogScale());
    Layers.releaseUnlessRecording(tape, mapped);
    Tensor divergence = DvaeFunctions.uniformDivergenceSum(tape, logits);
    Tensor perValue = tape.scale(likelihood, 1 / values);
    Tensor perPosition = tape.scale(divergence, 1 / positions);
    Tensor loss = tape.add(perValue, tape.scale(divergence, beta / values));
    return new DvaeLoss(loss, perValue, perPosition, logits, maps);
  }
}
