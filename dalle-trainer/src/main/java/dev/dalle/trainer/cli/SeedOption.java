package dev.dalle.trainer.cli;

import java.util.OptionalLong;
import picocli.CommandLine.Option;

/** {@code --seed}: where every random number of a command comes from; the same seed gives the same result. */
final class SeedOption {
  /** Where none is given and no configuration has one. */
  private static final long DEFAULT = 1;

  @Option(names = "--seed", paramLabel = "N", description = "Seed of all random numbers, a whole number of 64 bits (default 1, or the configuration's).")
  private Long seed;

  OptionalLong seed() {
    return seed == null ? OptionalLong.empty() : OptionalLong.of(seed);
  }

  /** What was given, or 1. */
  long orDefault() {
    return seed().orElse(DEFAULT);
  }
}
