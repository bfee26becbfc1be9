package dev.dalle.trainer.stage;

import dev.dalle.attention.TransformerConfig;
import dev.dalle.dvae.DvaeConfig;
import dev.dalle.trainer.picture.Picture;
import dev.dalle.trainer.picture.PictureFiles;
import dev.dalle.trainer.run.Compute;
import dev.dalle.trainer.run.DataConfig;
import dev.dalle.trainer.run.DrawingConfig;
import dev.dalle.trainer.run.DvaeStageConfig;
import dev.dalle.trainer.run.RunConfig;
import dev.dalle.trainer.run.TokenizerConfig;
import dev.dalle.trainer.run.TransformerStageConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalDouble;

/** A data set of coloured squares and a run that trains on it in a second or two. */
public final class TinyRuns {
  private static final String[] COLOURS = {"red", "green", "blue", "white", "black"};
  private static final int[] RGB = {0xE01010, 0x10C010, 0x1010E0, 0xF0F0F0, 0x101010};

  private TinyRuns() {}

  /** Writes sixty pictures of 16 x 16 pixels, a square of one colour on another, with captions beside them. */
  public static void writePictures(Path folder) throws IOException {
    Files.createDirectories(folder);
    for (int i = 0; i < 60; i++) {
      int inner = i % COLOURS.length;
      int outer = (i / COLOURS.length + 1 + inner) % COLOURS.length;
      byte[] rgb = new byte[16 * 16 * 3];
      int from = i % 7;
      for (int p = 0; p < 256; p++) {
        boolean inside = p / 16 >= from && p / 16 < from + 8 && p % 16 >= from && p % 16 < from + 8;
        int colour = RGB[inside ? inner : outer];
        rgb[3 * p] = (byte) (colour >> 16);
        rgb[3 * p + 1] = (byte) (colour >> 8);
        rgb[3 * p + 2] = (byte) colour;
      }
      PictureFiles.writePng(new Picture(16, 16, rgb), folder.resolve("p" + i + ".png"));
      Files.writeString(folder.resolve("p" + i + ".txt"), "a " + COLOURS[inner] + " square on " + COLOURS[outer]);
    }
  }

  /** A run over such a folder: a few updates of each stage, a checkpoint every fourth. */
  public static RunConfig config(Path pictures, int dvaeSteps, int transformerSteps) {
    DvaeConfig dvae = new DvaeConfig(16, 8, 3, 1, 16, 8, 0.5, 3, 1.4, 1, 0.25, 4, OptionalDouble.of(-1));
    TransformerConfig transformer = TransformerConfig.of(24, 4, 300, 16, 2, 16, 2);
    return new RunConfig("tiny", 3, 2, new DataConfig(DataConfig.Kind.FOLDER, Optional.of(pictures), "image", "caption"),
        new TokenizerConfig(300, 2),
        new DvaeStageConfig(dvae, Compute.F32, dvaeSteps, 4, 2e-3, 1e-4, 4, 2, 0.7, 1, 0.2, 0.9, 1e-4, 0.9, 100, true, false, 4),
        new TransformerStageConfig(transformer, Compute.F32, transformerSteps, 4, 2e-3, 1e-4, 0.1, 0.1, 0, 0.01, 0.9, 1, 4, false, 4),
        new DrawingConfig(2, 2, 1, 2, 8));
  }
}
