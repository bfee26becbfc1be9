package dev.dalle.trainer.report;

import java.util.List;

/**
 * A chapter of a report.
 *
 * @param title its heading
 * @param text one paragraph of plain text below it; may be empty
 * @param blocks its parts, in order
 */
public record Section(String title, String text, List<Block> blocks) {
  /** Checks the title. */
  public Section {
    if (title.isBlank()) {
      throw new IllegalArgumentException("title: expected a text, got '" + title + "'");
    }
    blocks = List.copyOf(blocks);
  }
}
