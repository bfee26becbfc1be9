package dev.dalle.attention.internal.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.attention.AttentionPattern;
import dev.dalle.attention.internal.cpu.StepPlan.Run;
import dev.dalle.attention.internal.cpu.StepPlan.Step;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** That a plan holds exactly the pattern's pairs, and hardly more than it must. */
class StepPlanTest {
  @Test
  void plansHoldThePairsOfTheirPattern() {
    for (int[] size : new int[][] {{0, 3}, {7, 4}, {12, 8}, {17, 5}, {16, 16}, {33, 9}, {64, 8}, {70, 20}}) {
      for (AttentionPattern pattern : List.of(new AttentionPattern.DenseCausal(size[0], size[1]), new AttentionPattern.Row(size[0], size[1]),
          new AttentionPattern.Column(size[0], size[1]), new AttentionPattern.Convolution(size[0], size[1], 3))) {
        for (int states : new int[] {1, pattern.length() / 2, pattern.length()}) {
          check(pattern, states);
        }
      }
    }
  }

  private static void check(AttentionPattern pattern, int states) {
    StepPlan plan = StepPlan.of(pattern, states);
    boolean[][] held = new boolean[states][states];
    int[] seen = new int[states];
    Arrays.stream(plan.stateOfSlot).filter(state -> state >= 0).forEach(state -> seen[state]++);
    assertTrue(Arrays.stream(seen).allMatch(count -> count == 1), "every state has one slot");
    assertEquals(0, plan.slots() % plan.columns);
    for (Step step : plan.steps) {
      boolean[] written = new boolean[step.rows() * plan.columns];
      for (Run run : step.runs()) {
        assertTrue(run.keys() <= StepPlan.LONGEST_RUN);
        for (int k = 0; k < run.keys(); k++) {
          for (int q = 0; q < run.queries(); q++) {
            int at = run.at() + k * plan.columns + q;
            assertEquals(run.queryAt() + q - step.queryAt(), at % plan.columns, "a query has a column of its own");
            assertTrue(!written[at], "a score is computed once");
            written[at] = true;
            int query = plan.stateOfSlot[run.queryAt() + q];
            int key = plan.stateOfSlot[run.keyAt() + k];
            if (query >= 0 && mask(plan, step, at) == 0) {
              held[query][key] = true;
            }
          }
        }
      }
      for (int at = 0; at < written.length; at++) {
        assertTrue(written[at] || mask(plan, step, at) < 0, "what was not computed is masked");
      }
    }
    for (int query = 0; query < states; query++) {
      for (int key = 0; key < states; key++) {
        assertEquals(pattern.attends(query, key), held[query][key], pattern + ", " + states + " states, " + query + " reads " + key);
      }
    }
  }

  private static float mask(StepPlan plan, Step step, int at) {
    int maskAt = step.maskAt()[at / plan.columns / StepPlan.UNIT];
    return maskAt == StepPlan.UNMASKED ? 0 : plan.masks[maskAt + at % (StepPlan.UNIT * plan.columns)];
  }

  /** Blocks of 32 x 32 computed at the paper's size; dense causal attention has 820 of them, and no skipping at all 1,600. */
  @Test
  void wasteAtThePaperSizeIsSmall() {
    assertBlocks(355, 1.1073, new AttentionPattern.Row(256, 32));
    assertBlocks(324, 1.0636, new AttentionPattern.Column(256, 32));
    assertBlocks(495, 1.4223, new AttentionPattern.Convolution(256, 32, 11));
    assertBlocks(820, 1.0242, new AttentionPattern.DenseCausal(256, 32));
  }

  private static void assertBlocks(int blocks, double waste, AttentionPattern pattern) {
    StepPlan plan = StepPlan.of(pattern, pattern.length());
    assertEquals(blocks, plan.computedPairs() / (StepPlan.BLOCK * StepPlan.BLOCK), pattern.toString());
    assertEquals(waste, (double) plan.computedPairs() / pattern.pairCount(), 5e-5, pattern.toString());
  }
}
