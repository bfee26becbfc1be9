package dev.dalle.tokenizer;

import java.util.Random;

/** Seeded texts for tests. */
final class RandomText {

  private RandomText() {
  }

  /** A word of exactly {@code length} letters from the first {@code alphabet} letters. */
  static String word(Random random, int alphabet, int length) {
    StringBuilder word = new StringBuilder(length);
    for (int i = 0; i < length; i++) {
      word.append((char) ('a' + random.nextInt(alphabet)));
    }
    return word.toString();
  }

  /** Up to four words of 1 to {@code maxLength} letters, with a space after each. */
  static String words(Random random, int alphabet, int maxLength) {
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(5); i > 0; i--) {
      text.append(word(random, alphabet, 1 + random.nextInt(maxLength))).append(' ');
    }
    return text.toString();
  }

  /** Anything a string can hold: letters, ASCII, other scripts, emoji, noncharacters, and lone surrogates if asked for. */
  static String unicode(Random random, int length, boolean loneSurrogates) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < length; i++) {
      switch (random.nextInt(8)) {
        case 0, 1, 2 -> text.append((char) ('a' + random.nextInt(26)));
        case 3 -> text.append((char) random.nextInt(0x80));
        case 4 -> text.append((char) (0x80 + random.nextInt(0x800)));
        case 5 -> text.appendCodePoint(0x1F300 + random.nextInt(0x400));
        case 6 -> text.appendCodePoint(scalar(random));
        default -> text.append(loneSurrogates ? (char) (0xD800 + random.nextInt(0x800)) : ' ');
      }
    }
    return text.toString();
  }

  private static int scalar(Random random) {
    int value = random.nextInt(0x110000 - 0x800);
    return value < 0xD800 ? value : value + 0x800;
  }
}
