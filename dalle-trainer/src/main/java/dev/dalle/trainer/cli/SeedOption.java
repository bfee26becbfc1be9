package dev.dalle.trainer.cli;

import java.util.OptionalLong;
import picocli.CommandLine.Option;

/** {@code --seed}: what every random number of a command comes from; the same seed gives the same result. */
final class SeedOption {
  /** Where none is given. */
  static final long DEFAULT = 1;

  @Option(names = "--seed", paramLabel = "S", description = "Seed of the random numbers; the same seed gives the same result (default " + DEFAULT + ").")
  private Long seed;

  /** What was given, if anything. */
  OptionalLong given() {
    return seed == null ? OptionalLong.empty() : OptionalLong.of(seed);
  }

  /** What was given, or the default. */
  long value() {
    return given().orElse(DEFAULT);
  }
}
