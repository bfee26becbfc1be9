package dev.dalle.precision.scale;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * One gradient scale for each resblock. Going backwards, the gradient that comes into a block is multiplied by the block's scale, and what leaves it is divided
 * by it again, both with infinities and NaN replaced by 0; the block's parameter gradients carry the scale and are divided by it where they are used.
 *
 * <p>After every update each block is told whether a value of its parameter gradients was not finite:
 * <ul>
 * <li>none was: its scale grows by a small factor, whatever happened in other blocks;
 * <li>one was: its scale is divided, unless it was divided within the window before, in which it neither grows nor falls; either way the update is skipped.
 * </ul>
 * A scale never leaves its range, and no block changes another block's scale. Source: Ramesh et al. 2021, arXiv 2102.12092, section 2.4 and appendix D; what the
 * paper leaves open: a block that was fine grows also when another one made the update be skipped.
 *
 * <p>Used by one thread at a time. Every replica that is told the same flags has the same scales in every bit.
 */
public final class GradientScales {
  private final GradientScaleConfig config;
  private final List<String> blocks;
  private final double[] scales;
  private final long[] lastDivision;
  private long updates;
  private long skipped;

  /**
   * Scales before the first update.
   *
   * @param blocks names, in the order in which flags will come
   * @throws IllegalArgumentException if a name stands there twice
   */
  public GradientScales(GradientScaleConfig config, List<String> blocks) {
    this.config = config;
    this.blocks = List.copyOf(blocks);
    if (blocks.stream().distinct().count() < blocks.size()) {
      throw new IllegalArgumentException("blocks: expected different names, got " + blocks);
    }
    scales = new double[blocks.size()];
    lastDivision = new long[blocks.size()];
    Arrays.fill(scales, config.start());
  }

  /** Names of the blocks, in order. */
  public List<String> blocks() {
    return blocks;
  }

  /** The scale of block i. */
  public double scale(int block) {
    return scales[block];
  }

  /** Updates so far, those that were skipped included. */
  public long updates() {
    return updates;
  }

  /** Updates that were skipped. */
  public long skipped() {
    return skipped;
  }

  /**
   * What an update came to.
   *
   * @param skip whether parameters and moments must stay as they are
   * @param nonfinite names of the blocks whose gradients were not all finite
   * @param divided names of those among them whose scale was divided
   */
  public record Verdict(boolean skip, List<String> nonfinite, List<String> divided) {
    /** Copies. */
    public Verdict {
      nonfinite = List.copyOf(nonfinite);
      divided = List.copyOf(divided);
    }
  }

  /**
   * Ends an update: decides whether it counts, and sets the scales of the next.
   *
   * @param nonfinite for each block whether some value of its parameter gradients, of any replica, was not finite
   * @throws IllegalArgumentException if there are not as many flags as blocks; nothing has changed then
   */
  public Verdict update(boolean[] nonfinite) {
    return update(nonfinite, false);
  }

  /**
   * As {@link #update(boolean[])}, for a model that has parameters outside its blocks too.
   *
   * @param nonfinite for each block whether some value of its parameter gradients, of any replica, was not finite
   * @param outside whether a gradient of a parameter in no block was not: then the update is skipped, and for the scales it is like any other
   * @throws IllegalArgumentException if there are not as many flags as blocks; nothing has changed then
   */
  public Verdict update(boolean[] nonfinite, boolean outside) {
    if (nonfinite.length != scales.length) {
      throw new IllegalArgumentException("nonfinite: expected a flag for each of " + scales.length + " blocks, got " + nonfinite.length);
    }
    updates++;
    List<String> bad = new ArrayList<>();
    List<String> divided = new ArrayList<>();
    for (int block = 0; block < scales.length; block++) {
      if (!nonfinite[block]) {
        scales[block] = clamped(scales[block] * config.growth());
        continue;
      }
      bad.add(blocks.get(block));
      if (lastDivision[block] == 0 || updates - lastDivision[block] > config.window()) {
        scales[block] = clamped(scales[block] / config.division());
        lastDivision[block] = updates;
        divided.add(blocks.get(block));
      }
    }
    boolean skip = outside || !bad.isEmpty();
    if (skip) {
      skipped++;
    }
    return new Verdict(skip, bad, divided);
  }

  private double clamped(double scale) {
    return Math.clamp(scale, config.least(), config.greatest());
  }

  /**
   * Everything that {@link #update} changes, for checkpoints.
   *
   * @param scales of each block
   * @param lastDivision number of the update, from 1 on, in which each scale was last divided; 0 for never
   * @param updates so far
   * @param skipped of them
   */
  public record State(double[] scales, long[] lastDivision, long updates, long skipped) {
    /** Copies. */
    public State {
      scales = scales.clone();
      lastDivision = lastDivision.clone();
    }

    @Override
    public double[] scales() {
      return scales.clone();
    }

    @Override
    public long[] lastDivision() {
      return lastDivision.clone();
    }
  }

  /** The state now. */
  public State state() {
    return new State(scales, lastDivision, updates, skipped);
  }

  /**
   * Goes on from a state.
   *
   * @throws IllegalArgumentException if it is of another number of blocks, a scale is out of range, or its counts contradict each other; nothing has changed then
   */
  public void restore(State state) {
    check(state);
    System.arraycopy(state.scales, 0, scales, 0, scales.length);
    System.arraycopy(state.lastDivision, 0, lastDivision, 0, scales.length);
    updates = state.updates;
    skipped = state.skipped;
  }

  /** Refuses what {@link #restore} refuses, and changes nothing. */
  void check(State state) {
    if (state.scales.length != scales.length || state.lastDivision.length != scales.length) {
      throw new IllegalArgumentException("gradient scales: expected " + scales.length + " blocks, got " + state.scales.length + " scales and "
          + state.lastDivision.length + " divisions; the checkpoint is of another model");
    }
    for (int block = 0; block < scales.length; block++) {
      double scale = state.scales[block];
      if (!(scale >= config.least() && scale <= config.greatest())) {
        throw new IllegalArgumentException("gradient scale of " + blocks.get(block) + ": expected " + config.least() + " to " + config.greatest() + ", got "
            + scale + "; the checkpoint is damaged or was made with another range");
      }
      if (state.lastDivision[block] < 0 || state.lastDivision[block] > state.updates) {
        throw new IllegalArgumentException("gradient scale of " + blocks.get(block) + ": divided in update " + state.lastDivision[block] + " of "
            + state.updates + "; the checkpoint is damaged");
      }
    }
    if (state.updates < 0 || state.skipped < 0 || state.skipped > state.updates) {
      throw new IllegalArgumentException("gradient scales: " + state.skipped + " of " + state.updates + " updates skipped; the checkpoint is damaged");
    }
  }
}
