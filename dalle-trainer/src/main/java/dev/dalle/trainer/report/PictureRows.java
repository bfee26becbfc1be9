package dev.dalle.trainer.report;

import java.util.List;

/**
 * Pictures that belong together, such as originals beside their reconstructions.
 *
 * @param title above them; may be empty
 * @param columns what each picture of a row is, for example original, reconstruction
 * @param rows each with one picture a column
 */
public record PictureRows(String title, List<String> columns, List<Row> rows) implements Block {

  /** Checks that every row has all columns. */
  public PictureRows {
    columns = List.copyOf(columns);
    rows = List.copyOf(rows);
    if (columns.isEmpty()) {
      throw new IllegalArgumentException("columns: expected at least one, got none");
    }
    for (Row row : rows) {
      if (row.pictures().size() != columns.size()) {
        throw new IllegalArgumentException(
            "pictures: expected " + columns.size() + " like columns, got " + row.pictures().size() + " in row '" + row.caption() + "'");
      }
    }
  }

  /**
   * One row.
   *
   * @param caption below it; may be empty
   * @param pictures one a column
   */
  public record Row(String caption, List<PngPicture> pictures) {
    /** Copies the list. */
    public Row {
      pictures = List.copyOf(pictures);
    }
  }
}
