package dev.dalle.trainer.cli;

import dev.dalle.trainer.config.ConfigJson;
import dev.dalle.trainer.config.Presets;
import dev.dalle.trainer.run.Manifest;
import dev.dalle.trainer.run.RunConfig;
import dev.dalle.trainer.run.RunFolder;
import dev.dalle.trainer.run.RunPresets;
import java.util.LinkedHashMap;
import java.util.List;
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

  /** Whether a preset or a file was named. */
  boolean given() {
    return config.given();
  }

  /** Whether a file was named: it says everything. */
  boolean fromFile() {
    return config.fromFile();
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

  /**
   * The configuration that the options ask for; the run in the folder, if there is one, must have the same, save for what was fitted to its budget: types
   * and numbers of updates.
   *
   * @throws CommandException if it has another
   */
  RunConfig in(RunFolder folder) {
    Optional<Manifest> manifest = folder.readManifest();
    RunConfig asked = over(manifest.map(Manifest::config));
    if (manifest.isEmpty()) {
      return asked;
    }
    RunConfig existing = manifest.get().config();
    if (manifest.get().budget().isPresent()) {
      asked = asked.fittedLike(existing);
    }
    if (!existing.equals(asked)) {
      throw new CommandException(folder.manifest() + " holds another run: " + difference(existing, asked)
          + "; leave the options out to go on with it, or choose another folder with --out");
    }
    return asked;
  }

  private static String difference(RunConfig existing, RunConfig asked) {
    List<String> before = ConfigJson.write(existing).lines().map(RunConfigOptions::bare).toList();
    List<String> after = ConfigJson.write(asked).lines().map(RunConfigOptions::bare).toList();
    for (int i = 0; i < Math.min(before.size(), after.size()); i++) {
      if (!before.get(i).equals(after.get(i))) {
        return "it has " + before.get(i) + ", asked for was " + after.get(i);
      }
    }
    return "one of them has more values";
  }

  private static String bare(String line) {
    return line.strip().replaceAll(",$", "");
  }

  /** With the threads of this machine: a preset's are those of the machine that it was measured on. */
  private static Presets<RunConfig> presets() {
    Presets<RunConfig> all = RunPresets.all();
    Map<String, RunConfig> here = new LinkedHashMap<>();
    all.byName().forEach((name, preset) -> here.put(name, preset.with(preset.seed(), Runtime.getRuntime().availableProcessors())));
    return new Presets<>(all.what(), here);
  }
}
