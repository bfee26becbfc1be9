package dev.dalle.trainer.experiment;

import dev.dalle.trainer.run.DvaeStageConfig;
import dev.dalle.trainer.run.LossCurve;
import java.util.List;
import java.util.Optional;

/**
 * What one training came to, as a file keeps it.
 *
 * @param format {@link #FORMAT}
 * @param version {@link #VERSION}
 * @param arm key of {@link DvaeArm}
 * @param seed of weights, batches and noise
 * @param threads that computed
 * @param data name of the data set
 * @param config that it was trained with
 * @param curve of the training
 * @param outcome of the averaged weights on held-out pictures; none if the training failed
 * @param failure why it failed, if it did
 * @param seconds it took
 */
record DvaeArmRun(String format, int version, String arm, long seed, int threads, String data, DvaeStageConfig config, List<LossCurve.Point> curve,
    Optional<Outcome> outcome, Optional<String> failure, double seconds) {
  static final String FORMAT = "dalle-dvae-experiment";
  static final int VERSION = 1;

  /**
   * Measured on held-out pictures.
   *
   * @param pictures number
   * @param relaxed negative bound with relaxed codes at the last temperature, beta 1, nats a value
   * @param drawn negative bound itself, with codes drawn
   * @param mostProbable negative log-likelihood of a value given the most probable codes
   * @param psnr of reconstructions through the most probable codes, dB
   * @param perplexity of those codes
   * @param codesUsed at least once
   */
  record Outcome(int pictures, double relaxed, double drawn, double mostProbable, double psnr, double perplexity, int codesUsed) {
    /** What the relaxed bound promises beyond the true one. */
    double gap() {
      return drawn - relaxed;
    }
  }

  /** Copies. */
  DvaeArmRun {
    curve = List.copyOf(curve);
  }
}
