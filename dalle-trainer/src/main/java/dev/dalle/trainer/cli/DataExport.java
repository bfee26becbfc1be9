package dev.dalle.trainer.cli;

import dev.dalle.trainer.data.CaptionedPictures;
import dev.dalle.trainer.data.FittedPicture;
import dev.dalle.trainer.data.Split;
import dev.dalle.trainer.picture.PictureFiles;
import dev.dalle.trainer.progress.Progress;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A data set as files that anybody can use: {@code training} and {@code held-out} with a PNG picture and a text file of the same name for each example.
 *
 * @param side pixels of the square pictures
 * @param folder new or empty, so that no file of an earlier export remains among them
 */
record DataExport(CaptionedPictures data, int side, Path folder) {
  static final String TRAINING = "training";
  static final String HELD_OUT = "held-out";

  /**
   * Writes.
   *
   * @throws CommandException if the folder holds something
   * @throws dev.dalle.trainer.picture.PictureException at the first picture that cannot be read
   */
  void write(Progress progress) {
    if (Files.exists(folder) && !Files.isDirectory(folder)) {
      throw new CommandException("--export: " + folder + " is a file; name a new or empty folder");
    }
    if (Files.exists(folder) && Folders.holds(folder, "*")) {
      throw new CommandException("--export: " + folder + " is not empty; name a new or empty folder");
    }
    Split split = data.split();
    Map<String, int[]> parts = new LinkedHashMap<>();
    parts.put(TRAINING, split.training());
    parts.put(HELD_OUT, split.heldOut());
    int width = String.valueOf(data.size() - 1).length();
    int done = 0;
    try (Progress.Stage stage = progress.stage("export pictures", data.size())) {
      for (Map.Entry<String, int[]> part : parts.entrySet()) {
        for (int index : part.getValue()) {
          String number = "0".repeat(width - String.valueOf(index).length()) + index;
          write(folder.resolve(part.getKey()), number + "-" + SafeName.of(data.example(index).caption()), index);
          stage.step(++done, 1);
        }
      }
    }
  }

  private void write(Path part, String name, int index) {
    PictureFiles.writePng(FittedPicture.of(data, index, side), part.resolve(name + ".png"));
    try {
      // Not forced to the disk one by one: a broken export is simply made again.
      Files.writeString(part.resolve(name + ".txt"), data.example(index).caption() + "\n");
    } catch (IOException e) {
      throw new UncheckedIOException(part + ": cannot be written: " + e.getMessage(), e);
    }
  }
}
