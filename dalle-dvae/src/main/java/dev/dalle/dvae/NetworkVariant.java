package dev.dalle.dvae;

import java.util.Objects;

/**
 * Where the paper says that it tried other layers and found them worse (Ramesh et al. 2021, arXiv 2102.12092, section 2.1 and appendix A.1): such networks can be
 * trained to see it, but have no published weights.
 *
 * @param pooling how the encoder halves its grid; published: {@link Pooling#MAX}
 * @param codeKernel height and width of the two convolutions around the code, the encoder's last and the decoder's first: odd; published: 1
 */
public record NetworkVariant(Pooling pooling, int codeKernel) {
  /** The published layers. */
  public static final NetworkVariant PUBLISHED = new NetworkVariant(Pooling.MAX, 1);
  private static final int LARGEST_KERNEL = 15;

  /** Of the values in a window of 2 x 2. */
  public enum Pooling {
    /** The greatest. */
    MAX,
    /** Their mean. */
    AVERAGE
  }

  /**
   * Checks.
   *
   * @throws IllegalArgumentException naming the field, what was expected and what was given
   */
  public NetworkVariant {
    Objects.requireNonNull(pooling, "pooling");
    if (codeKernel < 1 || codeKernel > LARGEST_KERNEL || codeKernel % 2 == 0) {
      throw new IllegalArgumentException("codeKernel: expected an odd number from 1 to " + LARGEST_KERNEL + ", got " + codeKernel);
    }
  }
}
