package dev.dalle.precision.scale;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class GradientScalesTest {
  private static final double ROOT = Math.sqrt(2);
  private static final double GROWTH = Math.pow(2, 0.001);

  private static GradientScales scales(GradientScaleConfig config, int count) {
    return new GradientScales(config, IntStream.range(0, count).mapToObj(i -> "block" + i).toList());
  }

  @Test
  void paperNumbers() {
    GradientScaleConfig config = GradientScaleConfig.paper(1024);
    assertEquals(0x1p23, config.start());
    assertEquals(0x1p17, config.least());
    assertEquals(0x1p34, config.greatest());
    assertEquals(125, config.window());
    GradientScales scales = scales(GradientScaleConfig.paper(1), 1);
    for (int i = 0; i < 1000; i++) {
      assertFalse(scales.update(new boolean[1]).skip());
    }
    assertEquals(0x1p14, scales.scale(0), 0x1p14 * 1e-12, "a thousand good updates double a scale");
  }

  /** Each block by itself: g good, b not finite. */
  @Test
  void aBlockIsDividedAtMostOnceInItsWindow() {
    GradientScaleConfig config = new GradientScaleConfig(1024, 1, 1 << 20, GROWTH, ROOT, 3);
    record Case(String flags, double expected) {}
    for (Case c : List.of(new Case("g", 1024 * GROWTH), new Case("b", 1024 / ROOT), new Case("bbbb", 1024 / ROOT), new Case("bbbbb", 1024 / ROOT / ROOT),
        new Case("bggb", 1024 / ROOT * GROWTH * GROWTH), new Case("bgggb", 1024 / ROOT * GROWTH * GROWTH * GROWTH / ROOT),
        new Case("bbgb", 1024 / ROOT * GROWTH))) {
      GradientScales scales = scales(config, 1);
      int bad = 0;
      for (char flag : c.flags.toCharArray()) {
        assertEquals(flag == 'b', scales.update(new boolean[] {flag == 'b'}).skip(), "every update with a bad block is skipped");
        bad += flag == 'b' ? 1 : 0;
      }
      assertEquals(c.expected, scales.scale(0), 1e-9, c.flags);
      assertEquals(bad, scales.skipped());
      assertEquals(c.flags.length(), scales.updates());
    }
  }

  /**
   * Several blocks, an update a word: of each block whether it was g good or b not finite. Expected is each scale after the last update as the paper's rules
   * give it, written out.
   */
  @Test
  void rulesOfSeveralBlocks() {
    double start = 0x1p13;
    double least = 0x1p7;
    double greatest = 0x1p24;
    record Case(String what, double start, int window, String updates, double[] expected) {}
    for (Case c : List.of(
        new Case("no block is bad", start, 125, "ggg ggg", new double[] {start * GROWTH * GROWTH, start * GROWTH * GROWTH, start * GROWTH * GROWTH}),
        new Case("one is bad: the others grow although the update is skipped", start, 125, "gbg", new double[] {start * GROWTH, start / ROOT, start * GROWTH}),
        new Case("all are bad", start, 125, "bbb", new double[] {start / ROOT, start / ROOT, start / ROOT}),
        new Case("each block has a window of its own", start, 2, "bgg gbg bbb ggb bgg", new double[] {
            start / ROOT * GROWTH * GROWTH / ROOT, start * GROWTH / ROOT * GROWTH * GROWTH, start * GROWTH * GROWTH / ROOT * GROWTH}),
        new Case("a bad update in the window does not begin another window", start, 3, "b b b b b", new double[] {start / ROOT / ROOT}),
        new Case("nor does a good one end it", start, 3, "b g b g b", new double[] {start / ROOT * GROWTH * GROWTH / ROOT}),
        new Case("without a window every bad update divides", start, 0, "bg bg bb", new double[] {start / ROOT / ROOT / ROOT, start * GROWTH * GROWTH / ROOT}),
        new Case("the greatest scale stays", greatest, 125, "gb gg", new double[] {greatest, greatest / ROOT * GROWTH}),
        new Case("from the greatest scale down, however many good updates came before", greatest, 125, "g g g b", new double[] {greatest / ROOT}),
        new Case("less than a growth below the greatest", Math.nextDown(greatest), 125, "g", new double[] {greatest}),
        new Case("the least scale stays", least, 0, "bg bg bb", new double[] {least, least}),
        new Case("from the least scale up, however many bad updates came before", least, 0, "b b b g", new double[] {least * GROWTH}),
        new Case("less than a division above the least", least * 1.2, 0, "b", new double[] {least}))) {
      GradientScales scales = scales(new GradientScaleConfig(c.start, least, greatest, GROWTH, ROOT, c.window), c.expected.length);
      for (String update : c.updates.split(" ")) {
        boolean[] flags = new boolean[update.length()];
        for (int block = 0; block < flags.length; block++) {
          flags[block] = update.charAt(block) == 'b';
        }
        assertEquals(update.contains("b"), scales.update(flags).skip(), c.what);
      }
      assertArrayEquals(c.expected, scales.state().scales(), 1e-12 * c.start, c.what);
      // The range has no tolerance.
      assertTrue(Arrays.stream(scales.state().scales()).allMatch(scale -> scale >= least && scale <= greatest), c.what);
    }
  }

  /** After a division come so many good updates, then a bad one: is it divided again? */
  @Test
  void thePapersWindowHas125Updates() {
    for (int good : new int[] {0, 1, 63, 123, 124, 125, 126, 400}) {
      GradientScales scales = scales(GradientScaleConfig.paper(1), 1);
      assertEquals(List.of("block0"), scales.update(new boolean[] {true}).divided());
      for (int i = 0; i < good; i++) {
        scales.update(new boolean[1]);
      }
      double before = scales.scale(0);
      GradientScales.Verdict verdict = scales.update(new boolean[] {true});
      assertTrue(verdict.skip());
      assertEquals(good >= 125 ? List.of("block0") : List.of(), verdict.divided(), good + " good updates in between");
      assertEquals(good >= 125 ? before / ROOT : before, scales.scale(0));
    }
  }

  /** All that can happen to two blocks in seven updates: each one's scale is the same in every bit as if the other were not there, and in its range. */
  @Test
  void everyBlockIsByItself() {
    int updates = 7;
    GradientScaleConfig config = new GradientScaleConfig(8, 5, 16, 1.3, 1.9, 2);
    double[][] alone = new double[1 << updates][updates];
    for (int history = 0; history < alone.length; history++) {
      GradientScales one = scales(config, 1);
      for (int update = 0; update < updates; update++) {
        one.update(new boolean[] {(history >> update & 1) == 1});
        alone[history][update] = one.scale(0);
        assertTrue(one.scale(0) >= 5 && one.scale(0) <= 16);
      }
    }
    for (int first = 0; first < alone.length; first++) {
      for (int second = 0; second < alone.length; second++) {
        GradientScales two = scales(config, 2);
        for (int update = 0; update < updates; update++) {
          two.update(new boolean[] {(first >> update & 1) == 1, (second >> update & 1) == 1});
          assertEquals(alone[first][update], two.scale(0));
          assertEquals(alone[second][update], two.scale(1));
        }
      }
    }
  }

  @Test
  void thePapersRangeGrowsWithTheReplicas() {
    for (int replicas : new int[] {1, 2, 8, 1000, 1024, Integer.MAX_VALUE}) {
      double m = replicas;
      assertEquals(new GradientScaleConfig(m * (1 << 13), m * (1 << 7), m * (1 << 24), GROWTH, ROOT, 125), GradientScaleConfig.paper(replicas));
    }
  }

  @Test
  void oneBadBlockChangesNoOther() {
    GradientScales scales = scales(GradientScaleConfig.paper(1), 3);
    GradientScales.Verdict verdict = scales.update(new boolean[] {false, true, false});
    assertTrue(verdict.skip());
    assertEquals(List.of("block1"), verdict.nonfinite());
    assertEquals(List.of("block1"), verdict.divided());
    assertEquals(0x1p13 * GROWTH, scales.scale(0));
    assertEquals(0x1p13 / ROOT, scales.scale(1));
    assertEquals(0x1p13 * GROWTH, scales.scale(2));
    verdict = scales.update(new boolean[] {false, true, false});
    assertEquals(List.of("block1"), verdict.nonfinite());
    assertEquals(List.of(), verdict.divided());
  }

  @Test
  void whatIsOutsideAllBlocksSkipsAndLeavesScalesAlone() {
    GradientScales scales = scales(GradientScaleConfig.paper(1), 2);
    GradientScales.Verdict verdict = scales.update(new boolean[2], true);
    assertEquals(new GradientScales.Verdict(true, List.of(), List.of()), verdict);
    assertEquals(1, scales.skipped());
    assertEquals(0x1p13 * GROWTH, scales.scale(0));
    verdict = scales.update(new boolean[] {true, false}, true);
    assertEquals(new GradientScales.Verdict(true, List.of("block0"), List.of("block0")), verdict);
    assertEquals(2, scales.skipped());
  }

  @Test
  void theFirstDivisionNeedNotWaitForAWindow() {
    GradientScales scales = scales(GradientScaleConfig.paper(1), 1);
    assertEquals(List.of("block0"), scales.update(new boolean[] {true}).divided());
    for (int update = 2; update <= 126; update++) {
      assertEquals(List.of(), scales.update(new boolean[] {true}).divided(), "update " + update);
      assertEquals(0x1p13 / ROOT, scales.scale(0), "neither grown nor divided");
    }
    assertEquals(List.of("block0"), scales.update(new boolean[] {true}).divided(), "125 updates after the first division");
  }

  @Test
  void noScaleEverLeavesItsRange() {
    Random random = new Random(1);
    GradientScaleConfig config = new GradientScaleConfig(8, 4, 16, 1.7, 3, 2);
    GradientScales scales = scales(config, 4);
    for (int i = 0; i < 10_000; i++) {
      boolean[] flags = new boolean[4];
      for (int b = 0; b < 4; b++) {
        flags[b] = random.nextInt(4) <= b;
      }
      scales.update(flags);
      for (int b = 0; b < 4; b++) {
        assertTrue(scales.scale(b) >= 4 && scales.scale(b) <= 16, () -> "" + scales.state());
      }
    }
  }

  @Test
  void aRestoredStateGoesOnInTheSameBits() {
    Random random = new Random(2);
    GradientScales whole = scales(GradientScaleConfig.paper(8), 5);
    GradientScales resumed = whole;
    for (int i = 0; i < 2000; i++) {
      boolean[] flags = new boolean[5];
      flags[random.nextInt(5)] = random.nextInt(20) == 0;
      whole.update(flags);
      if (resumed != whole) {
        resumed.update(flags);
      }
      if (i % 100 == 50) {
        GradientScales.State state = resumed.state();
        resumed = scales(GradientScaleConfig.paper(8), 5);
        resumed.restore(state);
      }
      assertArrayEquals(whole.state().scales(), resumed.state().scales());
    }
    assertEquals(whole.skipped(), resumed.skipped());
  }

  @Test
  void refusesStatesThatCannotBe() {
    GradientScales scales = scales(GradientScaleConfig.paper(1), 2);
    GradientScales.State good = scales.state();
    assertEquals("gradient scales: expected 2 blocks, got 1 scales and 1 divisions; the checkpoint is of another model", message(scales,
        new GradientScales.State(new double[1], new long[1], 0, 0)));
    assertEquals("gradient scale of block1: expected 128.0 to 1.6777216E7, got NaN; the checkpoint is damaged or was made with another range",
        message(scales, new GradientScales.State(new double[] {8192, Double.NaN}, good.lastDivision(), 0, 0)));
    assertEquals("gradient scale of block0: divided in update 7 of 3; the checkpoint is damaged",
        message(scales, new GradientScales.State(good.scales(), new long[] {7, 0}, 3, 0)));
    assertEquals("gradient scale of block1: divided in update -9223372036854775808 of 3; the checkpoint is damaged",
        message(scales, new GradientScales.State(good.scales(), new long[] {0, Long.MIN_VALUE}, 3, 0)));
    assertEquals("gradient scales: 4 of 3 updates skipped; the checkpoint is damaged",
        message(scales, new GradientScales.State(good.scales(), good.lastDivision(), 3, 4)));
    assertArrayEquals(good.scales(), scales.state().scales());
    assertThrows(IllegalArgumentException.class, () -> scales.update(new boolean[3]));
    assertEquals(0, scales.updates());
    assertThrows(IllegalArgumentException.class, () -> new GradientScales(GradientScaleConfig.paper(1), List.of("a", "a")));
  }

  private static String message(GradientScales scales, GradientScales.State state) {
    return assertThrows(IllegalArgumentException.class, () -> scales.restore(state)).getMessage();
  }

  @Test
  void refusesImpossibleRules() {
    for (Runnable each : List.<Runnable>of(() -> new GradientScaleConfig(0.5, 1, 2, 1.1, 2, 1), () -> new GradientScaleConfig(3, 1, 2, 1.1, 2, 1),
        () -> new GradientScaleConfig(Double.NaN, 1, 2, 1.1, 2, 1), () -> new GradientScaleConfig(1, 0, 2, 1.1, 2, 1),
        () -> new GradientScaleConfig(1, 1, Double.POSITIVE_INFINITY, 1.1, 2, 1), () -> new GradientScaleConfig(1, 1, 2, 0.9, 2, 1),
        () -> new GradientScaleConfig(1, 1, 0x1p127, 1.1, 2, 1),
        () -> new GradientScaleConfig(1, 0x1p-127, 1, 1.1, 2, 1), () -> new GradientScaleConfig(1, 1, 2, 1.1, 1, 1),
        () -> new GradientScaleConfig(1, 1, 2, 1.1, 2, -1), () -> GradientScaleConfig.paper(0))) {
      assertThrows(IllegalArgumentException.class, each::run);
    }
  }

  @Test
  void theLossScaleFollowsItsRules() {
    LossScale scale = new LossScale(1024, 2, 0.5, 3);
    assertTrue(scale.update(true));
    assertEquals(512, scale.scale());
    for (int i = 0; i < 2; i++) {
      assertFalse(scale.update(false));
      assertEquals(512, scale.scale());
    }
    scale.update(false);
    assertEquals(1024, scale.scale());
    scale.update(false);
    scale.update(true);
    assertEquals(512, scale.scale());
    assertEquals(0, scale.goodInARow());
    scale.restore(0x1p127, 2);
    scale.update(false);
    assertEquals(0x1p127, scale.scale(), "what a float cannot hold is not reached");
    scale.restore(Float.MIN_NORMAL, 0);
    scale.update(true);
    assertEquals(Float.MIN_NORMAL, scale.scale(), "nor is what has no inverse in a float");
    assertThrows(IllegalArgumentException.class, () -> scale.restore(1e-40, 0));
    assertThrows(IllegalArgumentException.class, () -> scale.restore(1e39, 0));
    assertThrows(IllegalArgumentException.class, () -> scale.restore(Double.NaN, 0));
    assertThrows(IllegalArgumentException.class, () -> scale.restore(1, 3));
    assertThrows(IllegalArgumentException.class, () -> new LossScale(1, 1, 0.5, 1));
  }
}
