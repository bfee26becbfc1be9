package dev.dalle.precision.format;

import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;

/**
 * A floating-point format of at most 16 bits. From the highest bit on: the sign, if there is one, the exponent e, the significand m of M bits. A code is
 *
 * <pre>
 * (-1)^s 2^(e - bias) (1 + m / 2^M)      ordinary numbers
 * (-1)^s 2^(1 - bias) m / 2^M            e = 0, where there are subnormal numbers
 * </pre>
 *
 * save for those that {@link Specials} takes out. This class is the definition; packing and unpacking of tensors must agree with it in every bit.
 *
 * <p>What does not fit: without a sign, negative numbers become 0. Beyond the greatest number, {@code saturates} decides between that number and infinity, or
 * NaN where there is no infinity. Saturation comes before rounding. Where there are no subnormal numbers, everything below the smallest code becomes 0. NaN
 * becomes NaN, and where there is none the greatest number: <em>whether a value is finite must be asked before it is encoded.</em>
 *
 * @param name as people write it
 * @param signed whether there is a sign
 * @param exponentBits bits of the exponent
 * @param significandBits bits of the significand that are stored, M
 * @param bias subtracted from the exponent
 * @param specials codes that are no ordinary numbers
 * @param saturates whether numbers beyond the greatest become it
 * @param rounding of numbers between two codes
 */
