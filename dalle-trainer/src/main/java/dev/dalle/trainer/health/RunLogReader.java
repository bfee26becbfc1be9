package dev.dalle.trainer.health;

import dev.dalle.dvae.DvaeConfig;
import dev.dalle.tokenizer.BpeTokenizer;
import dev.dalle.trainer.config.ConfigException;
import dev.dalle.trainer.health.RunLog.Damage;
import dev.dalle.trainer.health.RunLog.Models;
import dev.dalle.trainer.report.ReportFiles;
import dev.dalle.trainer.run.Checkpoint;
import dev.dalle.trainer.run.Checkpoint.Standing;
import dev.dalle.trainer.run.ModelFiles;
import dev.dalle.trainer.run.RunConfig;
import dev.dalle.trainer.run.RunFolder;
import dev.dalle.trainer.run.TrainedWith;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads a run's folder for {@link RunLog}. Used once. */
final class RunLogReader {
  private final RunFolder folder;
  private final List<Damage> damages = new ArrayList<>();

  RunLogReader(RunFolder folder) {
    this.folder = folder;
  }

  /** Something in a file. */
  @FunctionalInterface
  private interface Reading<T> {
    T read() throws IOException;
  }

  /** What is in a file; nothing if it cannot be read, which is kept among the damages. */
  private <T> Optional<T> tried(Path file, String remedy, Reading<T> reading) {
    try {
      return Optional.of(reading.read());
    } catch (NoSuchFileException e) {
      damages.add(new Damage(file, "is missing", remedy));
    } catch (IOException | ConfigException e) {
      damages.add(new Damage(file, e.getMessage(), remedy));
    }
    return Optional.empty();
  }

  RunLog read() throws IOException {
    Path path = folder.path();
    if (!Files.isDirectory(path)) {
      throw new ConfigException(path + (Files.exists(path) ? ": is not a folder" : ": no such folder") + "; name the folder of a run, such as runs/demo");
    }
    RunConfig config = folder.readManifest().orElseThrow(() -> new ConfigException(folder.manifest() + " is missing, so " + path
        + " holds no run; name the folder that was given to dalle demo or dalle train with --out")).config();
    StageLog dvae = new StageLog("stage one", "dvae", "stepSizeStart", config.dvae().stepSizeStart(), config.dvae().steps(), standing("dvae"));
    StageLog transformer = new StageLog("stage two", "transformer", "stepSize", config.transformer().stepSize(), config.transformer().steps(),
        standing("transformer"));
    for (StageLog stage : List.of(dvae, transformer)) {
      stage.standing().flatMap(Standing::tensors).ifPresent(tensors -> tried(tensors, "remove " + Checkpoint.index(path, stage.key())
          + " to begin the stage again", () -> ModelFiles.tensorCount(tensors)));
    }
    Optional<DvaeConfig> codes = dvae.finished() || Files.exists(folder.dvae())
        ? tried(folder.dvae(), again("dvae"), () -> ModelFiles.readDvaeConfig(folder.dvae())) : Optional.empty();
    boolean weights = transformer.finished()
        && tried(folder.transformer(), again("transformer"), () -> ModelFiles.readTransformerConfig(folder.transformer())).isPresent();
    Optional<BpeTokenizer> vocabulary = transformer.standing().isPresent()
        ? tried(folder.tokenizer(), "put it back; the transformer knows no other tokens", () -> BpeTokenizer.load(folder.tokenizer())) : Optional.empty();
    Map<String, Double> metrics = !Files.exists(folder.metrics()) ? Map.of()
        : tried(folder.metrics(), "dalle demo --out " + path + " writes it again", () -> ReportFiles.in(path).readMetrics()).orElse(Map.of());
    return new RunLog(folder, config, folder.busy(), dvae, transformer, metrics, damages, models(config, transformer, codes, vocabulary, weights));
  }

  private Optional<Standing> standing(String stage) {
    Path index = Checkpoint.index(folder.path(), stage);
    return tried(index, "put the file back from a copy, or remove it; without its index a stage begins again", () -> Checkpoint.standing(folder.path(), stage))
        .flatMap(found -> found);
  }

  private static String again(String stage) {
    return "put it back, or remove " + stage + ".checkpoint.json to train the stage again";
  }

  private Models models(RunConfig config, StageLog transformer, Optional<DvaeConfig> codes, Optional<BpeTokenizer> vocabulary, boolean weights) {
    List<String> strangers = new ArrayList<>();
    codes.filter(found -> !found.equals(config.dvae().model())).ifPresent(found -> strangers.add(folder.dvae()
        + " is the dVAE of another configuration than the manifest's"));
    Optional<TrainedWith> trainedWith = transformer.standing().flatMap(Standing::trainedWith);
    Optional<TrainedWith> ofWeights = weights ? tried(folder.transformer(), again("transformer"), () -> TrainedWith.read(folder.transformer()))
        .flatMap(found -> found) : Optional.empty();
    if (codes.isPresent() && vocabulary.isPresent()) {
      // Of weights that were put here from elsewhere only they themselves tell.
      ofWeights.or(() -> trainedWith).flatMap(this::difference).ifPresent(difference -> strangers.add(
          (ofWeights.isPresent() ? folder.transformer().toString() : "stage two") + " was trained with " + difference));
    }
    return new Models(ofWeights.isPresent() || trainedWith.isPresent(), strangers);
  }

  private Optional<String> difference(TrainedWith trainedWith) {
    return tried(folder.dvae(), again("dvae"), () -> trainedWith.difference(folder.dvae(), folder.tokenizer(),
        TrainedWith.of(folder.dvae(), folder.tokenizer()))).flatMap(found -> found);
  }
}
