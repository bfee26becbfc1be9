package dev.dalle.trainer.experiment;

import dev.dalle.tensor.Device;
import dev.dalle.trainer.data.CaptionedPictures;
import dev.dalle.trainer.progress.Progress;
import dev.dalle.trainer.report.ReportFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** The experiment of gradient scales, from pictures to a report. */
public final class GradientScaling {
  private GradientScaling() {}

  /**
   * What may be chosen.
   *
   * @param layers of the transformer, each of two resblocks
   * @param width of its stream, a multiple of 32
   * @param gain of starting weights
   * @param steps updates of each run
   * @param batchSize examples an update
   * @param stepSize AdamW's greatest
   * @param seeds runs of each kind
   * @param replicas that an update is thought to be spread over, a power of two; the paper's are 1,024
   */
  public record Choice(int layers, int width, double gain, int steps, int batchSize, double stepSize, int seeds, int replicas) {
    /** What is recorded in docs/experiments. */
    public static final Choice USUAL = new Choice(24, 64, 0.5, 500, 16, 3e-3, 3, 131_072);
  }

  /**
   * Makes the runs that are not in the folder yet, then writes {@code report.html} and {@code metrics.json} there.
   *
   * @return the two files
   * @throws IOException if a file cannot be written; runs that are over stay
   * @throws dev.dalle.trainer.config.ConfigException if the folder holds runs of another choice
   */
  public static ReportFiles run(Choice choice, CaptionedPictures data, Device device, Path folder, Progress progress) throws IOException {
    GradientScalingConfig config = GradientScalingConfig.of(choice.layers(), choice.width(), choice.gain(), choice.steps(), choice.batchSize(), choice.stepSize(),
        choice.seeds(), choice.replicas());
    List<ScalingRun> runs = new GradientScalingExperiment(config, device, folder, progress).run(ExperimentTokens.of(data, config));
    ReportFiles files = ReportFiles.in(folder);
    files.write(new GradientScalingReport(config, runs).report());
    return files;
  }
}
