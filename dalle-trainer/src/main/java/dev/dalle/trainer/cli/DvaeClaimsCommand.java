package dev.dalle.trainer.cli;

import dev.dalle.tensor.Device;
import dev.dalle.trainer.config.Closest;
import dev.dalle.trainer.config.ConfigJson;
import dev.dalle.trainer.data.CaptionedPictures;
import dev.dalle.trainer.data.DataSets;
import dev.dalle.trainer.experiment.DvaeClaim;
import dev.dalle.trainer.experiment.DvaeClaims;
import dev.dalle.trainer.progress.Progress;
import dev.dalle.trainer.report.ReportFiles;
import dev.dalle.trainer.run.DataConfig;
import dev.dalle.trainer.run.DvaeStageConfig;
import dev.dalle.trainer.run.RunFolder;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code dalle experiment dvae}. */
@Command(
    name = "dvae",
    description = {
      "Train a discrete VAE as the paper says and with one thing otherwise, and show the relaxed and the true bound, the use of the codes and the reconstructions.",
      "temperature: annealed to 1/16, or 1 throughout. beta: 6.6, 1 or 0. annealing: along a cosine or a line. kernel: 1 x 1 or 3 x 3 around the code. pooling: "
          + "max or average.",
      "A training that is over is not made again: stopped, the experiment goes on with the same command, and more claims and --seeds may be added later."
    },
    footer = {"", "Examples:", "  dalle experiment dvae --out runs/dvae", "  dalle experiment dvae temperature annealing --seeds 1 --steps 1000 --out runs/annealing"})
final class DvaeClaimsCommand implements Callable<Integer> {
  private static final String DEFAULT_PRESET = "emoji-tiny";
  private static final int DEFAULT_STEPS = 4000;

  @Spec private CommandSpec spec;
  @Mixin private ConfigOptions configs;
  @Mixin private ComputeOption compute;
  @Mixin private DataOptions data;
  @Mixin private DeviceOption device;
  @Mixin private ThreadsOption threads;
  @Mixin private JsonOption json;

  @Parameters(arity = "0..*", paramLabel = "CLAIM", description = "Which: ${COMPLETION-CANDIDATES}; all of them if none is named.",
      completionCandidates = ClaimNames.class)
  private List<String> claims = List.of();

  @Option(names = "--out", paramLabel = "DIR", defaultValue = "runs/experiment-dvae", description = "Folder of trainings and report (default ${DEFAULT-VALUE}).")
  private Path out;

  @Option(names = "--steps", paramLabel = "N", defaultValue = "" + DEFAULT_STEPS, description = "Updates of each training (default ${DEFAULT-VALUE}).")
  private int steps;

  @Option(names = "--seeds", paramLabel = "N", defaultValue = "3", description = "Trainings of each kind (default ${DEFAULT-VALUE}).")
  private int seeds;

  @Override
  public Integer call() throws Exception {
    requires(steps >= 20, "--steps: expected 20 or more, got " + steps);
    requires(seeds >= 1, "--seeds: expected 1 or more, got " + seeds);
    List<DvaeClaim> chosen = claims.isEmpty() ? List.of(DvaeClaim.values()) : claims.stream().map(this::claim).toList();
    PrintWriter printer = spec.commandLine().getOut();
    DvaeStageConfig paper = configs.resolve(DvaeClaims.presets(), DEFAULT_PRESET).withSteps(steps, Math.max(1, steps / 4)).withCompute(compute.compute());
    if (configs.print()) {
      printer.print(ConfigJson.write(paper));
      return 0;
    }
    device.check();
    RunFolder folder = new RunFolder(out);
    Device opened = device.open(threads.orAllProcessors());
    compute.on(opened);
    Progress progress = Terminal.progress();
    try (AutoCloseable _ = folder.lock();
        CaptionedPictures pictures = DataSets.open(data.over(DataConfig.emoji()), paper.model().imageSize(), threads.orAllProcessors(), progress)) {
      ReportFiles files = DvaeClaims.run(chosen, paper, seeds, pictures, opened, threads.orAllProcessors(), out,
          progress);
      if (json.json()) {
        Map<String, Object> result = new TreeMap<>(files.readMetrics());
        result.put("report", files.html().toString());
        printer.println(JsonText.of(result));
      } else {
        printer.println("report   " + files.html());
        printer.println("metrics  " + files.metrics());
      }
    }
    return 0;
  }

  private DvaeClaim claim(String name) {
    return Arrays.stream(DvaeClaim.values()).filter(claim -> ClaimNames.of(claim).equals(name)).findFirst()
        .orElseThrow(() -> new ParameterException(spec.commandLine(), "CLAIM: expected some of " + String.join(", ", new ClaimNames()) + ", got '" + name + "'"
            + Closest.to(name, new ClaimNames()).map(near -> "; did you mean '" + near + "'?").orElse("")));
  }

  /** Claims as they are named here: a word that is none would else be refused as one argument too many. */
  static final class ClaimNames implements Iterable<String> {
    static String of(DvaeClaim claim) {
      return claim.name().toLowerCase(Locale.ROOT);
    }

    @Override
    public Iterator<String> iterator() {
      return Arrays.stream(DvaeClaim.values()).map(ClaimNames::of).iterator();
    }
  }

  private void requires(boolean right, String message) {
    if (!right) {
      throw new ParameterException(spec.commandLine(), message);
    }
  }
}