public record FloatFormat(String name, boolean signed, int exponentBits, int significandBits, int bias, Specials specials, boolean saturates,
    Rounding rounding) {
  /** The paper's format of Adam's mean, of error buffers and of compressed gradients: up to just below 16, down to 2^-60. */
  public static final FloatFormat F1_6_9 = new FloatFormat("1-6-9", true, 6, 9, 60, Specials.NONE, true, Rounding.NEAREST_AWAY);

  /** The paper's format of Adam's variance, which is never negative. */
  public static final FloatFormat F0_6_10 = new FloatFormat("0-6-10", false, 6, 10, 60, Specials.NONE, true, Rounding.NEAREST_AWAY);

  /** IEEE 754 binary16. */
  public static final FloatFormat FP16 = new FloatFormat("fp16", true, 5, 10, 15, Specials.IEEE, false, Rounding.NEAREST_EVEN);

  /** The upper half of binary32. */
  public static final FloatFormat BF16 = new FloatFormat("bf16", true, 8, 7, 127, Specials.IEEE, false, Rounding.NEAREST_EVEN);

  /** FP8 E4M3 of the Open Compute Project, revision 1.0, saturating. */
  public static final FloatFormat E4M3 = new FloatFormat("e4m3", true, 4, 3, 7, Specials.NAN_ONLY, true, Rounding.NEAREST_EVEN);

  /** FP8 E5M2 of the Open Compute Project, revision 1.0, saturating. */
  public static final FloatFormat E5M2 = new FloatFormat("e5m2", true, 5, 2, 15, Specials.IEEE, true, Rounding.NEAREST_EVEN);

  /** Checks that the bits fit and every code is a number that a {@code float} holds exactly. */
  public FloatFormat {
    Objects.requireNonNull(specials, "specials");
    Objects.requireNonNull(rounding, "rounding");
    if (name.isBlank()) {
      throw new IllegalArgumentException("name: expected a name, got \"" + name + "\"");
    }
    if (exponentBits < 2 || exponentBits > 8) {
      throw new IllegalArgumentException(name + ": exponent bits: expected 2 to 8, got " + exponentBits);
    }
    if (significandBits < 1 || significandBits > 13) {
      throw new IllegalArgumentException(name + ": significand bits: expected 1 to 13, got " + significandBits);
    }
    int bits = (signed ? 1 : 0) + exponentBits + significandBits;
    if (bits > 16) {
      throw new IllegalArgumentException(name + ": bits: expected at most 16, got " + bits);
    }
    int greatest = (1 << exponentBits) - 1 - (specials == Specials.IEEE ? 1 : 0);
    // Subnormal numbers of float have 23 bits below 2^-126.
    long least = specials == Specials.NONE ? -(long) bias : 1L - bias - significandBits;
    if ((long) greatest - bias > 127 || least < (specials == Specials.NONE ? -126 : -149)) {
      throw new IllegalArgumentException(name + ": bias: with " + exponentBits + " exponent bits numbers go from 2^" + least + " to 2^" + ((long) greatest - bias)
          + ", expected what a float holds, got a bias of " + bias);
    }
  }

  /** All formats above, in order. */
  public static List<FloatFormat> known() {
    return List.of(F1_6_9, F0_6_10, FP16, BF16, E4M3, E5M2);
  }

  /**
   * The format of a name.
   *
   * @throws IllegalArgumentException if none of {@link #known()} has it; the message lists them
   */
  public static FloatFormat named(String name) {
    return known().stream().filter(format -> format.name.equals(name)).findFirst().orElseThrow(() -> new IllegalArgumentException("format: expected one of "
        + known().stream().map(FloatFormat::name).collect(Collectors.joining(", ")) + ", got \"" + name + "\""));
  }

  /** Bits of a code. */
  public int bits() {
    return (signed ? 1 : 0) + exponentBits + significandBits;
  }

  /** Number of codes; they go from 0 to one less. */
  public int codeCount() {
    return 1 << bits();
  }

  private int magnitudeMask() {
    return (1 << exponentBits + significandBits) - 1;
  }

  private int greatestCode() {
    return switch (specials) {
      case NONE -> magnitudeMask();
      case IEEE -> ((1 << exponentBits) - 1 << significandBits) - 1;
      case NAN_ONLY -> magnitudeMask() - 1;
    };
  }

  /** The greatest number. */
  public float max() {
    return magnitude(greatestCode());
  }

  /** The smallest number above zero. */
  public float smallest() {
    return magnitude(1);
  }

  /**
   * The value of a code. All that are NaN are the same one.
   *
   * @throws IllegalArgumentException if there is no such code
   */
  public float decode(int code) {
    if (code < 0 || code >= codeCount()) {
      throw new IllegalArgumentException(name + ": code: expected 0 to " + (codeCount() - 1) + ", got " + code);
    }
    int magnitude = code & magnitudeMask();
    boolean negative = signed && code > magnitudeMask();
    // Without subnormal numbers only the code of all zeros is zero: the one with a sign is an ordinary number, which encoding never produces.
    float value = magnitude == 0 && specials == Specials.NONE && negative ? Math.scalb(1f, -bias) : magnitude(magnitude);
    return negative && !Float.isNaN(value) ? -value : value;
  }

  private float magnitude(int code) {
    int exponent = code >> significandBits;
    int significand = code & (1 << significandBits) - 1;
    if (specials == Specials.NONE) {
      return code == 0 ? 0 : Math.scalb(1f + Math.scalb((float) significand, -significandBits), exponent - bias);
    }
    if (code > greatestCode()) {
      return specials == Specials.IEEE && significand == 0 ? Float.POSITIVE_INFINITY : Float.NaN;
    }
    return exponent == 0 ? Math.scalb((float) significand, 1 - bias - significandBits)
        : Math.scalb(1f + Math.scalb((float) significand, -significandBits), exponent - bias);
  }

  /** The code of a value. */
  public int encode(float value) {
    return encode((double) value);
  }

  /** The code of a value, rounded once. */
  public int encode(double value) {
    if (Double.isNaN(value)) {
      return switch (specials) {
        case NONE -> greatestCode();
        // A quiet NaN; its sign is not kept.
        case IEEE -> magnitudeMask() & ~((1 << significandBits - 1) - 1);
        case NAN_ONLY -> magnitudeMask();
      };
    }
    boolean negative = Double.doubleToRawLongBits(value) < 0;
    if (negative && !signed) {
      return 0;
    }
    int magnitude = magnitudeCode(Math.abs(value));
    if (magnitude == 0 && specials == Specials.NONE) {
      return 0;
    }
    return negative ? magnitude | magnitudeMask() + 1 : magnitude;
  }

  private int magnitudeCode(double value) {
    double max = max();
    if (saturates && value > max) {
      return greatestCode();
    }
    if (specials == Specials.NONE && value < smallest()) {
      return 0;
    }
    if (value == 0) {
      return 0;
    }
    if (Double.isInfinite(value)) {
      return beyond();
    }
    // Steps of the binade that the value lies in; below the least exponent they stay as wide as there.
    int leastExponent = specials == Specials.NONE ? -bias : 1 - bias;
    int exponent = Math.max(Math.getExponent(value), leastExponent);
    double steps = Math.scalb(value, significandBits - exponent);
    // Not floor(steps + 0.5): that sum is itself rounded.
    double below = Math.floor(steps);
    long rounded = (long) (rounding == Rounding.NEAREST_EVEN ? Math.rint(steps) : steps - below >= 0.5 ? below + 1 : below);
    long code = specials == Specials.NONE ? rounded + ((long) (exponent + bias - 1) << significandBits)
        : rounded + ((long) (exponent - leastExponent) << significandBits);
    return code > greatestCode() ? saturates ? greatestCode() : beyond() : (int) code;
  }

  /** The code of what is beyond the greatest number and may not become it. */
  private int beyond() {
    return switch (specials) {
      case NONE -> greatestCode();
      case IEEE -> greatestCode() + 1;
      case NAN_ONLY -> magnitudeMask();
    };
  }
}
