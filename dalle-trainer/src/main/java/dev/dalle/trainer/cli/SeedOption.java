package dev.dalle.trainer.cli;

import java.util.OptionalLong;
import picocli.CommandLine.Option;

/** {@code --seed}: where every random number of a command comes from. */
final class SeedOption {

  @Option(names = "--seed", paramLabel = "N", description = "Seed of all random numbers, a whole number of 64 bits.")
  private Long seed;

  OptionalLong seed() {
    return seed == null ? OptionalLong.empty() : OptionalLong.of(seed);
  }
}
