package dev.dalle.trainer.cli;

import dev.dalle.attention.SamplingOptions;
import dev.dalle.trainer.data.FittedPicture;
import dev.dalle.trainer.picture.PictureFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code dalle complete}: the upper part of a picture and captions to pictures (Ramesh et al. 2021, arXiv 2102.12092, section 3.3). */
@Command(
    name = "complete",
    description = {"Keep the upper rows of a picture's tokens and draw the rest for captions.",
        "The picture's middle square is taken, brought to the model's side and turned into tokens, as encode does. The paper keeps 15 of 32 rows."},
    footer = {
      "",
      "Examples:",
      "  dalle complete cat.png \"the same cat on the top as a sketch on the bottom\" --keep-rows 15",
      "  dalle complete generated/a-frog_1.png \"a twitter emoji of a frog\" \"a noto emoji of a frog\" --keep-rows 4 --out frogs"
    })
final class CompleteCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private DrawingOptions drawing;

  @Option(names = "--out", paramLabel = "DIR", defaultValue = "completed", description = "Folder of the pictures (default ${DEFAULT-VALUE}).")
  private Path out;

  @Option(names = "--keep-rows", paramLabel = "N", required = true, description = "Rows of the picture's tokens that are kept, from the top.")
  private int keepRows;

  @Parameters(index = "0", paramLabel = "PICTURE", description = "A PNG, JPEG, WebP or GIF file.")
  private Path picture;

  @Parameters(index = "1..*", arity = "1..*", paramLabel = "CAPTION", description = "What to draw; put quotes around each caption.")
  private List<String> captions;

  @Override
  public Integer call() throws IOException {
    SamplingOptions sampling = drawing.check(captions);
    if (keepRows < 0) {
      throw misuse("--keep-rows: expected 0 or more, got " + keepRows);
    }
    PictureFiles.size(picture);
    try (DrawingModels models = drawing.open(sampling)) {
      int grid = models.codec().config().gridSize();
      if (keepRows > grid) {
        throw misuse("--keep-rows: expected at most the " + grid + " rows of the model's grid, got " + keepRows);
      }
      int[] tokens = models.codec().encode(Stream.of(FittedPicture.of(picture, models.codec().config().imageSize()))).getFirst().ids();
      int[] kept = Arrays.copyOf(tokens, keepRows * grid);
      new DrawnPictures(models, spec, drawing.json()).draw(captions, drawing.count(), keepRows, kept, sampling, out);
    }
    return 0;
  }

  private ParameterException misuse(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
