package dev.dalle.trainer.run;

import dev.dalle.trainer.config.ConfigException;
import dev.dalle.trainer.config.ConfigJson;
import dev.dalle.trainer.files.AtomicFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * {@code STAGE.failure.json}: why a stage could not go on.
 *
 * @param format {@link #FORMAT}
 * @param version {@link #VERSION}
 * @param stage name
 * @param step update at which it ended
 * @param found what could not be gone on with
 * @param curve losses up to there, those since the last checkpoint too
 */
record StageFailure(String format, int version, String stage, long step, String found, List<LossCurve.Point> curve) {
  private static final String FORMAT = "dalle-failure";
  private static final int VERSION = 1;

  static StageFailure of(String stage, long step, String found, List<LossCurve.Point> curve) {
    return new StageFailure(FORMAT, VERSION, stage, step, found, curve);
  }

  private static Path file(Path folder, String stage) {
    return folder.resolve(stage + ".failure.json");
  }

  /**
   * That of a stage, if it has one.
   *
   * @throws ConfigException if the file is damaged or of another version
   */
  static Optional<StageFailure> read(Path folder, String stage) {
    Path file = file(folder, stage);
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    StageFailure failure = ConfigJson.read(file, StageFailure.class);
    Checkpoint.checkFormat(file, FORMAT, VERSION, failure.format(), failure.version());
    return Optional.of(failure);
  }

  /** Writes it, as a whole. */
  void write(Path folder) throws IOException {
    Files.createDirectories(folder);
    AtomicFiles.writeString(file(folder, stage), ConfigJson.write(this));
  }

  /** The stage goes on. */
  static void remove(Path folder, String stage) throws IOException {
    Files.deleteIfExists(file(folder, stage));
  }
}
