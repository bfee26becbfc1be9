package dev.dalle.trainer.cli;

import dev.dalle.tensor.Device;
import dev.dalle.trainer.config.DurationText;
import dev.dalle.trainer.data.CaptionedPictures;
import dev.dalle.trainer.data.DataSets;
import dev.dalle.trainer.progress.Progress;
import dev.dalle.trainer.report.ReportFiles;
import dev.dalle.trainer.run.Manifest;
import dev.dalle.trainer.run.RunConfig;
import dev.dalle.trainer.run.RunFolder;
import dev.dalle.trainer.run.RunPresets;
import dev.dalle.trainer.stage.Calibration;
import dev.dalle.trainer.stage.Run;
import dev.dalle.trainer.stage.RunReport;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code dalle demo}: the whole chain on the emoji drawings, fitted to a time. */
@Command(
    name = "demo",
    description = {"Train tokenizer, dVAE and transformer on emoji drawings, draw pictures for held-out captions and write a report.",
        "A folder with a manifest is run from it: an interrupted run goes on, a finished one only writes its report again."})
final class DemoCommand implements Callable<Integer> {
  private static final Duration DEFAULT_BUDGET = Duration.ofMinutes(15);
  /** Share of the budget that training is fitted into; the rest is for a machine that gets slower. */
  private static final double USED = 0.88;

  @Spec private CommandSpec spec;

  @Option(names = "--out", paramLabel = "DIR", description = "Folder of the run (default: ${DEFAULT-VALUE}).", defaultValue = "runs/demo")
  private Path out;

  @Option(names = "--budget", paramLabel = "TIME", description = "Time for everything, such as 15m or 2h (default: 15m).")
  private Optional<Duration> budget = Optional.empty();

  @Option(names = "--preset", paramLabel = "NAME", description = "Take this preset instead of the largest that fits the budget.")
  private Optional<String> preset = Optional.empty();

  @Option(names = "--seed", paramLabel = "N", description = "Seed of all random numbers (default: 1).")
  private Optional<Long> seed = Optional.empty();

  @Option(names = "--threads", paramLabel = "N", description = "Threads that compute (default: all cores).")
  private Optional<Integer> threads = Optional.empty();

  @Override
  public Integer call() throws Exception {
    long started = Long.getLong("dalle.started", System.currentTimeMillis());
    PrintWriter err = spec.commandLine().getErr();
    Progress progress = Terminal.progress();
    RunFolder folder = new RunFolder(out);
    try (AutoCloseable _ = folder.lock()) {
      Optional<Manifest> found = folder.readManifest();
      found.ifPresent(this::checkOptions);
      RunConfig first = found.map(Manifest::config).orElseGet(this::firstChoice);
      Device device = Device.cpu(first.threads());
      try (CaptionedPictures data = DataSets.open(first.data(), first.dvae().model().imageSize(), first.threads(), progress)) {
        Manifest manifest = found.isPresent() ? found.get() : fit(device, first, started, err);
        if (found.isEmpty()) {
          folder.writeManifest(manifest);
        }
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

  /** What decides a run is in its manifest; options that contradict it are refused rather than ignored. */
  private void checkOptions(Manifest manifest) {
    check("--budget", budget.map(DurationText::format), manifest.budget().map(DurationText::format).orElse("none"));
    check("--preset", preset, manifest.config().preset());
    check("--seed", seed.map(String::valueOf), Long.toString(manifest.config().seed()));
    check("--threads", threads.map(String::valueOf), Integer.toString(manifest.config().threads()));
  }

  private void check(String option, Optional<String> asked, String has) {
    if (asked.isPresent() && !asked.get().equals(has)) {
      throw new ParameterException(spec.commandLine(), option + " " + asked.get() + ": " + out + " holds a run with " + has
          + "; leave the option out to go on with it, or choose another folder with --out");
    }
  }

  private RunConfig firstChoice() {
    RunConfig base = preset.map(RunPresets.all()::get).orElseGet(RunPresets::emojiSmall);
    return base.with(seed.orElse(1L), threads.orElse(Runtime.getRuntime().availableProcessors()));
  }

  private Manifest fit(Device device, RunConfig first, long started, PrintWriter err) {
    Duration time = budget.orElse(DEFAULT_BUDGET);
    double gone = (System.currentTimeMillis() - started) / 1e3;
    double left = USED * time.toMillis() / 1e3 - gone;
    if (left < 20) {
      throw new ParameterException(spec.commandLine(), String.format(java.util.Locale.ROOT,
          "--budget %s: building and reading the data took %.0f s, too little is left to train; take %s or more", DurationText.format(time), gone,
          DurationText.format(Duration.ofSeconds(Math.round((gone + 60) / USED)))));
    }
    List<RunPresets.Candidate> candidates = preset.isPresent() ? List.of(new RunPresets.Candidate(first, 1, 1))
        : RunPresets.candidates().stream()
            .map(c -> new RunPresets.Candidate(c.run().with(first.seed(), first.threads()), c.dvaeSteps(), c.transformerSteps())).toList();
    Calibration calibration = new Calibration(device);
    err.println("measuring how fast this machine trains");
    RunConfig run = calibration.fit(candidates, Duration.ofMillis((long) (left * 1e3)));
    calibration.notes().forEach(note -> err.println("  " + note));
    return Manifest.of(run, Optional.of(time), calibration.notes());
  }
}
