package dev.dalle.trainer.experiment;

import dev.dalle.tensor.Device;
import dev.dalle.trainer.config.Presets;
import dev.dalle.trainer.data.CaptionedPictures;
import dev.dalle.trainer.progress.Progress;
import dev.dalle.trainer.report.ReportFiles;
import dev.dalle.trainer.run.DvaeStageConfig;
import dev.dalle.trainer.run.RunPresets;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** The experiments on dVAEs, from pictures to a report. */
public final class DvaeClaims {
  private static final double LAST_TEMPERATURE = 1.0 / 16;

  private DvaeClaims() {}

  /**
   * Stage one of each preset of {@link RunPresets} with the paper's last temperature: what the paper says, with the starting values and the falling beta of short
   * runs.
   */
  public static Presets<DvaeStageConfig> presets() {
    Map<String, DvaeStageConfig> stages = new LinkedHashMap<>();
    RunPresets.all().byName().forEach((name, run) -> stages.put(name, run.dvae().withTemperature(run.dvae().temperatureStart(), LAST_TEMPERATURE, Optional.empty())));
    return new Presets<>("dVAE", stages);
  }

  /**
   * Trains what is not in the folder yet, then writes {@code report.html} and {@code metrics.json} there.
   *
   * @param claims which, at least one; trainings that several need are made once
   * @param paper how the arm is trained that is as the paper says
   * @param seeds trainings of each arm, at least 1
   * @param threads that the device computes with, part of what a training is a function of
   * @param folder made if missing
   * @return the two files
   * @throws IOException if a file cannot be written; trainings that are over stay
   * @throws IllegalArgumentException if the data set has no pictures to train on, or fewer than two to measure on
   * @throws dev.dalle.trainer.config.ConfigException if the folder holds trainings of another configuration
   */
  public static ReportFiles run(List<DvaeClaim> claims, DvaeStageConfig paper, int seeds, CaptionedPictures data, Device device, int threads, Path folder,
      Progress progress) throws IOException {
    if (claims.isEmpty()) {
      throw new IllegalArgumentException("claims: expected at least one, got none");
    }
    int training = data.split().training().length;
    int heldOut = data.split().heldOut().length;
    if (training == 0 || heldOut < 2) {
      throw new IllegalArgumentException("data set " + data.name() + ": expected pictures to train on and at least 2 to measure on, found " + training + " and "
          + heldOut);
    }
    List<DvaeClaim> ordered = claims.stream().distinct().sorted().toList();
    List<DvaeArm> arms = Stream.concat(Stream.of(DvaeArm.PAPER), ordered.stream().flatMap(claim -> claim.others().stream())).toList();
    List<DvaeArmRun> runs = new DvaeExperiment(paper, data, device, threads, folder, progress).run(arms, seeds);
    ReportFiles files = ReportFiles.in(folder);
    files.write(new DvaeClaimsReport(ordered, paper, seeds, runs).report());
    return files;
  }
}
