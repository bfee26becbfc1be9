package dev.dalle.dvae;

import dev.dalle.tensor.Tape;
import dev.dalle.tensor.Tensor;

/**
 * The objective of stage one: the evidence lower bound on pictures under a uniform prior over codes, where the expectation over codes is
 * replaced by the Gumbel-softmax relaxation. Source: Ramesh et al. 2021, arXiv 2102.12092, sections 2.1 and A.2.
 *
 * <p>{@code loss = (sum over values of -ln f(x) + beta * sum over positions of KL(q || uniform)) / number of values}, over the whole batch. The
 * soft code feeds the decoder in both directions; the divergence uses the logits as a plain categorical distribution, without noise or
 * temperature. So with means over values and positions the divergence's weight is beta / 192 at 8 x 8 x 3 values a position.
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
    Tensor likelihood = DvaeFunctions.logitLaplaceSum(tape, mapped, maps, dvae.config().minLogScale());
    Layers.releaseUnlessRecording(tape, mapped);
    Tensor divergence = DvaeFunctions.uniformDivergenceSum(tape, logits);
    double values = pixels.elementCount();
    double positions = logits.shape().rowCount();
    Tensor perValue = tape.scale(likelihood, 1 / values);
    Tensor perPosition = tape.scale(divergence, 1 / positions);
    Tensor loss = tape.add(perValue, tape.scale(divergence, relaxation.beta() / values));
    return new DvaeLoss(loss, perValue, perPosition, logits, maps);
  }
}
