package dev.dalle.precision.format;

/** What becomes of a number between two neighbours of a format. */
public enum Rounding {
  /** The nearer; of two that are as near, the one with an even significand. */
  NEAREST_EVEN,
  /** The nearer; of two that are as near, the one farther from zero. */
  NEAREST_AWAY
}
