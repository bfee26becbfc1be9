package dev.dalle.trainer.cli;

import tools.jackson.databind.json.JsonMapper;

/** Results as JSON. */
final class JsonText {
  private JsonText() {}

  /** Maps, lists, texts, numbers and truth values, indented. */
  static String of(Object value) {
    return JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(value);
  }

  /** The same on one line. */
  static String line(Object value) {
    return JsonMapper.shared().writeValueAsString(value);
  }
}
