package dev.dalle.trainer.cli;

import dev.dalle.trainer.config.ConfigException;
import dev.dalle.trainer.config.ConfigJson;
import dev.dalle.trainer.run.RunConfig;
import dev.dalle.trainer.run.RunPresets;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code --preset}, {@code --config}, {@code --print-config} and the options that replace single values: what a run is a function of. */
final class ConfigOptions {
  private static final String DEFAULT_PRESET = RunPresets.emojiSmall().preset();

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(
      names = "--preset",
      paramLabel = "NAME",
      completionCandidates = PresetNames.class,
      description = "Begin with this configuration: ${COMPLETION-CANDIDATES}.")
  private String preset;

  @Option(
      names = "--config",
      paramLabel = "FILE.json",
      description = "Take values from a JSON file, as --print-config prints it; what it leaves out is the preset's.")
  private Path file;

  @Option(names = "--print-config", description = "Print the configuration as JSON and do nothing else.")
  private boolean print;

  @Mixin private SeedOption seed;
  @Mixin private DeviceOptions device;
  @Mixin private DataOptions data;

  /** Whether the configuration is only to be printed. */
  boolean printOnly() {
    return print;
  }

  /** What computes. */
  DeviceOptions device() {
    return device;
  }

  /**
   * The configuration: the preset, then the file laid over it, then the options. Without preset and file it begins with that of the run in the folder, if
   * there is one; with one of them it does not depend on the folder, so that the same command asks for the same run again.
   *
   * @param existing of the run in the folder, if there is one
   * @throws ConfigException if the file cannot be used
   */
  RunConfig over(Optional<RunConfig> existing) {
    RunConfig base = preset == null && file == null && existing.isPresent() ? existing.get() : preset();
    RunConfig read = file == null ? base : ConfigJson.read(file, base);
    long seedValue = seed.given().orElse(read.seed());
    return read.with(seedValue, device.threads().orElse(read.threads())).with(data.over(read.data()));
  }

  /** A preset's number of threads is that of the machine it was measured on. */
  private RunConfig preset() {
    try {
      RunConfig named = RunPresets.all().get(preset == null ? DEFAULT_PRESET : preset);
      return named.with(named.seed(), Runtime.getRuntime().availableProcessors());
    } catch (ConfigException e) {
      throw new ParameterException(command.commandLine(), "--preset: " + e.getMessage());
    }
  }

  /** For the help and for completion. */
  static final class PresetNames implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return RunPresets.all().names().iterator();
    }
  }
}
