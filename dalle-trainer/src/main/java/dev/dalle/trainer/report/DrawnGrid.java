package dev.dalle.trainer.report;

import java.util.List;

/**
 * Pictures drawn for captions, beside the true ones.
 *
 * @param title above them; may be empty
 * @param drawings one a caption
 */
public record DrawnGrid(String title, List<Drawing> drawings) implements Block {

  /** Copies the list. */
  public DrawnGrid {
    drawings = List.copyOf(drawings);
  }

  /**
   * What was drawn for one caption.
   *
   * @param caption the text that was given
   * @param truth the picture that belongs to it
   * @param drawn at least one, in the order in which they are shown
   */
  public record Drawing(String caption, PngPicture truth, List<PngPicture> drawn) {
    /** Checks that something was drawn. */
    public Drawing {
      drawn = List.copyOf(drawn);
      if (drawn.isEmpty()) {
        throw new IllegalArgumentException("drawn: expected at least one picture, got none for '" + caption + "'");
      }
    }
  }
}
