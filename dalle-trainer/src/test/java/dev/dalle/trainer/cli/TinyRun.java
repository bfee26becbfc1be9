package dev.dalle.trainer.cli;

import dev.dalle.attention.TransformerConfig;
import dev.dalle.dvae.DvaeConfig;
import dev.dalle.trainer.config.ConfigJson;
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
import java.util.OptionalDouble;

/** A run that trains in a second: pictures of 16 x 16 pixels, a dVAE of two groups (8 x 8 tokens of 32), a transformer of two layers. */
final class TinyRun {
  private static final String[] COLOURS = {"red", "green", "blue", "black"};
  private static final int[] VALUES = {0xff0000, 0x00ff00, 0x0000ff, 0};

  private TinyRun() {}

  /** Twelve pictures with captions, of different sizes. */
  static Path pictures(Path folder) throws IOException {
    Files.createDirectories(folder);
    for (int i = 0; i < 12; i++) {
      PictureFiles.writePng(Picture.filled(16 + i, 18, VALUES[i % 4]), folder.resolve("p" + i + ".png"));
      Files.writeString(folder.resolve("p" + i + ".txt"), "a " + COLOURS[i % 4] + " square number " + i);
    }
    return folder;
  }

  static RunConfig config() {
    DvaeConfig dvae = new DvaeConfig(16, 8, 2, 1, 32, 8, 0.5, 6, Math.sqrt(2), 1, 0.25, 16, OptionalDouble.of(-1));
    TransformerConfig transformer = TransformerConfig.of(16, 8, 300, 32, 2, 16, 2);
    return new RunConfig("tiny", 5, 2, DataConfig.emoji(), new TokenizerConfig(270, 2),
        new DvaeStageConfig(dvae, Compute.F32, 6, 4, 2e-3, 1e-4, 1, 1, 0.5, 1, 0.5, 0.5, 1e-4, 0.5, 100, true, false, 2),
        new TransformerStageConfig(transformer, Compute.F32, 6, 4, 1e-3, 1e-4, 0.2, 0.1, 0, 1e-2, 0.5, 1, 4, false, 2),
        new DrawingConfig(2, 2, 1, 2, 4));
  }

  static Path write(Path file, RunConfig config) throws IOException {
    return Files.writeString(file, ConfigJson.write(config));
  }

  /** Trains both stages into a folder through the commands themselves. */
  static Path train(Path run, Path pictures, Path config) {
    Cli.lines("train", "dvae", "--config", config, "--data", pictures, "--out", run);
    Cli.lines("train", "transformer", "--out", run);
    return run;
  }
}
