package dev.dalle.trainer.run;

import dev.dalle.trainer.config.ConfigException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * {@code manifest.json}: what a run is a function of, and how that was chosen.
 *
 * @param format {@link #FORMAT}
 * @param version {@link #VERSION}
 * @param config the run
 * @param budget time that the run was fitted to, if it was
 * @param calibration what was measured to fit it, in words; not read again
 */
public record Manifest(String format, int version, RunConfig config, Optional<Duration> budget, List<String> calibration) {
  /** Name of the format. */
  public static final String FORMAT = "dalle-run";
  /** The version that this code reads and writes. */
  public static final int VERSION = 1;

  /** Checks format and version. */
  public Manifest {
    Require.that(format.equals(FORMAT), "format", FORMAT, format);
    Require.that(version == VERSION, "version", Integer.toString(VERSION), version);
    calibration = List.copyOf(calibration);
  }

  /** A manifest of this version. */
  public static Manifest of(RunConfig config, Optional<Duration> budget, List<String> calibration) {
    return new Manifest(FORMAT, VERSION, config, budget, calibration);
  }

  /** Refuses a file of a newer release. */
  static void checkVersion(Path file, long version) {
    if (version > VERSION) {
      throw new ConfigException(file + ": the manifest has version " + version + " of " + FORMAT + ", this release reads version " + VERSION
          + "; use the release that wrote it, or a newer one");
    }
  }
}
