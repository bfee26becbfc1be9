package dev.dalle.trainer.cli;

import dev.dalle.attention.SamplingOptions;
import dev.dalle.tensor.Device;
import dev.dalle.trainer.run.Compute;
import dev.dalle.trainer.run.Manifest;
import dev.dalle.trainer.run.RunFolder;
import dev.dalle.trainer.run.TrainedWith;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What the commands that draw have in common: which models, where they compute, and how tokens are drawn. */
final class DrawingOptions {
  /** Options that decide the pictures, models aside. */
  static final List<String> DECIDING = List.of("--seed", "--count", "--temperature", "--top-k", "--top-p", "--guidance", "--compute", "--threads");

  @Spec(Spec.Target.MIXEE)
  private CommandSpec mixee;

  @Mixin private WeightsOption weights;
  @Mixin private DeviceOption device;
  @Mixin private ThreadsOption threads;
  @Mixin private ComputeOption compute;
  @Mixin private SeedOption seed;
  @Mixin private JsonOption json;

  @Option(names = "--dvae", paramLabel = "FILE", description = "The dVAE's weights, in place of the run's dvae.safetensors.")
  private Optional<Path> dvae = Optional.empty();

  @Option(names = "--vocab", paramLabel = "FILE", description = "The vocabulary, in place of the run's tokenizer.bpe.")
  private Optional<Path> tokenizer = Optional.empty();

  @Option(names = "--count", paramLabel = "N", defaultValue = "8", description = "Pictures of each caption (default ${DEFAULT-VALUE}).")
  private int count;

  @Option(
      names = "--temperature",
      paramLabel = "T",
      defaultValue = "1",
      description = "1 draws from the model's own distribution (default), less gives cleaner shapes and less variety, 0 always takes the likeliest token.")
  private double temperature;

  @Option(names = "--top-k", paramLabel = "K", defaultValue = "0", description = "Draw among the K likeliest tokens only; 0 for all of them (default).")
  private int topK;

  @Option(
      names = "--top-p",
      paramLabel = "P",
      defaultValue = "1",
      description = "Draw among the fewest likely tokens that have a probability of P together; 1 for all of them (default).")
  private double topP;

  @Option(
      names = "--guidance",
      paramLabel = "G",
      defaultValue = "1",
      description = "Above 1 follow the caption more closely than the model does by itself (default 1); for models trained with captions left out.")
  private double guidance;

  /** Pictures of each caption. */
  int count() {
    return count;
  }

  /** Whether the result is wanted as JSON. */
  boolean json() {
    return json.json();
  }

  /**
   * What was given, checked as far as it can be without the models.
   *
   * @throws ParameterException if a number is out of its range or a caption is empty
   */
  SamplingOptions check(List<String> captions) {
    device.check();
    for (String caption : captions) {
      if (caption.isBlank()) {
        throw misuse("a caption is empty; say what to draw");
      }
    }
    if (count < 1) {
      throw misuse("--count: expected 1 or more, got " + count);
    }
    try {
      return new SamplingOptions(temperature, topK, topP, guidance, seed.orDefault(), 1);
    } catch (IllegalArgumentException e) {
      throw misuse("--" + e.getMessage());
    }
  }

  /**
   * Opens the models for what was given.
   *
   * @throws CommandException if they are missing or do not fit each other or the options
   * @throws IOException if a file is damaged
   */
  DrawingModels open(SamplingOptions sampling) throws IOException {
    ModelPaths files = files();
    checkGuidance(sampling.guidance(), files.transformer());
    DrawingModels models = open(files, files.hashes(), threads.orAllProcessors(), compute.compute(), "--compute", "leave the option out");
    if (topK > models.transformer().config().imageVocabulary()) {
      try (models) {
        throw misuse("--top-k: expected at most the " + models.transformer().config().imageVocabulary() + " tokens of the model, got " + topK);
      }
    }
    return models;
  }

  /**
   * Opens the models for a picture that was drawn before.
   *
   * @param file the picture, for messages
   * @throws CommandException if they are not the models that drew it
   */
  DrawingModels open(PictureRecipe recipe, Path file) throws IOException {
    device.check();
    ModelPaths files = files();
    ModelHashes hashes = files.hashes();
    files.checkSame(recipe.models(), hashes, file);
    checkGuidance(recipe.settings().guidance(), files.transformer());
    Compute type = recipe.settings().compute();
    DrawingModels models = open(files, hashes, recipe.settings().threads(), type, file.toString(), "repeat the picture where it was drawn");
    try {
      recipe.checkFits(models.transformer().config(), file);
    } catch (Throwable t) {
      models.close();
      throw t;
    }
    return models;
  }

  private DrawingModels open(ModelPaths files, ModelHashes hashes, int numThreads, Compute type, String asking, String remedy) throws IOException {
    TrainedWith.check(files.transformer(), files.dvae(), files.vocabulary(), new TrainedWith(hashes.dvae(), hashes.vocabulary()));
    Device opened = device.open(numThreads);
    ComputeOption.on(opened, type, asking, remedy);
    return DrawingModels.open(files, hashes, opened, numThreads, type);
  }

  private ModelPaths files() {
    Path vocabulary = tokenizer.orElseGet(() -> weights.run().tokenizer());
    VocabOption.checkExists(vocabulary);
    Path transformer = weights.file("transformer", RunFolder::transformer);
    Path codes = dvae.orElseGet(() -> weights.run().dvae());
    WeightsOption.require(codes, "dVAE");
    return new ModelPaths(transformer, codes, vocabulary);
  }

  /** A model that has always had a caption cannot be asked what it would draw without one. */
  private void checkGuidance(double asked, Path file) {
    if (asked == 1) {
      return;
    }
    RunFolder run = weights.run();
    boolean ofRun = file.toAbsolutePath().normalize().equals(run.transformer().toAbsolutePath().normalize());
    Optional<Manifest> manifest = ofRun ? run.readManifest() : Optional.empty();
    if (manifest.isEmpty()) {
      mixee.commandLine().getErr().println("dalle: nothing is known about how " + file + " was trained; guidance works only if captions were left out"
          + " (captionDropout)");
    } else if (manifest.get().config().transformer().captionDropout() == 0) {
      throw new CommandException("--guidance: " + run.manifest() + " says that no caption was left out in training (captionDropout is 0), so the model does"
          + " not know pictures without one; leave the option out, or train with a captionDropout such as 0.1");
    }
  }

  private ParameterException misuse(String message) {
    return new ParameterException(mixee.commandLine(), message);
  }
}
