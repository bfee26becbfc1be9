package dev.dalle.trainer.cli;

import dev.dalle.attention.AttentionPattern;
import dev.dalle.trainer.picture.Picture;
import dev.dalle.trainer.picture.PictureFiles;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code dalle attention mask}: which states read which. */
@Command(
    name = "mask",
    description = {"Count the pairs of states of a pattern and draw them: a row for each query, a column for each key.",
        "Text that is read is grey, image states that are read are blue. The number of pairs comes last."},
    footer = {"", "Examples:", "  dalle attention mask --pattern row", "  dalle attention mask --pattern convolution --text 6 --grid 4 --kernel 3 --out mask.png"})
final class AttentionMaskCommand implements Callable<Integer> {
  /** Patterns by name. */
  enum Pattern {
    causal, row, column, convolution
  }

  private static final int WHITE = 0xFFFFFF;
  private static final int TEXT = 0x9AA4B1;
  private static final int IMAGE = 0x1F5FBF;
  /** A picture of more pixels is no use to anybody. */
  private static final int MOST_STATES = 8192;

  @Spec private CommandSpec spec;

  @Option(names = "--pattern", required = true, paramLabel = "PATTERN", description = "${COMPLETION-CANDIDATES}.")
  private Pattern pattern;

  @Option(names = "--text", defaultValue = "256", paramLabel = "N", description = "Text states (default ${DEFAULT-VALUE}).")
  private int text;

  @Option(names = "--grid", defaultValue = "32", paramLabel = "N", description = "Side of the grid of image states (default ${DEFAULT-VALUE}).")
  private int grid;

  @Option(names = "--kernel", defaultValue = "11", paramLabel = "N", description = "Side of the convolution's neighbourhood, odd (default ${DEFAULT-VALUE}).")
  private int kernel;

  @Option(names = "--out", paramLabel = "FILE.png", description = "Draw the mask into this file.")
  private Optional<Path> out = Optional.empty();

  @Override
  public Integer call() throws IOException {
    AttentionPattern chosen = chosen();
    if (out.isPresent()) {
      draw(chosen, out.get());
    }
    PrintWriter printer = spec.commandLine().getOut();
    printer.println("states " + chosen.length() + " (" + text + " text, " + chosen.imageLength() + " image)");
    printer.println("image pairs " + chosen.imagePairCount());
    printer.println("pairs " + chosen.pairCount());
    return 0;
  }

  private AttentionPattern chosen() {
    try {
      return switch (pattern) {
        case causal -> new AttentionPattern.DenseCausal(text, grid);
        case row -> new AttentionPattern.Row(text, grid);
        case column -> new AttentionPattern.Column(text, grid);
        case convolution -> new AttentionPattern.Convolution(text, grid, kernel);
      };
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  private static void draw(AttentionPattern pattern, Path file) throws IOException {
    int length = pattern.length();
    if (length > MOST_STATES) {
      throw new CommandException("--out: the mask of " + length + " states is too large to draw; expected at most " + MOST_STATES + " states");
    }
    byte[] rgb = new byte[Math.multiplyExact(length * length, Picture.CHANNELS)];
    Arrays.fill(rgb, (byte) WHITE);
    for (int query = 0; query < length; query++) {
      for (int key = 0; key <= query; key++) {
        if (pattern.attends(query, key)) {
          int colour = key < pattern.textLength() ? TEXT : IMAGE;
          int at = Picture.CHANNELS * (query * length + key);
          rgb[at] = (byte) (colour >> 16);
          rgb[at + 1] = (byte) (colour >> 8);
          rgb[at + 2] = (byte) colour;
        }
      }
    }
    Path folder = file.toAbsolutePath().getParent();
    if (folder != null) {
      Files.createDirectories(folder);
    }
    PictureFiles.writePng(new Picture(length, length, rgb), file);
  }
}
