package dev.dalle.trainer.health;

import dev.dalle.trainer.config.ConfigException;
import dev.dalle.trainer.run.RunConfig;
import dev.dalle.trainer.run.RunFolder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * What a run has left in its folder, read once.
 *
 * @param folder where
 * @param config of its manifest
 * @param busy whether a process works in it now
 * @param dvae stage one
 * @param transformer stage two
 * @param metrics numbers of its report by key; none if it has no report yet
 * @param damages files that are missing or cannot be read
 * @param models whether the models in the folder belong together
 */
public record RunLog(RunFolder folder, RunConfig config, boolean busy, StageLog dvae, StageLog transformer, Map<String, Double> metrics,
    List<Damage> damages, Models models) {
  /**
   * A file that is missing or cannot be read.
   *
   * @param file which
   * @param problem what was expected and found
   * @param remedy what to do
   */
  public record Damage(Path file, String problem, String remedy) {}

  /**
   * What is known of the origin of the models.
   *
   * @param recorded whether stage two says what it was trained with
   * @param strangers sentences about files that are not those that the run was trained with
   */
  public record Models(boolean recorded, List<String> strangers) {
    /** Copies. */
    public Models {
      strangers = List.copyOf(strangers);
    }
  }

  /** Copies. */
  public RunLog {
    metrics = Map.copyOf(metrics);
    damages = List.copyOf(damages);
  }

  /**
   * Reads a folder; changes nothing in it.
   *
   * @throws ConfigException if there is no such folder, it holds no run, or its manifest is damaged or of another version; every other damage is among the
   *     {@link #damages}
   * @throws IOException if the folder cannot be read
   */
  public static RunLog read(Path folder) throws IOException {
    return new RunLogReader(new RunFolder(folder)).read();
  }

  /** Whether a file is among the damages. */
  boolean damaged(Path file) {
    return damages.stream().anyMatch(damage -> damage.file().equals(file));
  }

  /** Both stages. */
  List<StageLog> stages() {
    return List.of(dvae, transformer);
  }

  /** A number of the report; none if a stage was trained again since. */
  OptionalDouble metric(String key) {
    Double value = metrics.get(key);
    return value == null || !dvae.finished() || !transformer.finished() ? OptionalDouble.empty() : OptionalDouble.of(value);
  }
}
