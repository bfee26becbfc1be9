package dev.dalle.dist.powersgd;

import java.util.Objects;

/**
 * How gradients are compressed.
 *
 * @param rank columns of the factors, at least 1; a matrix with a shorter side has as many as that side
 * @param storage how factors cross the network and what is left over is kept
 * @param start where each update's power iteration begins
 * @param epsilon added to the diagonal of P before its columns are made orthonormal; at least 0
 * @param pScale what P is multiplied by while it is in {@link Storage#CODES}, so that its numbers lie in the middle of their range; positive, best a power of two
 * @param qScale as {@code pScale}, for Q
 */
public record PowerSgdConfig(int rank, Storage storage, Start start, double epsilon, double pScale, double qScale) {
  /** How factors cross the network, and how error buffers are kept. */
  public enum Storage {
    /** In the paper's 16 bits, 1-6-9. */
    CODES,
    /** In F32. */
    F32
  }

  /** Where an update's power iteration begins. */
  public enum Start {
    /** At the same random matrix in every update: the paper's way. */
    FIXED,
    /** At the Q of the update before: that of Vogels et al. 2019. */
    WARM,
    /** At another random matrix in every update. */
    REDRAWN
  }

  /** Checks the numbers. */
  public PowerSgdConfig {
    Objects.requireNonNull(storage, "storage");
    Objects.requireNonNull(start, "start");
    if (rank < 1) {
      throw new IllegalArgumentException("rank: expected 1 or more, got " + rank);
    }
    if (!(epsilon >= 0 && epsilon < 1)) {
      throw new IllegalArgumentException("epsilon: expected at least 0 and less than 1, got " + epsilon);
    }
    if (!(pScale > 0 && qScale > 0) || Double.isInfinite(pScale) || Double.isInfinite(qScale)) {
      throw new IllegalArgumentException("pScale and qScale: expected positive numbers, got " + pScale + " and " + qScale);
    }
  }

  /**
   * That of Ramesh et al. 2021, arXiv 2102.12092, appendix E.2: 1-6-9, a fixed start, epsilon 1e-6. The two constants are not published; 1 is ours: 1-6-9 reaches
   * from 2^-60 to 16.
   *
   * @param rank columns of the factors of a shard: 896 / 8 for the largest model
   */
  public static PowerSgdConfig paper(int rank) {
    return new PowerSgdConfig(rank, Storage.CODES, Start.FIXED, 1e-6, 1, 1);
  }

  /** This with other storage. */
  public PowerSgdConfig with(Storage other) {
    return new PowerSgdConfig(rank, other, start, epsilon, pScale, qScale);
  }

  /** This with another start. */
  public PowerSgdConfig with(Start other) {
    return new PowerSgdConfig(rank, storage, other, epsilon, pScale, qScale);
  }
}
