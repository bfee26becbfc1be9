package dev.dalle.trainer.stage;

import dev.dalle.dvae.Dvae;
import dev.dalle.dvae.DvaeObjective;
import dev.dalle.dvae.Relaxation;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Philox;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tape;
import dev.dalle.tensor.Tensor;
import dev.dalle.trainer.data.CaptionedPictures;
import dev.dalle.trainer.data.FittedPicture;
import dev.dalle.trainer.picture.Picture;
import java.util.Arrays;

/**
 * The evidence lower bound of stage one on pictures, negative and in nats a value, with beta = 1: as it was trained, with relaxed codes, and as it is, with
 * codes drawn from the encoder's distributions. What the relaxation still hides is the difference; the paper's last temperature of 1/16 closes it (Ramesh et
 * al. 2021, arXiv 2102.12092, section 2.1).
 *
 * @param temperature of the relaxation, that at the end of the training
 * @param relaxed with relaxed codes, of the same noise as those drawn
 * @param drawn with drawn codes, one draw a picture
 * @param mostProbable reconstruction alone, of the codes that stage two is given: negative log-likelihood in nats a value
 */
public record DvaeBound(double temperature, double relaxed, double drawn, double mostProbable) {
  /** The stream of random numbers, shared with no stage. */
  private static final long NOISE = 5;

  /**
   * Measures.
   *
   * @param batch pictures at a time
   * @param indices which, at least one
   */
  public static DvaeBound measure(Device device, Dvae dvae, DType computeType, int batch, double temperature, long seed, CaptionedPictures data, int[] indices) {
    int side = dvae.config().imageSize();
    double relaxed = 0;
    double drawn = 0;
    double mostProbable = 0;
    for (int from = 0; from < indices.length; from += batch) {
      int[] part = Arrays.copyOfRange(indices, from, Math.min(indices.length, from + batch));
      float[] values = FittedPicture.floats(data, part, side);
      long stream = Philox.stream(seed, NOISE, from);
      double share = part.length / (double) indices.length;
      relaxed += share * one(device, dvae, computeType, values, (tape, pixels) ->
          DvaeObjective.negativeElb(tape, dvae, pixels, new Relaxation(temperature, 1, seed, stream)).loss());
      drawn += share * one(device, dvae, computeType, values, (tape, pixels) -> DvaeObjective.trueNegativeElb(tape, dvae, pixels, seed, stream).loss());
      mostProbable += share * one(device, dvae, computeType, values, (tape, pixels) -> DvaeObjective.argmaxNegativeElb(tape, dvae, pixels).reconstruction());
    }
    return new DvaeBound(temperature, relaxed, drawn, mostProbable);
  }

  private interface Objective {
    Tensor of(Tape tape, Tensor pixels);
  }

  private static float one(Device device, Dvae dvae, DType computeType, float[] values, Objective objective) {
    int side = dvae.config().imageSize();
    try (Scope scope = device.newScope()) {
      Tensor pixels = scope.of(values, values.length / dvae.config().valuesPerImage(), side, side, Picture.CHANNELS);
      return objective.of(Tape.inference(scope, computeType), pixels).toFloat();
    }
  }

  /** What the relaxed bound promises beyond the true one, in nats a value. */
  public double gap() {
    return drawn - relaxed;
  }
}
