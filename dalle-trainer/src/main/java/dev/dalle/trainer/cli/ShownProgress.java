package dev.dalle.trainer.cli;

import dev.dalle.trainer.progress.Progress;
import java.time.Duration;
import org.apache.logging.log4j.LogManager;

/** Long work's progress on standard error: a bar on a terminal, which the launcher recognises, and log lines elsewhere. */
final class ShownProgress {
  private static final Duration LINE_INTERVAL = Duration.ofSeconds(10);
  private static final int USUAL_COLUMNS = 80;

  private ShownProgress() {}

  /** For this process. */
  static Progress current() {
    return Boolean.getBoolean("dalle.terminal")
        ? Progress.bar(System.err, Math.max(2, Integer.getInteger("dalle.columns", USUAL_COLUMNS)))
        : Progress.lines(LogManager.getLogger("dalle"), LINE_INTERVAL);
  }
}
