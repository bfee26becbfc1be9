package dev.dalle.precision.internal;

/** What one thread needs for a tile of an update. */
final class TileScratch {
  /** Of the steps. */
  final float[] directions = new float[AdamWKernel.TILE];
  /** Values in F16 on their way. */
  final float[] values = new float[AdamWKernel.TILE];
  /** Their codes. */
  final short[] codes = new short[AdamWKernel.TILE];
  /** Checksums and counts of a range. */
  final int[] report = new int[4];
}
