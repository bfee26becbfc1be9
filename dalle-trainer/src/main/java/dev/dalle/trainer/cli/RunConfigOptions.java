package dev.dalle.trainer.cli;

import dev.dalle.trainer.config.Presets;
import dev.dalle.trainer.run.RunConfig;
import dev.dalle.trainer.run.RunPresets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Mixin;

/** What a run is a function of: {@link ConfigOptions} for runs, and the options that replace single values. */
final class RunConfigOptions {
  private static final String DEFAULT_PRESET = RunPresets.emojiSmall().preset();

  @Mixin private ConfigOptions config;
  @Mixin private SeedOption seed;
  @Mixin private DeviceOption device;
  @Mixin private ThreadsOption threads;
  @Mixin private DataOptions data;

  /** Whether the configuration is only to be printed. */
  boolean printOnly() {
    return config.print();
  }

  /** What computes. */
  DeviceOption device() {
    return device;
  }

  /**
   * The configuration: the preset, then the file laid over it, then the options. Without preset and file it begins with that of the run in the folder, if
   * there is one; with one of them it does not depend on the folder, so that the same command asks for the same run again.
   *
   * @param existing of the run in the folder, if there is one
   */
  RunConfig over(Optional<RunConfig> existing) {
    RunConfig base = existing.isPresent() && !config.given() ? existing.get() : config.resolve(presets(), DEFAULT_PRESET);
    return base.with(seed.seed().orElse(base.seed()), threads.given().orElse(base.threads())).with(data.over(base.data()));
  }

  /** With the threads of this machine: a preset's are those of the machine that it was measured on. */
  private static Presets<RunConfig> presets() {
    Presets<RunConfig> all = RunPresets.all();
    Map<String, RunConfig> here = new LinkedHashMap<>();
    all.byName().forEach((name, preset) -> here.put(name, preset.with(preset.seed(), Runtime.getRuntime().availableProcessors())));
    return new Presets<>(all.what(), here);
  }
}
