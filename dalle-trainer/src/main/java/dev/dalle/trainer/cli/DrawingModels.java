package dev.dalle.trainer.cli;

import dev.dalle.attention.Prompt;
import dev.dalle.attention.Sampler;
import dev.dalle.attention.Transformer;
import dev.dalle.attention.TransformerConfig;
import dev.dalle.dvae.DvaeConfig;
import dev.dalle.dvae.DvaeNetwork;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Scope;
import dev.dalle.tokenizer.BpeTokenizer;
import dev.dalle.tokenizer.CaptionEncoder;
import dev.dalle.trainer.picture.Picture;
import dev.dalle.trainer.report.Machine;
import dev.dalle.trainer.run.Compute;
import dev.dalle.trainer.run.ModelFiles;
import dev.dalle.trainer.stage.Drawing;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** The three models that draw: vocabulary, transformer and dVAE. Owns the weights' memory; one thread at a time. */
final class DrawingModels implements AutoCloseable {
  /** Images that are drawn at the same time where memory allows; part of nothing: the result does not depend on it. */
  private static final int BATCH = 64;

  private final Device device;
  private final int threads;
  private final Compute compute;
  private final ModelHashes hashes;
  private final BpeTokenizer vocabulary;
  private final Scope scope;
  private final Transformer transformer;
  private final PictureCodec codec;

  private DrawingModels(ModelPaths files, ModelHashes hashes, Device device, int threads, Compute compute, Scope scope) throws IOException {
    this.device = device;
    this.threads = threads;
    this.compute = compute;
    this.scope = scope;
    this.vocabulary = VocabOption.load(files.vocabulary());
    this.hashes = hashes;
    this.transformer = ModelFiles.readTransformer(files.transformer(), scope);
    this.codec = PictureCodec.open(device, new DvaeFiles(List.of(files.dvae()), Optional.empty()), List.of(DvaeNetwork.values()), compute.dtype(), PictureCodec.TILE);
    try {
      checkFit(transformer.config(), codec.config(), files);
    } catch (Throwable t) {
      codec.close();
      throw t;
    }
  }

  /**
   * Reads the models.
   *
   * @param hashes of the files
   * @param device opened with so many threads, computing in the type
   * @throws CommandException if they were not trained for each other, as far as that can be seen
   * @throws IOException if a file is missing, damaged or something else
   */
  static DrawingModels open(ModelPaths files, ModelHashes hashes, Device device, int threads, Compute compute) throws IOException {
    Scope scope = device.newScope();
    try {
      return new DrawingModels(files, hashes, device, threads, compute, scope);
    } catch (Throwable t) {
      scope.close();
      throw t;
    }
  }

  private void checkFit(TransformerConfig config, DvaeConfig codes, ModelPaths files) {
    if (config.gridSide() != codes.gridSize() || config.imageVocabulary() != codes.vocabulary()) {
      throw new CommandException(files.transformer() + " draws a grid of " + config.gridSide() + " x " + config.gridSide() + " tokens of "
          + config.imageVocabulary() + ", " + files.dvae() + " takes " + codes.gridSize() + " x " + codes.gridSize() + " tokens of " + codes.vocabulary()
          + "; use models of one run");
    }
    if (vocabulary.size() > config.textVocabulary()) {
      throw new CommandException("the vocabulary file has " + vocabulary.size() + " tokens, " + files.transformer() + " takes " + config.textVocabulary()
          + "; use the vocabulary of the same run");
    }
  }

  Transformer transformer() {
    return transformer;
  }

  PictureCodec codec() {
    return codec;
  }

  ModelHashes hashes() {
    return hashes;
  }

  int threads() {
    return threads;
  }

  Compute compute() {
    return compute;
  }

  String deviceName() {
    return device.name();
  }

  /** Says which captions are longer than the text. */
  void warnOfCuts(List<String> captions, PrintWriter err) {
    int most = transformer.config().maxCaptionLength();
    for (String caption : captions) {
      int tokens = vocabulary.encode(caption).length;
      if (tokens > most) {
        err.println("dalle: the caption \"" + caption + "\" has " + tokens + " tokens; the model reads the first " + most);
      }
    }
  }

  /**
   * Draws.
   *
   * @param recipes at least one, that differ in caption, prompt and image alone; those of one caption are neighbours
   * @param ready takes the pictures in that order, each as soon as its batch is drawn
   */
  void draw(List<PictureRecipe> recipes, Consumer<Picture> ready) {
    CaptionEncoder encoder = new CaptionEncoder(vocabulary, transformer.config().textLength());
    int[] prefix = recipes.getFirst().settings().prefixTokens();
    List<Sampler.Order> orders = new ArrayList<>();
    for (PictureRecipe recipe : recipes) {
      int number = recipe.settings().prompt();
      boolean shared = !orders.isEmpty() && orders.getLast().number() == number;
      Prompt prompt = shared ? orders.getLast().prompt() : new Prompt(encoder.encode(recipe.caption()).tokens(), prefix);
      orders.add(new Sampler.Order(prompt, number, recipe.settings().image()));
    }
    int batch = batch(transformer.config(), compute, Math.min(BATCH, orders.size()), recipes.getFirst().settings().guidance() != 1,
        Machine.current().availableBytes());
    Drawing.draw(device, transformer, codec.tokens(), orders, compute.dtype(), recipes.getFirst().sampling(batch), Terminal.progress(), ready);
  }

  /**
   * How many images at a time fit.
   *
   * @param wanted at most
   * @param availableBytes of main memory
   * @throws CommandException if not even one does
   */
  static int batch(TransformerConfig config, Compute compute, int wanted, boolean guided, long availableBytes) {
    for (int batch = wanted; ; batch /= 2) {
      long bytes = Sampler.bytesNeeded(config, compute.dtype(), batch, guided);
      if (bytes <= availableBytes) {
        return batch;
      }
      if (batch == 1) {
        throw new CommandException("too little memory: drawing one image takes " + MachineCheck.gib(bytes) + " beside the model, "
            + MachineCheck.gib(availableBytes) + " are available; end other programs, or use a smaller model");
      }
    }
  }

  @Override
  public void close() {
    codec.close();
    scope.close();
  }
}
