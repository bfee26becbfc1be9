package dev.dalle.trainer.config;

import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Durations as people write them: {@code 15m}, {@code 90s}, {@code 1h30m}, {@code 250ms}. */
public final class DurationText {

  private static final Pattern PART = Pattern.compile("(\\d{1,12})(ms|us|ns|d|h|m|s)");
  private static final String[] UNITS = {"d", "h", "m", "s", "ms", "us", "ns"};
  private static final long[] NANOS = {
    86_400_000_000_000L, 3_600_000_000_000L, 60_000_000_000L, 1_000_000_000L, 1_000_000L, 1_000L, 1L
  };

  private DurationText() {}

  /**
   * Reads a duration.
   *
   * @param text whole numbers, each with one of the units d, h, m, s, ms, us, ns, the larger unit first
   * @return the duration
   * @throws IllegalArgumentException if the text has another form; the message shows it
   */
  public static Duration parse(String text) {
    Matcher matcher = PART.matcher(text);
    Duration sum = Duration.ZERO;
    int end = 0;
    int lastUnit = -1;
    while (end < text.length() && matcher.find(end) && matcher.start() == end) {
      int unit = java.util.Arrays.asList(UNITS).indexOf(matcher.group(2));
      if (unit <= lastUnit) {
        throw malformed(text);
      }
      sum = sum.plus(Duration.ofNanos(NANOS[unit]).multipliedBy(Long.parseLong(matcher.group(1))));
      lastUnit = unit;
      end = matcher.end();
    }
    if (end == 0 || end < text.length()) {
      throw malformed(text);
    }
    return sum;
  }

  /**
   * Writes a duration in the form that {@link #parse} reads back to an equal one.
   *
   * @param duration not negative
   * @return for example {@code 1h30m}; {@code 0s} for none
   * @throws IllegalArgumentException if the duration is negative
   */
  public static String format(Duration duration) {
    if (duration.isNegative()) {
      throw new IllegalArgumentException("duration: expected not negative, got " + duration);
    }
    StringBuilder text = new StringBuilder();
    Duration rest = duration;
    for (int i = 0; i < UNITS.length; i++) {
      Duration unit = Duration.ofNanos(NANOS[i]);
      long count = rest.dividedBy(unit);
      if (count > 0) {
        text.append(count).append(UNITS[i]);
        rest = rest.minus(unit.multipliedBy(count));
      }
    }
    return text.isEmpty() ? "0s" : text.toString();
  }

  private static IllegalArgumentException malformed(String text) {
    return new IllegalArgumentException("expected a duration like 90s, 15m or 1h30m, found '" + text + "'");
  }
}
