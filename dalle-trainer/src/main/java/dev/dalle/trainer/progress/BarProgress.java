package dev.dalle.trainer.progress;

import java.io.PrintStream;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalDouble;
import me.tongfei.progressbar.DelegatingProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarConsumer;
import me.tongfei.progressbar.ProgressBarStyle;

/** Progress as one bar a stage, redrawn in place five times a second. */
final class BarProgress implements Progress {

  private final PrintStream out;
  private final int columns;

  BarProgress(PrintStream out, int columns) {
    if (columns < 1) {
      throw new IllegalArgumentException("columns: expected at least 1, got " + columns);
    }
    this.out = out;
    this.columns = columns;
  }

  @Override
  public Stage stage(String name, long stepsDone, long stepsTotal) {
    Pace pace = new Pace(stepsDone, stepsTotal, System::nanoTime);
    ProgressBar bar =
        new ProgressBarBuilder()
            .setTaskName(name)
            .setInitialMax(stepsTotal)
            .startsFrom(stepsDone, Duration.ZERO)
            .setUpdateIntervalMillis(200)
            .setStyle(ProgressBarStyle.ASCII)
            .setEtaFunction(
                state -> {
                  // Called by the library's own thread.
                  synchronized (pace) {
                    OptionalDouble seconds = pace.secondsLeft();
                    return seconds.isEmpty() ? Optional.empty() : Optional.of(Duration.ofSeconds(Math.round(seconds.getAsDouble())));
                  }
                })
            .setConsumer(consumer())
            .build();
    return new Stage() {
      private String note = "";

      @Override
      public void note(String text) {
        note = text.isEmpty() ? "" : ", " + text;
      }

      @Override
      public void step(long step, double loss, long examples) {
        synchronized (pace) {
          pace.step(step, examples);
          bar.stepTo(step);
          bar.setExtraMessage(" " + Pace.describe(loss, pace.examplesPerSecond()) + note);
        }
      }

      @Override
      public void aside(Runnable writing) {
        // The library's own thread draws meanwhile.
        synchronized (out) {
          out.print("\r" + " ".repeat(columns - 1) + "\r");
          out.flush();
          writing.run();
        }
      }

      @Override
      public void close() {
        bar.close();
      }
    };
  }

  private void draw(String line) {
    synchronized (out) {
      out.print("\r" + line);
    }
  }

  /** The library's own console consumer asks a terminal library for the width, which loads native code; we know it already. */
  private ProgressBarConsumer consumer() {
    return new DelegatingProgressBarConsumer(this::draw, columns - 1) {
      @Override
      public void close() {
        out.println();
        out.flush();
      }
    };
  }
}
