package dev.dalle.trainer.cli;

import dev.dalle.trainer.data.CaptionedPictures;
import dev.dalle.trainer.data.DataSets;
import dev.dalle.trainer.data.FittedPicture;
import dev.dalle.trainer.picture.ContactSheet;
import dev.dalle.trainer.picture.Picture;
import dev.dalle.trainer.picture.PictureFiles;
import dev.dalle.trainer.progress.Progress;
import dev.dalle.trainer.run.DataConfig;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code dalle data}: what a data set yields. */
@Command(
    name = "data",
    description = "Say what a data set yields: counts, captions, licences, failures; show and export its pictures.",
    footer = {
      "",
      "Examples:",
      "  dalle data",
      "  dalle data --show 40 --out sheet.png",
      "  dalle data --data pictures.csv --caption-column text --check",
      "  dalle data --export DIR --side 64"
    })
final class DataCommand implements Callable<Integer> {
  private static final int GAP = 4;
  private static final int MOST_COLUMNS = 10;
  private static final int MOST_SIDE = 1024;

  @Spec private CommandSpec spec;
  @Mixin private DataOptions data;
  @Mixin private SeedOption seed;
  @Mixin private ThreadsOption threads;
  @Mixin private JsonOption json;

  @Option(names = "--side", paramLabel = "PIXELS", defaultValue = "64", description = "Side of shown and exported pictures (default ${DEFAULT-VALUE}).")
  private int side;

  @Option(names = "--samples", paramLabel = "N", defaultValue = "5", description = "Captions to print (default ${DEFAULT-VALUE}).")
  private int samples;

  @Option(names = "--show", paramLabel = "N", description = "Draw N examples on one sheet, written to --out.")
  private Integer show;

  @Option(names = "--out", paramLabel = "FILE.png", description = "Where the sheet of --show goes.")
  private Path out;

  @Option(
      names = "--export",
      paramLabel = "DIR",
      description = "Write all examples as PNG pictures with .txt captions into DIR/training and DIR/held-out; DIR must be new or empty.")
  private Path export;

  @Option(names = "--check", description = "Read every picture and list those that cannot be read; exit status 1 if there are any.")
  private boolean check;

  @Override
  public Integer call() {
    checkOptions();
    DataConfig config = data.over(DataConfig.emoji());
    Progress progress = Terminal.progress();
    try (CaptionedPictures pictures = DataSets.open(config, side, threads.orAllProcessors(), progress)) {
      DataSummary summary = DataSummary.of(pictures, check, choose(pictures.size(), samples), side, progress);
      List<CaptionedPictures.Example> shown = show == null ? List.of() : sheet(pictures);
      if (export != null) {
        new DataExport(pictures, side, export).write(progress);
      }
      PrintWriter printer = spec.commandLine().getOut();
      printer.println(json.json() ? JsonText.of(summary.values(shown)) : summary.text());
      if (!json.json()) {
        print(shown, printer);
      }
      return check && !summary.failures().isEmpty() ? 1 : 0;
    }
  }

  private void checkOptions() {
    requires(side >= 8 && side <= MOST_SIDE, "--side: expected 8 to " + MOST_SIDE + " pixels, got " + side);
    requires(samples >= 0, "--samples: expected 0 or more, got " + samples);
    requires(show == null || show >= 1, "--show: expected 1 or more, got " + show);
    requires((show == null) == (out == null), show == null ? "--out: expected together with --show N" : "--show: expected together with --out FILE.png");
  }

  private void requires(boolean right, String message) {
    if (!right) {
      throw new ParameterException(spec.commandLine(), message);
    }
  }

  /** Draws a sheet of examples and returns them in its order. */
  private List<CaptionedPictures.Example> sheet(CaptionedPictures pictures) {
    int[] chosen = choose(pictures.size(), show);
    List<Picture> drawn = Arrays.stream(chosen).mapToObj(index -> FittedPicture.of(pictures, index, side)).toList();
    PictureFiles.writePng(ContactSheet.of(drawn, columns(drawn.size()), GAP), out);
    return Arrays.stream(chosen).mapToObj(pictures::example).toList();
  }

  private static int columns(int count) {
    return Math.min(MOST_COLUMNS, (int) Math.ceil(Math.sqrt(count)));
  }

  private void print(List<CaptionedPictures.Example> shown, PrintWriter printer) {
    if (!shown.isEmpty()) {
      int columns = columns(shown.size());
      printer.println();
      printer.println(out + ", row by row:");
      for (int i = 0; i < shown.size(); i++) {
        printer.println("  row " + (i / columns + 1) + ", column " + (i % columns + 1) + ": " + shown.get(i).caption());
      }
    }
    if (export != null) {
      printer.println();
      printer.println("exported to " + export);
    }
  }

  /** Different examples by chance, the same for the same seed, in the order of the data set; all if there are no more. */
  private int[] choose(int size, int count) {
    Random random = new Random(seed.orDefault());
    Set<Integer> chosen = new HashSet<>();
    // Floyd's way: as many draws as examples, whatever the size of the data set.
    for (int last = size - Math.min(count, size); last < size; last++) {
      int drawn = random.nextInt(last + 1);
      if (!chosen.add(drawn)) {
        chosen.add(last);
      }
    }
    return chosen.stream().sorted().mapToInt(Integer::intValue).toArray();
  }
}
