package dev.dalle.trainer.cli;

import dev.dalle.trainer.config.ConfigException;
import dev.dalle.trainer.config.ConfigJson;
import dev.dalle.trainer.config.Presets;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * {@code --preset}, {@code --config} and {@code --print-config}: a configuration is a preset, with a JSON file laid over it if
 * one is given. What is printed can be passed back.
 */
final class ConfigOptions {

  @Spec(Spec.Target.MIXEE)
  private CommandSpec mixee;

  @Option(names = "--preset", paramLabel = "NAME", description = "Start from this preset.")
  private String preset;

  @Option(names = "--config", paramLabel = "FILE", description = "Change the preset as this JSON file says; it may be partial.")
  private Path config;

  @Option(names = "--print-config", description = "Print the configuration as JSON and do nothing else.")
  private boolean print;

  /** The name given with {@code --preset}. */
  Optional<String> preset() {
    return Optional.ofNullable(preset);
  }

  /** Whether a preset or a file was named. */
  boolean given() {
    return preset != null || config != null;
  }

  /** Whether a file was named. */
  boolean fromFile() {
    return config != null;
  }

  /** Whether to print the configuration and stop. */
  boolean print() {
    return print;
  }

  /**
   * The configuration that was asked for.
   *
   * @param presets all there are
   * @param defaultName the preset taken when none is named
   * @throws ParameterException if the name, the file or something in it is wrong: misuse, exit status 2
   */
  <T extends Record> T resolve(Presets<T> presets, String defaultName) {
    try {
      T base = presets.get(preset().orElse(defaultName));
      return config == null ? base : ConfigJson.read(config, base);
    } catch (ConfigException e) {
      throw new ParameterException(mixee.commandLine(), e.getMessage(), e);
    }
  }
}
