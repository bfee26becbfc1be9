package dev.dalle.trainer.progress;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ProgressTest {

  private final AtomicLong now = new AtomicLong(123);
  private final List<String> lines = new ArrayList<>();
  private final Progress progress = new LineProgress(lines::add, Duration.ofSeconds(5), now::get);

  private void pass(double seconds) {
    now.addAndGet(Math.round(seconds * 1e9));
  }

  @Test
  void aLineNowAndThen() {
    try (Progress.Stage stage = progress.stage("train dvae", 13)) {
      for (int step = 1; step <= 13; step++) {
        pass(2);
        stage.step(step, 10.0 / step, 16);
      }
    }
    assertEquals(
        List.of(
            "train dvae: 13 steps",
            "train dvae: step 1/13, loss 10.0000, 8.0 examples/s, 0:24 left",
            "train dvae: step 4/13, loss 2.5000, 8.0 examples/s, 0:18 left",
            "train dvae: step 7/13, loss 1.4286, 8.0 examples/s, 0:12 left",
            "train dvae: step 10/13, loss 1.0000, 8.0 examples/s, 0:06 left",
            "train dvae: step 13/13, loss 0.7692, 8.0 examples/s, 0:00 left",
            "train dvae: done after 0:26"),
        lines);
  }

  @Test
  void aResumedStageCountsFromWhereItWasAndKnowsItsOwnPace() {
    Progress.Stage stage = progress.stage("draw", 100, 7_400);
    pass(1);
    stage.step(101, 1_000);
    stage.close();
    stage.close();
    assertEquals(
        List.of(
            "draw: continues at step 100 of 7400",
            "draw: step 101/7400, 1000 examples/s, 2:01:39 left",
            "draw: stopped at step 101 after 0:01"),
        lines);
  }

  @Test
  void aNoteStaysUntilItIsReplaced() {
    try (Progress.Stage stage = progress.stage("train", 4)) {
      stage.note("2 skipped");
      for (int step = 1; step <= 4; step++) {
        pass(6);
        stage.step(step, 1);
        stage.note(step < 2 ? "3 skipped" : "");
      }
    }
    assertEquals(List.of("train: step 1/4, 0.2 examples/s, 2 skipped, 0:18 left", "train: step 2/4, 0.2 examples/s, 3 skipped, 0:12 left",
        "train: step 3/4, 0.2 examples/s, 0:06 left", "train: step 4/4, 0.2 examples/s, 0:00 left"), lines.subList(1, 5));
  }

  /** After a slow first minute the rate is that of the last seconds. */
  @Test
  void thePaceIsThatOfTheLastSeconds() {
    Pace pace = new Pace(0, 1_000, now::get);
    pass(60);
    pace.step(1, 8);
    assertEquals(8 / 60.0, pace.examplesPerSecond().orElseThrow(), 1e-9);
    for (int step = 2; step <= 400; step++) {
      pass(0.1);
      pace.step(step, 8);
    }
    assertEquals(80, pace.examplesPerSecond().orElseThrow(), 0.5);
    assertEquals(60, pace.secondsLeft().orElseThrow(), 0.5);
    assertThrows(IllegalArgumentException.class, () -> new Pace(5, 4, now::get));
  }

  @Test
  void nothingIsClaimedBeforeTheFirstStep() {
    Pace pace = new Pace(0, 10, now::get);
    assertTrue(pace.examplesPerSecond().isEmpty());
    assertTrue(pace.secondsLeft().isEmpty());
    pace.step(1, 5);
    assertTrue(pace.examplesPerSecond().isEmpty(), "no time has passed");
  }

  @Test
  void theBarShowsStageStepLossRateAndTimeLeft() throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (Progress.Stage stage = Progress.bar(new PrintStream(bytes, true, StandardCharsets.UTF_8), 120).stage("train transformer", 40, 200)) {
      for (int step = 41; step <= 60; step++) {
        Thread.sleep(15);
        stage.step(step, 2.9312, 4);
      }
    }
    String last = bytes.toString(StandardCharsets.UTF_8).strip();
    last = last.substring(last.lastIndexOf('\r') + 1);
    assertTrue(last.startsWith("train transformer"), last);
    assertTrue(last.contains("60/200"), last);
    assertTrue(last.contains("loss 2.9312, "), last);
    assertTrue(last.contains(" examples/s"), last);
    assertTrue(last.matches(".*\\d:\\d\\d:\\d\\d / \\d:\\d\\d:\\d\\d.*"), last);
    assertFalse(last.length() >= 120, last);
    assertThrows(IllegalArgumentException.class, () -> Progress.bar(System.err, 0));
  }

  /** What is written between takes the place of the bar, which is drawn again below it. */
  @Test
  void theBarStepsAside() throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    PrintStream terminal = new PrintStream(bytes, true, StandardCharsets.UTF_8);
    try (Progress.Stage stage = Progress.bar(terminal, 60).stage("draw", 4)) {
      stage.step(1, 1);
      Thread.sleep(300);
      stage.aside(() -> terminal.print("a.png\n"));
      Thread.sleep(300);
    }
    String text = bytes.toString(StandardCharsets.UTF_8);
    assertTrue(text.contains("\r" + " ".repeat(59) + "\ra.png\n\rdraw"), text);
    int[] count = {0};
    progress.stage("draw", 4).aside(() -> count[0]++);
    assertEquals(1, count[0]);
  }
}
