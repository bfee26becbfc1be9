package dev.dalle.trainer.run;

/** Checks of configuration fields: each message has the field, what was expected and what was found. */
final class Require {
  private Require() {}

  static void that(boolean right, String field, String expected, Object found) {
    if (!right) {
      throw new IllegalArgumentException(field + ": expected " + expected + ", found " + found);
    }
  }

  static void atLeast(String field, long least, long found) {
    that(found >= least, field, least + " or more", found);
  }

  static void positive(String field, double found) {
    that(found > 0 && Double.isFinite(found), field, "a positive number", found);
  }

  static void share(String field, double found) {
    that(found >= 0 && found <= 1, field, "a number from 0 to 1", found);
  }
}
