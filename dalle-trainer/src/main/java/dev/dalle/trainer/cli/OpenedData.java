package dev.dalle.trainer.cli;

import dev.dalle.trainer.data.CaptionedPictures;
import dev.dalle.trainer.data.DataSets;
import dev.dalle.trainer.data.FolderPictures;
import dev.dalle.trainer.data.TablePictures;
import dev.dalle.trainer.progress.Progress;
import dev.dalle.trainer.run.DataConfig;

/** Opens what a configuration names. */
final class OpenedData {
  private OpenedData() {}

  /**
   * The data set of a configuration.
   *
   * @param side at which drawings will mostly be asked for; they are rendered now if they never were
   * @param threads that render
   * @param progress shows the rendering
   * @return to be closed by the caller
   * @throws dev.dalle.trainer.data.DataException if it cannot be opened
   */
  static CaptionedPictures open(DataConfig config, int side, int threads, Progress progress) {
    return switch (config.kind()) {
      case EMOJI -> {
        try (RenderProgress shown = new RenderProgress(progress)) {
          yield DataSets.emoji(side, threads, shown);
        }
      }
      case FOLDER -> FolderPictures.open(config.path().orElseThrow());
      case TABLE -> TablePictures.open(config.path().orElseThrow(), config.imageColumn(), config.captionColumn());
      case WEBDATASET -> DataSets.webDataset(config.path().orElseThrow());
    };
  }
}
