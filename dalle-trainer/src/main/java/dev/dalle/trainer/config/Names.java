package dev.dalle.trainer.config;

import java.util.Locale;

/** How Java names appear in JSON. */
final class Names {

  /** The key that says which record of a sealed interface an object is. */
  static final String TYPE = "type";

  private Names() {}

  /** {@code LOWER_CASE} as {@code lower-case}. */
  static String of(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** {@code CosineSchedule} as {@code cosine-schedule}. */
  static String of(Class<?> record) {
    return record.getSimpleName().replaceAll("(?<=[a-z0-9])(?=[A-Z])", "-").toLowerCase(Locale.ROOT);
  }
}
