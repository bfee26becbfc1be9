package dev.dalle.precision.format;

/** Which codes of a format are no ordinary numbers. */
public enum Specials {
  /** None but zero, which is the code of all zeros. */
  NONE,
  /** As IEEE 754: the greatest exponent is infinity and NaN, the least one zero and subnormal numbers. */
  IEEE,
  /** As E4M3 of the Open Compute Project: only all ones behind the sign is NaN, there is no infinity; the least exponent is zero and subnormal numbers. */
  NAN_ONLY
}
