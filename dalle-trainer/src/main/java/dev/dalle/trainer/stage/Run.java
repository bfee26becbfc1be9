package dev.dalle.trainer.stage;

import dev.dalle.attention.SamplingOptions;
import dev.dalle.attention.Transformer;
import dev.dalle.dvae.Dvae;
import dev.dalle.dvae.ImageTokens;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Scope;
import dev.dalle.tokenizer.BpeTokenizer;
import dev.dalle.tokenizer.BpeTrainer;
import dev.dalle.trainer.config.ConfigException;
import dev.dalle.trainer.data.CaptionedPictures;
import dev.dalle.trainer.data.FittedPicture;
import dev.dalle.trainer.data.Split;
import dev.dalle.trainer.picture.Picture;
import dev.dalle.trainer.progress.Progress;
import dev.dalle.trainer.run.Checkpoint;
import dev.dalle.trainer.run.LossCurve;
import dev.dalle.trainer.run.Compute;
import dev.dalle.trainer.run.ModelFiles;
import dev.dalle.trainer.run.RunConfig;
import dev.dalle.trainer.run.RunFolder;
import dev.dalle.trainer.run.TrainedWith;
import dev.dalle.trainer.shards.ShardPart;
import dev.dalle.trainer.shards.TokenShards;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A whole run in its folder, stage after stage. Each stage leaves a file; what is there already is not done again, and a stage that was interrupted goes on
 * from its last checkpoint.
 */
public final class Run {
  /** Pictures that go through a network at a time where nothing is recorded. */
  private static final int BATCH = 32;

  private final RunFolder folder;
  private final RunConfig config;
  private final Device device;
  private final Progress progress;
  private final CaptionedPictures data;

  /**
   * A run.
   *
   * @param data as the configuration says
   * @throws ConfigException if the device does not compute in the types of the configuration
   */
  public Run(RunFolder folder, RunConfig config, Device device, CaptionedPictures data, Progress progress) {
    this.folder = folder;
    this.config = config;
    this.device = device;
    this.data = data;
    this.progress = progress;
    checkCompute("dvae", config.dvae().compute());
    checkCompute("transformer", config.transformer().compute());
  }

  private void checkCompute(String stage, Compute compute) {
    if (!device.computesIn(compute.dtype())) {
      throw new ConfigException(stage + ".compute: the run computes in " + compute + ", which this processor does not; run it where it was made, or start"
          + " another in a new folder");
    }
  }

  /**
   * Fails if a data set is too small to measure anything on, which a run should not find out at its end.
   *
   * @throws ConfigException with what is missing
   */
  public static void checkHeldOut(CaptionedPictures data) {
    int held = data.split().heldOut().length;
    if (held < 2) {
      throw new ConfigException("data set " + data.name() + ": of its " + data.size() + " examples " + held + " are held out, and a run is measured on at"
          + " least 2; take at least 20 pictures, or train the stages alone with dalle train");
    }
  }

  /** Everything that a finished run has to show. */
  public record Result(List<LossCurve.Point> dvaeCurve, double dvaeSeconds, DvaeQuality dvae, DvaeBound bound, List<LossCurve.Point> transformerCurve,
      double transformerSeconds, TransformerQuality transformer, Optional<GradientLog.Content> gradients, List<Drawn> drawn, int vocabulary) {}

  /**
   * Pictures drawn for one caption.
   *
   * @param caption held out
   * @param truth the picture that belongs to it
   * @param pictures drawn
   */
  public record Drawn(String caption, Picture truth, List<Picture> pictures) {}

  /** All stages, then drawing and measuring. */
  public Result all() throws IOException {
    BpeTokenizer tokenizer = tokenizer();
    Checkpoint.Finished dvaeTraining = trainDvae();
    // Before an hour of work on tokens that the transformer was not trained on.
    TransformerStart start = transformerStart(Optional.empty());
    try (Scope scope = device.newScope()) {
      Dvae dvae = ModelFiles.readDvae(folder.dvae(), scope);
      ImageTokens tokens = new ImageTokens(dvae, config.dvae().compute().dtype(), BATCH);
      Split split = data.split();
      int side = dvae.config().imageSize();
      int[] measured = HeldOut.choice(split, config.seed(), config.drawing().measured());
      DvaeQuality dvaeQuality = DvaeQuality.measure(device, tokens, dvae.config().vocabulary(), data, measured, side,
          config.drawing().reconstructions());
      DvaeBound bound = DvaeBound.measure(device, dvae, config.dvae().compute().dtype(), BATCH, config.dvae().temperature().at(config.dvae().steps()),
          config.seed(), data, measured);
      int[][] trainingTokens = PictureTokens.encode("encode pictures", device, tokens, data, split.training(), side, progress);
      int[][] heldOutTokens = PictureTokens.encode("encode held-out pictures", device, tokens, data, measured, side, progress);
      TokenExamples training = examples(split.training(), trainingTokens, tokenizer);
      TokenExamples held = examples(measured, heldOutTokens, tokenizer);
      Checkpoint.Finished transformerTraining = trainTransformer(start, training);
      Transformer transformer = ModelFiles.readTransformer(folder.transformer(), scope);
      TransformerQuality quality = TransformerQuality.measure(device, transformer, config.transformer().compute().dtype(), held, training,
          config.drawing().measured(), BATCH);
      List<Drawn> drawn = draw(transformer, tokens, tokenizer, measured, side);
      return new Result(dvaeTraining.curve(), dvaeTraining.seconds(), dvaeQuality, bound,
          transformerTraining.curve(), transformerTraining.seconds(), quality, GradientLog.read(folder.path()), drawn, tokenizer.size());
    }
  }

