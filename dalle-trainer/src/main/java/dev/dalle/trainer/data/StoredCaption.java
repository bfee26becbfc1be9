package dev.dalle.trainer.data;

import java.util.List;
import java.util.Optional;

/** Captions as files hold them. */
final class StoredCaption {
  private StoredCaption() {}

  /** One line: runs of white space, line breaks among them, become single spaces; empty if nothing is left. */
  static Optional<String> clean(String text) {
    String line = text.replace("\uFEFF", "").strip().replaceAll("\\s+", " ");
    return line.isEmpty() ? Optional.empty() : Optional.of(line);
  }

  /** Some things in an error message: the first three, and how many more. */
  static String some(List<?> things) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < Math.min(3, things.size()); i++) {
      text.append(i == 0 ? "" : ", ").append(things.get(i));
    }
    return things.size() > 3 ? text + " and " + (things.size() - 3) + " more" : text.toString();
  }
}
