package dev.dalle.trainer.progress;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.function.LongSupplier;

/** How fast a stage goes now: rates over the last seconds, not since the beginning, which a slow first step would distort. */
final class Pace {

  private static final long WINDOW_NANOS = Duration.ofSeconds(20).toNanos();

  private record Mark(long nanos, long step, long examples) {}

  private final LongSupplier nanoTime;
  private final long stepsTotal;
  private final Deque<Mark> marks = new ArrayDeque<>();
  private final long startNanos;
  private long step;
  private long examples;

  Pace(long stepsDone, long stepsTotal, LongSupplier nanoTime) {
    if (stepsDone < 0 || stepsTotal < stepsDone) {
      throw new IllegalArgumentException("stepsTotal: expected at least stepsDone, got " + stepsDone + " of " + stepsTotal);
    }
    this.nanoTime = nanoTime;
    this.stepsTotal = stepsTotal;
    this.step = stepsDone;
    this.startNanos = nanoTime.getAsLong();
    marks.add(new Mark(startNanos, stepsDone, 0));
  }

  void step(long step, long examplesOfStep) {
    this.step = step;
    this.examples += examplesOfStep;
    long now = nanoTime.getAsLong();
    marks.add(new Mark(now, step, examples));
    // One mark older than the window stays, so that steps longer than the window have a rate too.
    while (marks.size() > 2 && now - secondOldest().nanos >= WINDOW_NANOS) {
      marks.removeFirst();
    }
  }

  private Mark secondOldest() {
    var iterator = marks.iterator();
    iterator.next();
    return iterator.next();
  }

  OptionalDouble examplesPerSecond() {
    double seconds = (marks.getLast().nanos - marks.getFirst().nanos) / 1e9;
    return seconds > 0 ? OptionalDouble.of((marks.getLast().examples - marks.getFirst().examples) / seconds) : OptionalDouble.empty();
  }

  OptionalDouble secondsLeft() {
    long steps = marks.getLast().step - marks.getFirst().step;
    double seconds = (marks.getLast().nanos - marks.getFirst().nanos) / 1e9;
    return steps > 0 ? OptionalDouble.of(seconds / steps * (stepsTotal - step)) : OptionalDouble.empty();
  }

  double secondsSinceStart() {
    return (nanoTime.getAsLong() - startNanos) / 1e9;
  }

  /** For example {@code loss 2.9310, 312 examples/s}; what is not known is left out. */
  static String describe(double loss, OptionalDouble rate) {
    StringBuilder text = new StringBuilder();
    if (!Double.isNaN(loss)) {
      text.append(String.format(Locale.ROOT, "loss %.4f", loss));
    }
    rate.ifPresent(
        r -> text.append(text.isEmpty() ? "" : ", ").append(String.format(Locale.ROOT, r < 10 ? "%.1f examples/s" : "%.0f examples/s", r)));
    return text.toString();
  }

  /** For example {@code 1:02:03} or {@code 4:05}. */
  static String clock(double seconds) {
    long s = Math.round(seconds);
    return s >= 3600
        ? String.format(Locale.ROOT, "%d:%02d:%02d", s / 3600, s / 60 % 60, s % 60)
        : String.format(Locale.ROOT, "%d:%02d", s / 60, s % 60);
  }
}
