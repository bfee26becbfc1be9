package dev.dalle.trainer.cli;

import dev.dalle.tensor.Device;
import dev.dalle.trainer.data.CaptionedPictures;
import dev.dalle.trainer.data.DataSets;
import dev.dalle.trainer.experiment.GradientScaling;
import dev.dalle.trainer.progress.Progress;
import dev.dalle.trainer.report.ReportFiles;
import dev.dalle.trainer.run.DataConfig;
import dev.dalle.trainer.run.RunFolder;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code dalle experiment gradient-scaling}. */
@Command(
    name = "gradient-scaling",
    description = {
      "Train a deep, narrow transformer in 32 bits, in fp16 under one gradient scale, and in fp16 under a scale for each resblock with 32-bit and with 16-bit "
          + "moments; show what of the gradients is lost by depth, and the losses.",
      "A run that is over is not made again: stopped, the experiment goes on with the same command, and more --seeds may be added later."
    },
    footer = {"", "Example:", "  dalle experiment gradient-scaling --out runs/scaling --seeds 1"})
final class GradientScalingCommand implements Callable<Integer> {
  private static final int SIDE = 64;
  private static final int HEAD = 32;

  @Spec private CommandSpec spec;
  @Mixin private DataOptions data;
  @Mixin private DeviceOption device;
  @Mixin private ThreadsOption threads;
  @Mixin private JsonOption json;

  @Option(names = "--out", paramLabel = "DIR", defaultValue = "runs/gradient-scaling", description = "Folder of runs and report (default ${DEFAULT-VALUE}).")
  private Path out;

  @Option(names = "--layers", paramLabel = "N", description = "Layers, each of two resblocks (default ${DEFAULT-VALUE}).")
  private int layers = GradientScaling.Choice.USUAL.layers();

  @Option(names = "--width", paramLabel = "N", description = "Width of the stream, a multiple of 32 (default ${DEFAULT-VALUE}).")
  private int width = GradientScaling.Choice.USUAL.width();

  @Option(names = "--gain", paramLabel = "X", description = "Starting weights have a deviation of this over the root of their fan-in (default ${DEFAULT-VALUE}).")
  private double gain = GradientScaling.Choice.USUAL.gain();

  @Option(names = "--steps", paramLabel = "N", description = "Updates of each run (default ${DEFAULT-VALUE}).")
  private int steps = GradientScaling.Choice.USUAL.steps();

  @Option(names = "--batch", paramLabel = "N", description = "Examples an update (default ${DEFAULT-VALUE}).")
  private int batch = GradientScaling.Choice.USUAL.batchSize();

  @Option(names = "--step-size", paramLabel = "X", description = "Greatest step size (default ${DEFAULT-VALUE}).")
  private double stepSize = GradientScaling.Choice.USUAL.stepSize();

  @Option(names = "--seeds", paramLabel = "N", description = "Runs of each kind (default ${DEFAULT-VALUE}).")
  private int seeds = GradientScaling.Choice.USUAL.seeds();

  @Option(names = "--replicas", paramLabel = "N", description = "Replicas that an update is thought to be spread over, a power of two: the loss is divided by the "
      + "overall batch size, which contains them (default ${DEFAULT-VALUE}). The paper's are 1024, which cost a model as small as this one no loss.")
  private int replicas = GradientScaling.Choice.USUAL.replicas();

  @Override
  public Integer call() throws Exception {
    GradientScaling.Choice choice = choice();
    device.check();
    RunFolder folder = new RunFolder(out);
    Device opened = device.open(threads.orAllProcessors());
    Progress progress = Terminal.progress();
    try (AutoCloseable _ = folder.lock(); CaptionedPictures pictures = DataSets.open(data.over(DataConfig.emoji()), SIDE, threads.orAllProcessors(), progress)) {
      ReportFiles files = GradientScaling.run(choice, pictures, opened, out, progress);
      PrintWriter printer = spec.commandLine().getOut();
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

  private GradientScaling.Choice choice() {
    requires(layers >= 1 && layers <= 1000, "--layers: expected 1 to 1000, got " + layers);
    requires(width >= HEAD && width % HEAD == 0 && width <= 4096, "--width: expected a multiple of " + HEAD + " up to 4096, got " + width);
    requires(gain > 0 && Double.isFinite(gain), "--gain: expected a positive number, got " + gain);
    requires(steps >= 10, "--steps: expected 10 or more, got " + steps);
    requires(batch >= 1, "--batch: expected 1 or more, got " + batch);
    requires(stepSize > 0 && Double.isFinite(stepSize), "--step-size: expected a positive number, got " + stepSize);
    requires(seeds >= 1, "--seeds: expected 1 or more, got " + seeds);
    requires(Integer.bitCount(replicas) == 1 && replicas > 0, "--replicas: expected a power of two, got " + replicas);
    return new GradientScaling.Choice(layers, width, gain, steps, batch, stepSize, seeds, replicas);
  }

  private void requires(boolean right, String message) {
    if (!right) {
      throw new ParameterException(spec.commandLine(), message);
    }
  }
}
