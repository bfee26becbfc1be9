package dev.dalle.trainer.run;

import dev.dalle.tensor.files.NamedTensor;
import dev.dalle.tensor.files.Safetensors;
import dev.dalle.tensor.files.SafetensorsFile;
import dev.dalle.trainer.config.ConfigException;
import dev.dalle.trainer.config.ConfigJson;
import dev.dalle.trainer.files.AtomicFiles;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Where a stage stands on disk: an index {@code STAGE.checkpoint.json} that names a safetensors file with every tensor of the training state. The tensors are
 * written first under a new name, then the index is replaced, then the older tensors go; whatever stops the process in between, the index names a
 * complete state.
 */
public final class Checkpoint {
  private static final String FORMAT = "dalle-checkpoint";
  private static final int VERSION = 1;

  /**
   * The index.
   *
   * @param format {@link #FORMAT}
   * @param version {@link #VERSION}
   * @param stage name
   * @param step updates made
   * @param finished whether the stage is over; there are no tensors then, the weights are in the stage's result
   * @param tensors name of the safetensors file beside it; none if finished
   * @param seconds that the stage has worked
   * @param config what the state belongs to, as JSON
   * @param trainedWith the files that the stage learns from; none in stage one and in files of older releases
   * @param curve losses so far
   */
  record Index(String format, int version, String stage, long step, boolean finished, Optional<String> tensors, double seconds, String config,
      Optional<TrainedWith> trainedWith, List<LossCurve.Point> curve) {}

  /**
   * What a stage has left in its folder, whatever configuration it belongs to.
   *
   * @param step updates made, those since the last checkpoint only if the stage failed
   * @param finished whether the stage is over
   * @param tensors the file of the training state; none if finished, or if the stage failed before the first checkpoint
   * @param trainedWith the files that the stage learns from, if recorded
   * @param failure why it could not go on, if it could not
   * @param curve losses
   */
  public record Standing(long step, boolean finished, Optional<Path> tensors, Optional<TrainedWith> trainedWith, Optional<String> failure,
      List<LossCurve.Point> curve) {}

  private final Path folder;
  private final String stage;
  private final Record config;
  private final Optional<TrainedWith> trainedWith;

  /**
   * The checkpoint of a stage, there or not.
   *
   * @param folder made if missing at the first save
   * @param config everything that decides the state; a checkpoint of another configuration is refused
   */
  public Checkpoint(Path folder, String stage, Record config) {
    this(folder, stage, config, Optional.empty());
  }

  /**
   * The checkpoint of a stage that learns from the dVAE and the vocabulary in its folder.
   *
   * @param folder made if missing at the first save
   * @param config everything else that decides the state; a checkpoint of another configuration is refused
   * @param trainedWith the two files as they are now; a checkpoint that was made with others is refused
   */
  public Checkpoint(Path folder, String stage, Record config, TrainedWith trainedWith) {
    this(folder, stage, config, Optional.of(trainedWith));
  }

  private Checkpoint(Path folder, String stage, Record config, Optional<TrainedWith> trainedWith) {
    this.folder = folder;
    this.stage = stage;
    this.config = config;
    this.trainedWith = trainedWith;
  }

  private Path index() {
    return index(folder, stage);
  }

  /** Where the stage leaves its files. */
  public Path folder() {
    return folder;
  }

  /** Where the index of a stage lies. */
  public static Path index(Path folder, String stage) {
    return folder.resolve(stage + ".checkpoint.json");
  }

  /**
   * Looks at a stage without its configuration.
   *
   * @return nothing if the stage has not begun, or was stopped before its first checkpoint
   * @throws ConfigException if the index or the failure is damaged or of another version
   */
  public static Optional<Standing> standing(Path folder, String stage) {
    Optional<Index> index = readIndex(index(folder, stage));
    Optional<StageFailure> failure = StageFailure.read(folder, stage);
    if (failure.isPresent()) {
      return Optional.of(new Standing(failure.get().step(), false, index.flatMap(Index::tensors).map(folder::resolve), index.flatMap(Index::trainedWith),
          Optional.of(failure.get().found()), failure.get().curve()));
    }
    return index.map(found -> new Standing(found.step(), found.finished(), found.tensors().map(folder::resolve), found.trainedWith(), Optional.empty(),
        found.curve()));
  }

  /**
   * Goes on from the state that was saved last. Everything is checked before anything is changed.
   *
   * @param training untouched if nothing was saved, or if it does not fit
   * @return updates made, 0 if nothing was saved
   * @throws IOException if files are missing or damaged, or have a state that cannot be gone on from
   * @throws ConfigException if the checkpoint belongs to another configuration, version, dVAE or vocabulary; the message shows the first difference
   */
  public long restore(Resumable training, LossCurve curve, StageClock clock) throws IOException {
    Optional<Index> found = read();
    if (found.isEmpty()) {
      return 0;
    }
    Index index = found.get();
    String tensors = index.tensors().orElseThrow(() -> new ConfigException(index() + ": the stage is finished and has no state to go on from; "
        + "its weights are beside it"));
    try (SafetensorsFile file = SafetensorsFile.open(folder.resolve(tensors))) {
      training.checkStored(file);
      Safetensors.read(file, "", training.state());
    }
    training.restored();
    curve.restore(index.curve());
    clock.resumeFrom(index.seconds());
    return index.step();
  }

