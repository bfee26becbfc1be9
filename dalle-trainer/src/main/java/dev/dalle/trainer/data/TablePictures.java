package dev.dalle.trainer.data;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;
import org.apache.commons.csv.DuplicateHeaderMode;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A table of picture paths and captions: CSV with a header line (ending csv; tsv with tabs) or one JSON object a line (ending
 * jsonl or ndjson), in UTF-8. Paths are taken from the folder of the table unless they are absolute. The ids are the paths as written; a path
 * that stands in several lines, once for each caption, gets #2, #3 and so on,
 * and is held out with all its captions or not at all.
 */
public final class TablePictures extends FilePictures {
  private TablePictures(String name, List<Entry> entries) {
    super(name, entries);
  }

  /**
   * Opens a table. All lines are read now, pictures when they are asked for.
   *
   * @param table the file
   * @param pictureColumn column or property that holds the path
   * @param captionColumn column or property that holds the caption
   * @throws DataException if the table is missing, empty, damaged or has no such column; the message names the columns found
   */
  public static TablePictures open(Path table, String pictureColumn, String captionColumn) {
    if (!Files.isRegularFile(table)) {
      throw new DataException("picture table " + table + ": " + (Files.exists(table) ? "is not a file" : "does not exist")
          + "; give a .csv, .tsv or .jsonl file");
    }
    Rows rows = new Rows(table, pictureColumn, captionColumn);
    String file = table.getFileName().toString();
    String ending = file.substring(file.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
    try {
      switch (ending) {
        case "csv" -> readCsv(rows, CSVFormat.RFC4180);
        case "tsv" -> readCsv(rows, CSVFormat.TDF);
        case "jsonl", "ndjson" -> readJsonLines(rows);
        default -> throw new DataException("picture table " + table + ": ends in ." + ending + "; expected .csv, .tsv or .jsonl");
      }
    } catch (CharacterCodingException e) {
      throw new DataException("picture table " + table + ": is not UTF-8 text; save it as UTF-8", e);
    } catch (IOException | UncheckedIOException e) {
      throw new DataException("picture table " + table + ": cannot be read after " + rows.entries.size() + " examples ("
          + e.getMessage() + "); check its quotes and line ends", e);
    }
    if (rows.entries.isEmpty()) {
      throw new DataException("picture table " + table + ": holds no example; expected at least one line with a picture and a caption");
    }
    return new TablePictures(file, rows.entries);
  }

  private static void readCsv(Rows rows, CSVFormat format) throws IOException {
    CSVFormat withHeader = format.builder().setHeader().setSkipHeaderRecord(true).setIgnoreEmptyLines(true)
        .setDuplicateHeaderMode(DuplicateHeaderMode.DISALLOW).get();
    try (BufferedReader in = Files.newBufferedReader(rows.table); CSVParser parser = withHeader.parse(afterMark(in))) {
      List<String> found = parser.getHeaderNames();
      rows.requireColumns(found);
      for (CSVRecord row : parser) {
        long line = parser.getCurrentLineNumber();
        if (row.size() != found.size()) {
          throw new DataException("picture table " + rows.table + ", record ending at line " + line + ": has " + row.size()
              + " columns, the header has " + found.size() + " " + found + "; put quotes around text with commas or line breaks");
        }
        rows.add(line, row.get(rows.pictureColumn), row.get(rows.captionColumn));
      }
    } catch (IllegalArgumentException e) {
      throw new DataException("picture table " + rows.table + ": has an unusable header (" + e.getMessage() + "); name each column once", e);
    }
  }

  /** Spreadsheets begin UTF-8 files with a byte order mark, which would become part of the first column's name. */
  private static BufferedReader afterMark(BufferedReader in) throws IOException {
    in.mark(1);
    if (in.read() != '\uFEFF') {
      in.reset();
    }
    return in;
  }

  private static void readJsonLines(Rows rows) throws IOException {
    JsonMapper mapper = JsonMapper.shared();
    try (BufferedReader in = afterMark(Files.newBufferedReader(rows.table))) {
      long number = 0;
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        number++;
        if (line.isBlank()) {
          continue;
        }
        JsonNode row;
        try {
          row = mapper.readTree(line);
        } catch (JacksonException e) {
          throw new DataException("picture table " + rows.table + ", line " + number + ": is not JSON (" + e.getOriginalMessage()
              + "); expected one object a line", e);
        }
        if (!row.isObject()) {
          throw new DataException("picture table " + rows.table + ", line " + number + ": is not a JSON object; expected one object a line");
        }
        for (String column : List.of(rows.pictureColumn, rows.captionColumn)) {
          if (!row.path(column).isString()) {
            throw new DataException("picture table " + rows.table + ", line " + number + ": has no text in \"" + column + "\"; found "
                + row.propertyNames() + ". Name the columns to use");
          }
        }
        rows.add(number, row.get(rows.pictureColumn).stringValue(), row.get(rows.captionColumn).stringValue());
      }
    }
  }

  /** Collects the examples of one table. */
  private static final class Rows {
    private final Path table;
    private final String pictureColumn;
    private final String captionColumn;
    private final List<Entry> entries = new ArrayList<>();
    private final Map<String, Integer> times = new HashMap<>();

    Rows(Path table, String pictureColumn, String captionColumn) {
      this.table = table;
      this.pictureColumn = pictureColumn;
      this.captionColumn = captionColumn;
    }

    void requireColumns(List<String> found) {
      for (String column : List.of(pictureColumn, captionColumn)) {
        if (!found.contains(column)) {
          throw new DataException("picture table " + table + ": has no column \"" + column + "\"; found " + found
              + ". Name the columns to use");
        }
      }
    }

    void add(long line, String picture, String text) {
      Optional<String> caption = StoredCaption.clean(text);
      if (picture.isBlank() || caption.isEmpty()) {
        throw new DataException("picture table " + table + ", line " + line + ": " + (picture.isBlank() ? pictureColumn : captionColumn)
            + " is empty; fill it or take the line away");
      }
      int time = times.merge(picture, 1, Integer::sum);
      String id = time == 1 ? picture : picture + "#" + time;
      entries.add(new Entry(new Example(id, caption.get()), table.toAbsolutePath().resolveSibling(picture), picture));
    }
  }
}
