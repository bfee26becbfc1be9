package dev.dalle.trainer.cli;

import dev.dalle.trainer.progress.Progress;
import java.time.Duration;
import org.apache.logging.log4j.LogManager;

/** What the launcher found out about standard error before it started the JVM, which cannot tell. */
final class Terminal {

  private static final Duration LINE_INTERVAL = Duration.ofSeconds(5);

  private Terminal() {}

  /** A bar if standard error is a terminal, else a line every few seconds. */
  static Progress progress() {
    return Boolean.getBoolean("dalle.terminal")
        ? Progress.bar(System.err, Integer.getInteger("dalle.columns", 80))
        : Progress.lines(LogManager.getLogger("dev.dalle.trainer.progress"), LINE_INTERVAL);
  }
}