  /** Whether the stage is over, and its curve if it is. Fails like {@link #restore}. */
  public Optional<Finished> finished() {
    return read().filter(Index::finished).map(index -> new Finished(index.curve(), index.seconds()));
  }

  /**
   * A stage that is over.
   *
   * @param curve its losses
   * @param seconds it took
   */
  public record Finished(List<LossCurve.Point> curve, double seconds) {}

  private static Optional<Index> readIndex(Path file) {
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    Index index = ConfigJson.read(file, Index.class);
    checkFormat(file, FORMAT, VERSION, index.format(), index.version());
    return Optional.of(index);
  }

  static void checkFormat(Path file, String expected, int expectedVersion, String format, int version) {
    if (!format.equals(expected) || version != expectedVersion) {
      throw new ConfigException(file + ": expected format " + expected + " version " + expectedVersion + ", found " + format + " version " + version
          + "; use the release that wrote it, or start in another folder");
    }
  }

  private Optional<Index> read() {
    Optional<Index> found = readIndex(index());
    if (found.isEmpty()) {
      return found;
    }
    Index index = found.get();
    String now = ConfigJson.write(config);
    String saved = inTodaysKeys(index.config());
    if (!saved.equals(now)) {
      throw new ConfigException(index() + ": the checkpoint belongs to another configuration (" + difference(saved, now)
          + "); start in another folder, or remove the stage's files to train it again");
    }
    checkTrainedWith(index);
    return found;
  }

  /** A saved configuration with the keys that have come since; as it stands if it has others. */
  private String inTodaysKeys(String saved) {
    try {
      return ConfigJson.write(ConfigJson.parse(saved, index().toString(), config.getClass()));
    } catch (ConfigException e) {
      return saved;
    }
  }

  private void checkTrainedWith(Index index) {
    RunFolder run = new RunFolder(folder);
    trainedWith.flatMap(now -> index.trainedWith().flatMap(then -> then.difference(run.dvae(), run.tokenizer(), now))).ifPresent(difference -> {
      throw new ConfigException(index() + ": the stage was trained with " + difference + "; put the file back, or remove the stage's files to train it again");
    });
  }

  /** The first line that is not the same in both. */
  private static String difference(String saved, String now) {
    List<String> before = saved.lines().toList();
    List<String> after = now.lines().toList();
    for (int i = 0; i < Math.min(before.size(), after.size()); i++) {
      if (!before.get(i).equals(after.get(i))) {
        return "it has " + before.get(i).strip().replaceAll(",$", "") + ", this run has " + after.get(i).strip().replaceAll(",$", "");
      }
    }
    return "one of them has more fields";
  }

  /**
   * Saves the state after so many updates, as a whole or not at all. Waits for the device.
   *
   * @throws IOException if it cannot be written; the state saved before stays
   */
  public void save(long step, List<NamedTensor> state, LossCurve curve, StageClock clock) throws IOException {
    Files.createDirectories(folder);
    String name = stage + ".checkpoint-" + step + ".safetensors";
    Safetensors.write(folder.resolve(name), state, Map.of("format", FORMAT, "version", Integer.toString(VERSION), "stage", stage));
    write(new Index(FORMAT, VERSION, stage, step, false, Optional.of(name), clock.seconds(), ConfigJson.write(config), trainedWith, curve.points()));
    removeTensors(name);
  }

  /** Marks the stage as over and removes the tensors of its last checkpoint. Called after its result was written. */
  public void finish(long step, LossCurve curve, StageClock clock) throws IOException {
    Files.createDirectories(folder);
    write(new Index(FORMAT, VERSION, stage, step, true, Optional.empty(), clock.seconds(), ConfigJson.write(config), trainedWith, curve.points()));
    removeTensors("");
  }

  /**
   * Leaves word of why the stage could not go on, for those who look into the folder; the next checkpoint removes it.
   *
   * @param step update at which it ended
   * @param found why, in words
   */
  public void fail(long step, String found, LossCurve curve) throws IOException {
    StageFailure.of(stage, step, found, curve.points()).write(folder);
  }

  private void write(Index index) throws IOException {
    AtomicFiles.writeString(index(), ConfigJson.write(index));
    StageFailure.remove(folder, stage);
  }

  private void removeTensors(String except) throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, stage + ".checkpoint-*.safetensors")) {
      for (Path file : files) {
        if (!file.getFileName().toString().equals(except)) {
          Files.delete(file);
        }
      }
    }
  }
}
