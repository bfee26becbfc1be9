package dev.dalle.trainer.cli;

import dev.dalle.attention.SamplingOptions;
import dev.dalle.trainer.picture.ContactSheet;
import dev.dalle.trainer.picture.Picture;
import dev.dalle.trainer.picture.PictureFiles;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Model.CommandSpec;

/**
 * Draws pictures for captions into a folder. Each file is there as a whole as soon as its batch is drawn, and its name is printed then; the sheet of
 * all comes last.
 */
final class DrawnPictures {
  private static final int GAP = 4;

  private final DrawingModels models;
  private final PrintWriter printer;
  private final PrintWriter err;
  private final boolean json;

  /** Pictures of a command, drawn with models that stay open. */
  DrawnPictures(DrawingModels models, CommandSpec command, boolean json) {
    this.models = models;
    this.printer = command.commandLine().getOut();
    this.err = command.commandLine().getErr();
    this.json = json;
  }

  /**
   * Draws a number of pictures of each caption.
   *
   * @param keepRows rows of tokens that are given
   * @param prefix those tokens
   */
  void draw(List<String> captions, int count, int keepRows, int[] prefix, SamplingOptions sampling, Path out) {
    PictureRecipe.Settings settings = new PictureRecipe.Settings(PictureRecipe.Settings.FORMAT, PictureRecipe.Settings.VERSION, 0, 0,
        sampling.temperature(), sampling.topK(), sampling.topP(), sampling.guidance(), keepRows, Arrays.stream(prefix).boxed().toList(),
        models.compute(), models.threads(), models.deviceName());
    List<String> names = captions.stream().map(SafeName::of).toList();
    List<PictureRecipe> recipes = new ArrayList<>();
    List<Path> files = new ArrayList<>();
    for (int c = 0; c < captions.size(); c++) {
      // Names have no underscore of their own, so that no two pictures can meet.
      String name = names.stream().filter(names.get(c)::equals).count() == 1 ? names.get(c) : names.get(c) + "_" + (c + 1);
      for (int i = 0; i < count; i++) {
        recipes.add(new PictureRecipe(captions.get(c), sampling.seed(), settings.of(c, i), models.hashes()));
        files.add(out.resolve(name + "_" + (i + 1) + ".png"));
      }
    }
    List<Picture> pictures = write(recipes, files);
    Path sheet = out.resolve("sheet_all.png");
    PictureFiles.writePng(ContactSheet.of(pictures, count, GAP), sheet);
    print(recipes, files, List.of(sheet));
  }

  /**
   * Draws one picture again.
   *
   * @param original where it was read from
   * @throws CommandException if it came out differently; it is written all the same
   */
  void repeat(PictureRecipe recipe, Path original, Path file) {
    Picture before = PictureFiles.read(original);
    Picture now = write(List.of(recipe), List.of(file)).getFirst();
    print(List.of(recipe), List.of(file), List.of());
    if (!now.equals(before)) {
      throw new CommandException(file + " is not the same picture as " + original
          + ": that file was changed, or another release or kind of processor drew it");
    }
  }

  private List<Picture> write(List<PictureRecipe> recipes, List<Path> files) {
    models.warnOfCuts(recipes.stream().map(PictureRecipe::caption).distinct().toList(), err);
    List<Picture> pictures = new ArrayList<>();
    models.draw(recipes, picture -> {
      int n = pictures.size();
      PictureFiles.writePng(picture, recipes.get(n).texts(), files.get(n));
      pictures.add(picture);
      if (!json) {
        printer.println(files.get(n));
        printer.flush();
      }
    });
    return pictures;
  }

  private void print(List<PictureRecipe> recipes, List<Path> files, List<Path> sheet) {
    if (!json) {
      sheet.forEach(printer::println);
      return;
    }
    PictureRecipe first = recipes.getFirst();
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("seed", first.seed());
    values.put("temperature", first.settings().temperature());
    values.put("topK", first.settings().topK());
    values.put("topP", first.settings().topP());
    values.put("guidance", first.settings().guidance());
    values.put("keepRows", first.settings().keepRows());
    sheet.forEach(file -> values.put("sheet", file.toString()));
    Map<Integer, List<String>> filesOf = new LinkedHashMap<>();
    Map<Integer, String> captionOf = new LinkedHashMap<>();
    for (int n = 0; n < files.size(); n++) {
      int number = recipes.get(n).settings().prompt();
      captionOf.put(number, recipes.get(n).caption());
      filesOf.computeIfAbsent(number, made -> new ArrayList<>()).add(files.get(n).toString());
    }
    List<Object> drawn = new ArrayList<>();
    filesOf.forEach((number, names) -> {
      Map<String, Object> entry = new LinkedHashMap<>();
      entry.put("caption", captionOf.get(number));
      entry.put("pictures", names);
      drawn.add(entry);
    });
    values.put("captions", drawn);
    printer.println(JsonText.of(values));
  }
}
