package dev.dalle.trainer.cli;

import dev.dalle.tensor.Device;
import dev.dalle.trainer.config.ConfigJson;
import dev.dalle.trainer.config.DurationText;
import dev.dalle.trainer.data.CaptionedPictures;
import dev.dalle.trainer.data.DataSets;
import dev.dalle.trainer.progress.Progress;
import dev.dalle.trainer.report.Machine;
import dev.dalle.trainer.report.ReportFiles;
import dev.dalle.trainer.run.Manifest;
import dev.dalle.trainer.run.RunConfig;
import dev.dalle.trainer.run.RunFolder;
import dev.dalle.trainer.run.RunPresets;
import dev.dalle.trainer.stage.Calibration;
import dev.dalle.trainer.stage.Run;
import dev.dalle.trainer.stage.RunReport;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code dalle demo}: the whole chain on the emoji drawings, fitted to a time. */
@Command(
    name = "demo",
    description = {"Train tokenizer, dVAE and transformer on emoji drawings, draw pictures for held-out captions and write a report.",
        "A folder with a manifest is run from it: an interrupted run goes on, a finished one only writes its report again.",
        "Without --preset, the largest preset is taken that fits the budget; types and numbers of updates are fitted to it. A run from a file is fitted only"
            + " if --budget is given."},
    footer = {
      "",
      "Examples:",
      "  dalle demo",
      "  dalle demo --budget 2h --out runs/long",
      "  dalle demo --preset emoji-tiny --data pictures.csv --out runs/mine",
      "  dalle demo --preset emoji-tiny --print-config > run.json",
      "  dalle demo --config run.json --out runs/other"
    })
final class DemoCommand implements Callable<Integer> {
  private static final Duration DEFAULT_BUDGET = Duration.ofMinutes(15);
  /** Share of the budget that training is fitted into; the rest is for a machine that gets slower. */
  private static final double USED = 0.88;

  @Spec private CommandSpec spec;

  @Option(names = "--out", paramLabel = "DIR", description = "Folder of the run (default: ${DEFAULT-VALUE}).", defaultValue = "runs/demo")
  private Path out;

  @Option(names = "--budget", paramLabel = "TIME", description = "Time for everything, such as 15m or 2h (default: 15m).")
  private Optional<Duration> budget = Optional.empty();

  @Mixin private RunConfigOptions options;

  @Override
  public Integer call() throws Exception {
    long started = Long.getLong("dalle.started", System.currentTimeMillis());
    options.device().check();
    RunFolder folder = new RunFolder(out);
    RunConfig asked = configuration(folder);
    if (options.printOnly()) {
      spec.commandLine().getOut().print(ConfigJson.write(asked));
      return 0;
    }
    long available = Machine.current().availableBytes();
    MemoryNeed.ofDvae(asked).check(available);
    MemoryNeed.ofTransformer(asked).check(available);
    Device device = options.device().open(asked.threads());
    Progress progress = Terminal.progress();
    try (AutoCloseable _ = folder.lock()) {
      try (CaptionedPictures data = DataSets.open(asked.data(), asked.dvae().model().imageSize(), asked.threads(), progress)) {
        Run.checkHeldOut(data);
        Manifest manifest = settle(folder, device, started);
        Run.Result result = new Run(folder, manifest.config(), device, data, progress).all();
        double seconds = (System.currentTimeMillis() - started) / 1e3;
        new ReportFiles(folder.report(), folder.metrics()).write(RunReport.of(manifest, result, seconds));
        PrintWriter stdout = spec.commandLine().getOut();
        stdout.println("report   " + folder.report());
        stdout.println("metrics  " + folder.metrics());
      }
    }
    return 0;
  }

  /** What the options ask for; what decides a run is in its manifest, and options that contradict it are refused rather than ignored. */
  private RunConfig configuration(RunFolder folder) {
    Optional<Manifest> found = folder.readManifest();
    String has = found.flatMap(Manifest::budget).map(DurationText::format).orElse("none");
    if (found.isPresent() && budget.isPresent() && !DurationText.format(budget.get()).equals(has)) {
      throw new CommandException(folder.manifest() + " holds another run: its budget is " + has + ", asked for was " + DurationText.format(budget.get())
          + "; leave the option out to go on with it, or choose another folder with --out");
    }
    return options.in(folder);
  }

  /** The manifest of the run in the folder, made now if there is none; under the lock, because another process may have begun a run in the meantime. */
  private Manifest settle(RunFolder folder, Device device, long started) throws IOException {
    RunConfig config = configuration(folder);
    Optional<Manifest> found = folder.readManifest();
    if (found.isPresent()) {
      return found.get();
    }
    // A file says everything; it is fitted to a time only if one is given.
    Manifest made = options.fromFile() && budget.isEmpty() ? Manifest.of(config, Optional.empty(), List.of()) : fit(device, config, started);
    folder.writeManifest(made);
    return made;
  }

  private Manifest fit(Device device, RunConfig asked, long started) {
    Duration time = budget.orElse(DEFAULT_BUDGET);
    double gone = (System.currentTimeMillis() - started) / 1e3;
    double left = USED * time.toMillis() / 1e3 - gone;
    if (left < 20) {
      throw new ParameterException(spec.commandLine(), String.format(java.util.Locale.ROOT,
          "--budget %s: building and reading the data took %.0f s, too little is left to train; take %s or more", DurationText.format(time), gone,
          DurationText.format(Duration.ofSeconds(Math.round((gone + 60) / USED)))));
    }
    List<RunPresets.Candidate> candidates = options.given() ? List.of(new RunPresets.Candidate(asked, 1, 1))
        : RunPresets.candidates().stream()
            .map(c -> new RunPresets.Candidate(c.run().with(asked.seed(), asked.threads()).with(asked.data()), c.dvaeSteps(), c.transformerSteps())).toList();
    PrintWriter err = spec.commandLine().getErr();
    Calibration calibration = new Calibration(device);
    err.println("measuring how fast this machine trains");
    RunConfig run = calibration.fit(candidates, Duration.ofMillis((long) (left * 1e3)));
    calibration.notes().forEach(note -> err.println("  " + note));
    return Manifest.of(run, Optional.of(time), calibration.notes());
  }
}
