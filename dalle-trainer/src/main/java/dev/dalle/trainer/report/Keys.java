package dev.dalle.trainer.report;

import java.util.regex.Pattern;

/** Names under which programs find numbers. */
final class Keys {

  private static final Pattern KEY = Pattern.compile("[a-z0-9]+([.-][a-z0-9]+)*");

  private Keys() {}

  static void require(String key) {
    if (!KEY.matcher(key).matches()) {
      throw new IllegalArgumentException("key: expected lower-case words and digits joined by dots or hyphens, got '" + key + "'");
    }
  }
}
