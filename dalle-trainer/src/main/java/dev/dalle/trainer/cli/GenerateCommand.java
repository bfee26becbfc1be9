package dev.dalle.trainer.cli;

import dev.dalle.attention.SamplingOptions;
import dev.dalle.attention.Transformer;
import dev.dalle.attention.TransformerConfig;
import dev.dalle.dvae.DvaeConfig;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Scope;
import dev.dalle.tokenizer.BpeTokenizer;
import dev.dalle.trainer.picture.ContactSheet;
import dev.dalle.trainer.picture.Picture;
import dev.dalle.trainer.picture.PictureFiles;
import dev.dalle.trainer.run.ModelFiles;
import dev.dalle.trainer.run.RunFolder;
import dev.dalle.trainer.stage.Drawing;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code dalle generate}: captions to pictures. */
@Command(
    name = "generate",
    description = "Draw pictures for captions with the models of a run.",
    footer = {
      "",
      "Examples:",
      "  dalle generate \"a noto emoji of a red heart\"",
      "  dalle generate \"a twitter emoji of a frog\" --count 16 --temperature 0.8 --out frogs"
    })
final class GenerateCommand implements Callable<Integer> {
  /** Images that are drawn at the same time; part of nothing: the result does not depend on it. */
  private static final int BATCH = 64;

  private static final int GAP = 4;

  @Spec private CommandSpec spec;
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

  @Option(names = "--out", paramLabel = "DIR", defaultValue = "generated", description = "Folder of the pictures (default ${DEFAULT-VALUE}).")
  private Path out;

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

  @Parameters(arity = "1..*", paramLabel = "CAPTION", description = "What to draw; put quotes around each caption.")
  private List<String> captions;

  @Override
  public Integer call() throws IOException {
    SamplingOptions options = checkedOptions();
    BpeTokenizer bpe = VocabOption.load(tokenizer.orElseGet(() -> weights.run().tokenizer()));
    Path transformerFile = weights.file("transformer", RunFolder::transformer);
    Path dvaeFile = dvae.orElseGet(() -> weights.run().dvae());
    WeightsOption.require(dvaeFile, "dVAE");
    Device opened = device.open(threads.orAllProcessors());
    DType computeType = compute.on(opened);
    List<Picture> pictures;
    try (Scope scope = opened.newScope(); PictureCodec codec = PictureCodec.open(opened, dvaeFile, computeType)) {
      Transformer transformer = ModelFiles.readTransformer(transformerFile, scope);
      checkFit(transformer.config(), codec.config(), bpe, transformerFile, dvaeFile);
      warnOfCuts(bpe, transformer.config());
      pictures = Drawing.draw(opened, transformer, codec.tokens(), bpe, captions, count, computeType, options, Terminal.progress());
    }
    print(write(pictures));
    return 0;
  }

  private SamplingOptions checkedOptions() {
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
      return new SamplingOptions(temperature, topK, 1, 1, seed.orDefault(), BATCH);
    } catch (IllegalArgumentException e) {
      throw misuse("--" + e.getMessage());
    }
  }

  private ParameterException misuse(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  /** The three models must have been trained for each other as far as that can be seen. */
  private void checkFit(TransformerConfig transformer, DvaeConfig codes, BpeTokenizer bpe, Path transformerFile, Path dvaeFile) {
    if (transformer.gridSide() != codes.gridSize() || transformer.imageVocabulary() != codes.vocabulary()) {
      throw new CommandException(transformerFile + " draws a grid of " + transformer.gridSide() + " x " + transformer.gridSide() + " tokens of "
          + transformer.imageVocabulary() + ", " + dvaeFile + " takes " + codes.gridSize() + " x " + codes.gridSize() + " tokens of "
          + codes.vocabulary() + "; use models of one run");
    }
    if (bpe.size() > transformer.textVocabulary()) {
      throw new CommandException("the vocabulary file has " + bpe.size() + " tokens, " + transformerFile + " takes " + transformer.textVocabulary()
          + "; use the vocabulary of the same run");
    }
    if (topK > transformer.imageVocabulary()) {
      throw misuse("--top-k: expected at most the " + transformer.imageVocabulary() + " tokens of the model, got " + topK);
    }
  }

  private void warnOfCuts(BpeTokenizer bpe, TransformerConfig transformer) {
    for (String caption : captions) {
      int tokens = bpe.encode(caption).length;
      if (tokens > transformer.maxCaptionLength()) {
        spec.commandLine().getErr().println("dalle: the caption \"" + caption + "\" has " + tokens + " tokens; the model reads the first "
            + transformer.maxCaptionLength());
      }
    }
  }

  /** What was written for each caption, and the sheet of all. */
  private record Written(Map<String, List<Path>> byCaption, Path sheet) {}

  private Written write(List<Picture> pictures) {
    List<String> names = captions.stream().map(SafeName::of).toList();
    Map<String, List<Path>> byCaption = new LinkedHashMap<>();
    for (int c = 0; c < captions.size(); c++) {
      // Names have no underscore of their own, so that no two pictures can meet.
      String name = names.stream().filter(names.get(c)::equals).count() == 1 ? names.get(c) : names.get(c) + "_" + (c + 1);
      for (int i = 0; i < count; i++) {
        Path file = out.resolve(name + "_" + (i + 1) + ".png");
        PictureFiles.writePng(pictures.get(c * count + i), file);
        byCaption.computeIfAbsent(captions.get(c), caption -> new ArrayList<>()).add(file);
      }
    }
    Path sheet = out.resolve("sheet_all.png");
    PictureFiles.writePng(ContactSheet.of(pictures, count, GAP), sheet);
    return new Written(byCaption, sheet);
  }

  private void print(Written written) {
    PrintWriter printer = spec.commandLine().getOut();
    if (!json.json()) {
      written.byCaption().values().forEach(files -> files.forEach(printer::println));
      printer.println(written.sheet());
      return;
    }
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("seed", seed.orDefault());
    values.put("temperature", temperature);
    values.put("topK", topK);
    values.put("sheet", written.sheet().toString());
    List<Object> drawn = new ArrayList<>();
    written.byCaption().forEach((caption, files) -> {
      Map<String, Object> entry = new LinkedHashMap<>();
      entry.put("caption", caption);
      entry.put("pictures", files.stream().map(Path::toString).toList());
      drawn.add(entry);
    });
    values.put("captions", drawn);
    printer.println(JsonText.of(values));
  }
}