  /** The tokenizer, trained on the captions of the training part if it is not there yet. */
  public BpeTokenizer tokenizer() throws IOException {
    if (Files.exists(folder.tokenizer())) {
      return BpeTokenizer.load(folder.tokenizer());
    }
    int[] training = data.split().training();
    BpeTokenizer tokenizer = new BpeTrainer(config.tokenizer().vocabularySize(), config.tokenizer().minFrequency())
        .train(Arrays.stream(training).mapToObj(index -> data.example(index).caption()));
    Files.createDirectories(folder.path());
    tokenizer.save(folder.tokenizer());
    return tokenizer;
  }

  /** Stage one, to its end. */
  public Checkpoint.Finished trainDvae() throws IOException {
    Checkpoint checkpoint = new Checkpoint(folder.path(), "dvae", RunIdentity.dvae(config));
    if (checkpoint.finished().isEmpty()) {
      new DvaeStage(config.dvae(), config.seed(), device).run(data, checkpoint, folder.dvae(), progress);
    }
    return done(checkpoint, "dvae", folder.dvae());
  }

  /** Stage two, to its end. The tokenizer is trained first if it is not there yet. */
  public Checkpoint.Finished trainTransformer() throws IOException {
    return trainTransformer(Optional.empty(), () -> {
      try (Scope scope = device.newScope()) {
        Dvae dvae = ModelFiles.readDvae(folder.dvae(), scope);
        ImageTokens tokens = new ImageTokens(dvae, config.dvae().compute().dtype(), BATCH);
        int[] training = data.split().training();
        return examples(training, PictureTokens.encode("encode pictures", device, tokens, data, training, dvae.config().imageSize(), progress), tokenizer());
      }
    });
  }

  /**
   * Stage two, to its end, on tokens that were made before. With shards of the run's own settings, without variations, the weights are those of
   * {@link #trainTransformer()}.
   *
   * @throws ConfigException if the shards are of another dVAE or data set than the run's
   */
  public Checkpoint.Finished trainTransformer(TokenShards shards) throws IOException {
    shards.checkMadeWith(folder.dvae(), config.dvae().model());
    shards.checkMadeFrom(data);
    return trainTransformer(Optional.of(shards.sha256()), () -> {
      TokenShards.Examples training = shards.read(ShardPart.TRAINING);
      return TokenExamples.of(training.captions(), training.tokens(), tokenizer(), config.transformer().model().textLength());
    });
  }

  /** Where examples come from; asked only if there is something to train. */
  @FunctionalInterface
  private interface ExampleSource {
    TokenExamples examples() throws IOException;
  }

  private Checkpoint.Finished trainTransformer(Optional<String> tokens, ExampleSource source) throws IOException {
    tokenizer();
    TransformerStart start = transformerStart(tokens);
    if (start.checkpoint().finished().isEmpty()) {
      return trainTransformer(start, source.examples());
    }
    return done(start.checkpoint(), "transformer", folder.transformer());
  }

  /** Where stage two stands, and what it learns from. */
  private record TransformerStart(Checkpoint checkpoint, TrainedWith trainedWith) {}

  /**
   * Where stage two stands.
   *
   * @param tokens identity of the token shards, if it learns from such
   * @throws ConfigException if its state or its weights were made with another dVAE or vocabulary than those in the folder
   */
  private TransformerStart transformerStart(Optional<String> tokens) throws IOException {
    TrainedWith trainedWith = TrainedWith.of(folder.dvae(), folder.tokenizer());
    Checkpoint checkpoint = new Checkpoint(folder.path(), "transformer", RunIdentity.transformer(config, tokens), trainedWith);
    if (checkpoint.finished().isPresent() && Files.exists(folder.transformer())) {
      TrainedWith.check(folder.transformer(), folder.dvae(), folder.tokenizer(), trainedWith);
    }
    return new TransformerStart(checkpoint, trainedWith);
  }

  private Checkpoint.Finished trainTransformer(TransformerStart start, TokenExamples training) throws IOException {
    if (start.checkpoint().finished().isEmpty()) {
      new TransformerStage(config.transformer(), config.seed(), device).run(training, start.checkpoint(), folder.transformer(), start.trainedWith(),
          progress);
    }
    return done(start.checkpoint(), "transformer", folder.transformer());
  }

  private static Checkpoint.Finished done(Checkpoint checkpoint, String stage, Path weights) throws IOException {
    Optional<Checkpoint.Finished> finished = checkpoint.finished();
    if (!Files.exists(weights)) {
      throw new IOException(weights + " is missing although the stage is over; put it back, or remove " + stage
          + ".checkpoint.json to train the stage again");
    }
    return finished.orElseThrow();
  }

  private TokenExamples examples(int[] indices, int[][] tokens, BpeTokenizer tokenizer) {
    List<String> captions = new ArrayList<>(indices.length);
    for (int index : indices) {
      captions.add(data.example(index).caption());
    }
    return TokenExamples.of(captions, tokens, tokenizer, config.transformer().model().textLength());
  }

  private List<Drawn> draw(Transformer transformer, ImageTokens tokens, BpeTokenizer tokenizer, int[] measured, int side) {
    int count = Math.min(config.drawing().captions(), measured.length);
    int each = config.drawing().picturesPerCaption();
    List<String> captions = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      captions.add(data.example(measured[i]).caption());
    }
    List<Picture> pictures = Drawing.draw(device, transformer, tokens, tokenizer, captions, each, config.transformer().compute().dtype(),
        SamplingOptions.paper(config.seed()).withTemperature(config.drawing().temperature()).withBatch(64), progress);
    List<Drawn> drawn = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      drawn.add(new Drawn(captions.get(i), FittedPicture.of(data, measured[i], side), pictures.subList(i * each, (i + 1) * each)));
    }
    return drawn;
  }
}
