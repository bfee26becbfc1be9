package dev.dalle.bench;

import java.util.Arrays;

/** Sizes written as {@code 16x64x64x32}. */
final class Dims {
  private Dims() {}

  /**
   * Reads sizes.
   *
   * @throws IllegalArgumentException unless there are {@code count} positive numbers with an x between them
   */
  static int[] parse(String text, int count) {
    String[] parts = text.split("x", -1);
    if (parts.length != count || !Arrays.stream(parts).allMatch(part -> part.matches("[1-9][0-9]{0,8}"))) {
      throw new IllegalArgumentException("shape: expected " + count + " positive numbers with x between them, got " + text);
    }
    return Arrays.stream(parts).mapToInt(Integer::parseInt).toArray();
  }
}
