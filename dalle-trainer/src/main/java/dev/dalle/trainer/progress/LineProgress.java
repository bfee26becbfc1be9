package dev.dalle.trainer.progress;

import java.time.Duration;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/** Progress as lines of text, not more often than an interval. */
final class LineProgress implements Progress {

  private final Consumer<String> lines;
  private final long intervalNanos;
  private final LongSupplier nanoTime;

  LineProgress(Consumer<String> lines, Duration interval, LongSupplier nanoTime) {
    this.lines = lines;
    this.intervalNanos = interval.toNanos();
    this.nanoTime = nanoTime;
  }

  @Override
  public Stage stage(String name, long stepsDone, long stepsTotal) {
    Pace pace = new Pace(stepsDone, stepsTotal, nanoTime);
    lines.accept(
        stepsDone == 0
            ? String.format(Locale.ROOT, "%s: %d steps", name, stepsTotal)
            : String.format(Locale.ROOT, "%s: continues at step %d of %d", name, stepsDone, stepsTotal));
    return new Stage() {
      private long lastNanos = nanoTime.getAsLong();
      private long lastStep = stepsDone;
      private String note = "";
      private boolean closed;

      @Override
      public void note(String text) {
        note = text;
      }

      @Override
      public void step(long step, double loss, long examples) {
        pace.step(step, examples);
        long now = nanoTime.getAsLong();
        boolean first = lastStep == stepsDone;
        lastStep = step;
        if (!first && step < stepsTotal && now - lastNanos < intervalNanos) {
          return;
        }
        lastNanos = now;
        StringBuilder line = new StringBuilder(String.format(Locale.ROOT, "%s: step %d/%d", name, step, stepsTotal));
        String state = Pace.describe(loss, pace.examplesPerSecond());
        if (!state.isEmpty()) {
          line.append(", ").append(state);
        }
        if (!note.isEmpty()) {
          line.append(", ").append(note);
        }
        pace.secondsLeft().ifPresent(seconds -> line.append(", ").append(Pace.clock(seconds)).append(" left"));
        lines.accept(line.toString());
      }

      @Override
      public void close() {
        if (!closed) {
          closed = true;
          lines.accept(
              String.format(
                  Locale.ROOT, "%s: %s after %s", name, lastStep < stepsTotal ? "stopped at step " + lastStep : "done", Pace.clock(pace.secondsSinceStart())));
        }
      }
    };
  }
}
