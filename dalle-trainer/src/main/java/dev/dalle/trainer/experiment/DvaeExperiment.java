package dev.dalle.trainer.experiment;

import dev.dalle.dvae.Dvae;
import dev.dalle.dvae.ImageTokens;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Scope;
import dev.dalle.trainer.config.ConfigJson;
import dev.dalle.trainer.data.CaptionedPictures;
import dev.dalle.trainer.files.AtomicFiles;
import dev.dalle.trainer.progress.Progress;
import dev.dalle.trainer.run.Checkpoint;
import dev.dalle.trainer.run.DvaeStageConfig;
import dev.dalle.trainer.run.LossCurve;
import dev.dalle.trainer.run.ModelFiles;
import dev.dalle.trainer.stage.DvaeBound;
import dev.dalle.trainer.stage.DvaeQuality;
import dev.dalle.trainer.stage.DvaeStage;
import dev.dalle.trainer.stage.HeldOut;
import dev.dalle.trainer.stage.TrainingException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Trains the arms of an experiment on dVAEs, each in a folder of its own. One that is over leaves a file and is not trained again; one that was interrupted goes
 * on from its last checkpoint.
 */
final class DvaeExperiment {
  private static final int MEASURED = 512;
  private static final int BATCH = 32;
  /** The same pictures for every seed: seeds differ in what was trained, not in what it is measured on. */
  private static final long CHOICE = 1;

  private final DvaeStageConfig paper;
  private final CaptionedPictures data;
  private final Device device;
  private final int threads;
  private final Path folder;
  private final Progress progress;

  DvaeExperiment(DvaeStageConfig paper, CaptionedPictures data, Device device, int threads, Path folder, Progress progress) {
    this.paper = paper;
    this.data = data;
    this.device = device;
    this.threads = threads;
    this.folder = folder;
    this.progress = progress;
  }

  /** What a training's state is a function of. */
  private record Identity(long seed, int threads, String data, DvaeStageConfig dvae) {}

  /**
   * Trains what is not there yet.
   *
   * @return all, seed after seed
   * @throws IOException if a file cannot be written; what is over stays
   * @throws dev.dalle.trainer.config.ConfigException if the folder holds trainings of another configuration
   */
  List<DvaeArmRun> run(List<DvaeArm> arms, int seeds) throws IOException {
    List<DvaeArmRun> runs = new ArrayList<>();
    for (long seed = 1; seed <= seeds; seed++) {
      for (DvaeArm arm : arms) {
        Path file = folder.resolve(arm.key() + "-" + seed + ".json");
        Optional<DvaeArmRun> found = read(file, arm, seed);
        if (found.isEmpty()) {
          DvaeArmRun run = train(arm, seed);
          AtomicFiles.writeString(file, ConfigJson.write(run));
          found = Optional.of(run);
        }
        runs.add(found.get());
      }
    }
    return runs;
  }

  private Optional<DvaeArmRun> read(Path file, DvaeArm arm, long seed) {
    Optional<DvaeArmRun> found = StoredRuns.read(file, DvaeArmRun.class, DvaeArmRun.FORMAT, DvaeArmRun.VERSION);
    found.ifPresent(run -> StoredRuns.require(file, new Identity(run.seed(), run.threads(), run.data(), run.config()),
        new Identity(seed, threads, data.name(), arm.of(paper))));
    return found;
  }

  private DvaeArmRun train(DvaeArm arm, long seed) throws IOException {
    DvaeStageConfig config = arm.of(paper);
    Path own = Files.createDirectories(folder.resolve(arm.key() + "-" + seed));
    Path weights = own.resolve("dvae.safetensors");
    Checkpoint checkpoint = new Checkpoint(own, "dvae", new Identity(seed, threads, data.name(), config));
    if (checkpoint.finished().isEmpty()) {
      Progress named = (stage, done, total) -> progress.stage(arm.title() + ", seed " + seed, done, total);
      try {
        new DvaeStage(config, seed, device).run(data, checkpoint, weights, named);
      } catch (TrainingException e) {
        return failed(arm, seed, config, own, e);
      }
    }
    Checkpoint.Finished finished = checkpoint.finished().orElseThrow();
    return run(arm, seed, config, finished.curve(), Optional.of(measure(weights, config)), Optional.empty(), finished.seconds());
  }

  /** That a training diverges is a result. */
  private DvaeArmRun failed(DvaeArm arm, long seed, DvaeStageConfig config, Path own, TrainingException e) {
    List<LossCurve.Point> curve = Checkpoint.standing(own, "dvae").map(Checkpoint.Standing::curve).orElse(List.of());
    return run(arm, seed, config, curve, Optional.empty(), Optional.of(e.getMessage()), 0);
  }

  private DvaeArmRun run(DvaeArm arm, long seed, DvaeStageConfig config, List<LossCurve.Point> curve, Optional<DvaeArmRun.Outcome> outcome,
      Optional<String> failure, double seconds) {
    return new DvaeArmRun(DvaeArmRun.FORMAT, DvaeArmRun.VERSION, arm.key(), seed, threads, data.name(), config, curve, outcome, failure, seconds);
  }

  private DvaeArmRun.Outcome measure(Path weights, DvaeStageConfig config) throws IOException {
    int[] indices = HeldOut.choice(data.split(), CHOICE, MEASURED);
    try (Scope scope = device.newScope()) {
      Dvae dvae = ModelFiles.readDvae(weights, scope);
      DvaeBound bound = DvaeBound.measure(device, dvae, config.compute().dtype(), BATCH, config.temperature().at(config.steps()), CHOICE, data, indices);
      DvaeQuality quality = DvaeQuality.measure(device, new ImageTokens(dvae, config.compute().dtype(), BATCH), config.model().vocabulary(), data, indices,
          config.model().imageSize(), 0);
      return new DvaeArmRun.Outcome(indices.length, bound.relaxed(), bound.drawn(), bound.mostProbable(), quality.psnr(), quality.use().perplexity(),
          quality.use().used());
    }
  }
}
