package dev.dalle.trainer.experiment;

import dev.dalle.trainer.config.ConfigException;
import dev.dalle.trainer.config.ConfigJson;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** What experiments have left in their folders, so that it need not be made again. */
final class StoredRuns {
  private StoredRuns() {}

  /**
   * A run that is over.
   *
   * @param format and version that the file must name
   * @return nothing if there is no file
   * @throws ConfigException if it is damaged or of something else
   */
  static <R extends Record> Optional<R> read(Path file, Class<R> type, String format, int version) {
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    // Before the fields: others have other fields.
    String foundFormat = ConfigJson.textAt(file, "format").orElse("no format name");
    long foundVersion = ConfigJson.longAt(file, "version").orElse(0);
    if (!foundFormat.equals(format) || foundVersion != version) {
      throw new ConfigException(file + ": expected format " + format + " version " + version + ", found " + foundFormat + " version " + foundVersion
          + "; begin in another folder");
    }
    return Optional.of(ConfigJson.read(file, type));
  }

  /**
   * Refuses a run that was made otherwise than is asked for now.
   *
   * @throws ConfigException that says both
   */
  static void require(Path file, Record found, Record asked) {
    if (!found.equals(asked)) {
      throw new ConfigException(file + ": the run was made with another configuration, " + found + "; asked for was " + asked
          + ". Begin in another folder, or remove the file");
    }
  }
}
