package dev.dalle.trainer.cli;

import dev.dalle.trainer.data.EmojiPictures;
import dev.dalle.trainer.progress.Progress;

/** Shows the rendering of drawings as a stage, which begins with the first drawing: usually there is nothing to render. Any thread. */
final class RenderProgress implements EmojiPictures.Progress, AutoCloseable {
  private final Progress progress;
  private Progress.Stage stage;
  private int count;

  RenderProgress(Progress progress) {
    this.progress = progress;
  }

  @Override
  public synchronized void drawn(int done, int total) {
    if (stage == null) {
      stage = progress.stage("render drawings", total);
      count = 0;
    }
    // Counted here: threads do not always report in the order of their numbers.
    count++;
    stage.step(count, 1);
    if (count == total) {
      close();
    }
  }

  @Override
  public synchronized void close() {
    if (stage != null) {
      stage.close();
      stage = null;
    }
  }
}
