package dev.dalle.precision.schedule;

import java.util.Objects;

/**
 * A factor for step sizes that is halved whenever the smoothed loss has stopped falling. Source: Ramesh et al. 2021, arXiv 2102.12092, appendix B.2, where
 * people halved at each plateau, five times (what counts as a plateau is our choice: the rule known as "reduce on plateau").
 *
 * <p>A loss that is not finite is passed over: it neither smooths nor counts as an update. The first loss starts the mean, so nothing has to be corrected.
 * One thread at a time.
 */
public final class PlateauHalving {
  private final PlateauConfig config;
  private State state = new State(0, 0, Double.POSITIVE_INFINITY, 0, 0);

  /** A factor of 1. */
  public PlateauHalving(PlateauConfig config) {
    this.config = Objects.requireNonNull(config, "config");
  }

  /**
   * Everything that {@link #add} changes, for checkpoints.
   *
   * @param losses that were finite so far
   * @param smoothed mean; means nothing before the first loss
   * @param best least smoothed mean since the last halving, or infinite
   * @param waited updates since then, or since the last halving
   * @param halvings so far
   */
  public record State(long losses, double smoothed, double best, long waited, int halvings) {}

  /** What a step size is multiplied by now: 1, 1/2, 1/4 ... */
  public double factor() {
    return Math.scalb(1.0, -state.halvings);
  }

  /** Halvings so far. */
  public int halvings() {
    return state.halvings;
  }

  /**
   * Ends an update.
   *
   * @param loss of the update; passed over if it is not finite
   * @return whether the factor was halved
   */
  public boolean add(double loss) {
    if (!Double.isFinite(loss)) {
      return false;
    }
    double smoothed = state.losses == 0 ? loss : config.smoothing() * state.smoothed + (1 - config.smoothing()) * loss;
    // Losses may be negative: a share of their size, not of their value.
    boolean better = state.best == Double.POSITIVE_INFINITY || smoothed < state.best - config.improvement() * Math.abs(state.best);
    long waited = better ? 0 : state.waited + 1;
    boolean halved = waited >= config.patience() && state.halvings < config.mostHalvings();
    // After a halving the mean is measured anew: what was reached with the larger steps is no measure of how the smaller ones do.
    state = new State(state.losses + 1, smoothed, halved ? Double.POSITIVE_INFINITY : better ? smoothed : state.best, halved ? 0 : waited,
        state.halvings + (halved ? 1 : 0));
    return halved;
  }

  /** The state now. */
  public State state() {
    return state;
  }

  /**
   * Goes on from a state.
   *
   * @throws IllegalArgumentException if it contradicts itself or was reached with other numbers; nothing has changed then
   */
  public void restore(State saved) {
    check(saved.losses >= 0, "losses", "0 or more", saved.losses);
    check(saved.waited >= 0 && saved.waited <= saved.losses, "updates waited", "0 to the " + saved.losses + " losses", saved.waited);
    check(saved.halvings >= 0 && saved.halvings <= config.mostHalvings(), "halvings", "0 to " + config.mostHalvings(), saved.halvings);
    check(Double.isFinite(saved.smoothed), "smoothed loss", "a finite number", saved.smoothed);
    check(saved.best > Double.NEGATIVE_INFINITY, "best loss", "a number or infinity", saved.best);
    state = saved;
  }

  private static void check(boolean right, String what, String expected, Object found) {
    if (!right) {
      throw new IllegalArgumentException("plateau: " + what + ": expected " + expected + ", got " + found + "; the checkpoint is damaged or was made with other "
          + "numbers");
    }
  }
}
