package dev.dalle.trainer.cli;

import dev.dalle.attention.SamplingOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
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
    description = {"Draw pictures for captions with the models of a run.",
        "Each file says how it was drawn; --like draws it again, with the same models."},
    footer = {
      "",
      "Examples:",
      "  dalle generate \"a noto emoji of a red heart\"",
      "  dalle generate \"a twitter emoji of a frog\" --count 16 --temperature 0.8 --out frogs",
      "  dalle generate --like frogs/a-twitter-emoji-of-a-frog_3.png"
    })
final class GenerateCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private DrawingOptions drawing;

  @Option(names = "--out", paramLabel = "DIR", defaultValue = "generated", description = "Folder of the pictures (default ${DEFAULT-VALUE}).")
  private Path out;

  @Option(
      names = "--like",
      paramLabel = "FILE.png",
      description = "Draw this picture of generate or complete again, from what its file says, in place of captions and settings; the new file's name ends"
          + " in _again.")
  private Optional<Path> like = Optional.empty();

  @Parameters(arity = "0..*", paramLabel = "CAPTION", description = "What to draw; put quotes around each caption.")
  private List<String> captions = List.of();

  @Override
  public Integer call() throws IOException {
    if (like.isPresent()) {
      repeat(like.get());
      return 0;
    }
    if (captions.isEmpty()) {
      throw misuse("a CAPTION is missing; say what to draw, or name a picture with --like");
    }
    SamplingOptions sampling = drawing.check(captions);
    try (DrawingModels models = drawing.open(sampling)) {
      new DrawnPictures(models, spec, drawing.json()).draw(captions, drawing.count(), 0, new int[0], sampling, out);
    }
    return 0;
  }

  private void repeat(Path file) throws IOException {
    if (!captions.isEmpty()) {
      throw misuse("--like: the picture has its own caption; leave \"" + captions.getFirst() + "\" out");
    }
    for (String option : DrawingOptions.DECIDING) {
      if (spec.commandLine().getParseResult().hasMatchedOption(option)) {
        throw misuse("--like: the picture has its own settings; leave " + option + " out");
      }
    }
    PictureRecipe recipe = PictureRecipe.of(file);
    try (DrawingModels models = drawing.open(recipe, file)) {
      String name = file.getFileName().toString().replaceFirst("\\.[^.]*$", "");
      new DrawnPictures(models, spec, drawing.json()).repeat(recipe, file, out.resolve(name + "_again.png"));
    }
  }

  private ParameterException misuse(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
