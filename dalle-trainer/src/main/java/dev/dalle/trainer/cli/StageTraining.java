package dev.dalle.trainer.cli;

import dev.dalle.tensor.Device;
import dev.dalle.trainer.config.ConfigJson;
import dev.dalle.trainer.data.CaptionedPictures;
import dev.dalle.trainer.data.DataSets;
import dev.dalle.trainer.progress.Progress;
import dev.dalle.trainer.report.Machine;
import dev.dalle.trainer.run.Checkpoint;
import dev.dalle.trainer.run.LossCurve;
import dev.dalle.trainer.run.Manifest;
import dev.dalle.trainer.run.RunConfig;
import dev.dalle.trainer.run.RunFolder;
import dev.dalle.trainer.stage.Run;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** What the commands that train a stage share: the folder, its manifest, the configuration, and the training under the folder's lock. */
final class StageTraining {
  /** What the stages differ in. */
  interface Stage {
    /** What the stage's model takes. */
    MemoryNeed memory(RunConfig config);

    /** Fails if the folder lacks what the stage needs; what has to be read for that goes to the device. */
    void checkReady(RunFolder folder, RunConfig config, Device device) throws IOException;

    /** Trains to the end, or from where an earlier start came. */
    Checkpoint.Finished train(Run run) throws IOException;

    /** Where the result lies. */
    Path weights(RunFolder folder);
  }

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Mixin private RunConfigOptions options;
  @Mixin private JsonOption json;

  @Option(names = "--out", paramLabel = "DIR", defaultValue = "runs/train", description = "Folder of the run (default ${DEFAULT-VALUE}).")
  private Path out;

  /** Trains, or prints the configuration, and returns the exit status. */
  int run(Stage stage) throws Exception {
    PrintWriter printer = command.commandLine().getOut();
    RunFolder folder = new RunFolder(out);
    options.device().check();
    RunConfig config = options.in(folder);
    if (options.printOnly()) {
      printer.print(ConfigJson.write(config));
      return 0;
    }
    stage.memory(config).check(Machine.current().availableBytes());
    Device device = options.device().open(config.threads());
    stage.checkReady(folder, config, device);
    try (AutoCloseable _ = folder.lock()) {
      Progress progress = Terminal.progress();
      try (CaptionedPictures data = DataSets.open(config.data(), config.dvae().model().imageSize(), config.threads(), progress)) {
        Run run = new Run(folder, config, device, data, progress);
        // Only now: a run that cannot work here leaves no manifest.
        settle(folder);
        Checkpoint.Finished finished = stage.train(run);
        report(stage.weights(folder), finished, printer);
      }
    }
    return 0;
  }

  /** Under the lock, because another process may have begun a run here in the meantime. */
  private void settle(RunFolder folder) throws IOException {
    RunConfig config = options.in(folder);
    if (folder.readManifest().isEmpty()) {
      folder.writeManifest(Manifest.of(config, Optional.empty(), List.of()));
    }
  }

  private void report(Path weights, Checkpoint.Finished finished, PrintWriter printer) {
    LossCurve.Point last = finished.curve().getLast();
    double loss = last.values().getOrDefault("loss", Double.NaN);
    if (json.json()) {
      Map<String, Object> result = new LinkedHashMap<>();
      result.put("weights", weights.toString());
      result.put("step", last.step());
      result.put("loss", loss);
      result.put("seconds", finished.seconds());
      printer.println(JsonText.of(result));
    } else {
      printer.println(weights + String.format(Locale.ROOT, ": loss %.4f at step %d, trained for %.0f s", loss, last.step(), finished.seconds()));
    }
  }
}
