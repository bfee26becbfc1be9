package dev.dalle.trainer.cli;

import dev.dalle.trainer.progress.Progress;
import java.time.Duration;
import org.apache.logging.log4j.LogManager;

/** Where progress is shown: a bar if standard error is a terminal, as the launcher found out, plain lines otherwise. */
final class Terminal {
  private Terminal() {}

  static Progress progress() {
    return Boolean.getBoolean("dalle.terminal") ? Progress.bar(System.err, Integer.getInteger("dalle.columns", 80))
        : Progress.lines(LogManager.getLogger("dalle"), Duration.ofSeconds(10));
  }
}
