package dev.dalle.dvae;

/**
 * How one step relaxes and weighs. Source: Ramesh et al. 2021, arXiv 2102.12092, sections 2.1 and A.2.
 *
 * @param temperature tau of the Gumbel softmax, positive
 * @param beta weight of the divergence, 0 or more
 * @param seed of the noise
 * @param stream of the noise; another one each step, see {@link dev.dalle.tensor.Philox#stream}
 */
public record Relaxation(double temperature, double beta, long seed, long stream) {
  /**
   * Checks both numbers.
   *
   * @throws IllegalArgumentException naming the field, what was expected and what was given
   */
  public Relaxation {
    if (!(temperature > 0) || Double.isInfinite(temperature)) {
      throw new IllegalArgumentException("temperature: expected a positive finite number, got " + temperature);
    }
    if (!(beta >= 0) || Double.isInfinite(beta)) {
      throw new IllegalArgumentException("beta: expected a finite number of 0 or more, got " + beta);
    }
  }
}
