package dev.dalle.dvae;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Tape;
import dev.dalle.tensor.Tensor;

/**
 * phi, which keeps pixels away from 0 and 1, where the logit-Laplace density ends: {@code phi(x) = (1 - 2 eps) x + eps} on pixels in [0, 1],
 * with eps = 0.1. Source: Ramesh et al. 2021, arXiv 2102.12092, section A.3 (there on [0, 255]).
 */
public final class PixelMap {
  /** Distance from the ends. */
  public static final double EPSILON = 0.1;
  /** Slope. */
  public static final double SLOPE = 1 - 2 * EPSILON;

  private PixelMap() {}

  /** phi of a pixel in [0, 1]. */
  public static double map(double pixel) {
    return SLOPE * pixel + EPSILON;
  }

  /** The inverse, clamped to [0, 1]. */
  public static double unmap(double mapped) {
    return Math.clamp((mapped - EPSILON) / SLOPE, 0, 1);
  }

  /**
   * phi of every pixel.
   *
   * @param pixels F32, in [0, 1]
   * @return F32, in [0.1, 0.9], owned by the tape's scope
   */
  public static Tensor map(Tape tape, Tensor pixels) {
    return DvaeFunctions.affine(tape, pixels, SLOPE, EPSILON, DType.F32);
  }
}
