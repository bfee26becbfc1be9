package dev.dalle.trainer.run;

import java.nio.file.Path;
import java.util.Optional;

/**
 * Which captioned pictures.
 *
 * @param kind what is at the path
 * @param path the folder, table or shards; empty for the emoji drawings, which come with the launcher
 * @param imageColumn of a table: where a picture's path stands
 * @param captionColumn of a table: where its caption stands
 */
public record DataConfig(Kind kind, Optional<Path> path, String imageColumn, String captionColumn) {
  /** What a data set is kept as. */
  public enum Kind {
    /** The emoji drawings of a Maven artifact. */
    EMOJI,
    /** Pictures with a text file of the same name beside each. */
    FOLDER,
    /** A CSV or JSONL file with a path and a caption a row. */
    TABLE,
    /** Tar shards of pictures and captions that share a name. */
    WEBDATASET
  }

  /** Checks that there is a path where one is needed. */
  public DataConfig {
    Require.that(path.isPresent() == (kind != Kind.EMOJI), "path", kind == Kind.EMOJI ? "none for the emoji drawings" : "the place of the data",
        path.map(Path::toString).orElse("none"));
    Require.that(!imageColumn.isBlank(), "imageColumn", "a name", "'" + imageColumn + "'");
    Require.that(!captionColumn.isBlank(), "captionColumn", "a name", "'" + captionColumn + "'");
  }

  /** The emoji drawings. */
  public static DataConfig emoji() {
    return new DataConfig(Kind.EMOJI, Optional.empty(), "image", "caption");
  }
}
