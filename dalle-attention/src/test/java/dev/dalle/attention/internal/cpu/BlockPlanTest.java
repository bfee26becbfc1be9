package dev.dalle.attention.internal.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.attention.AttentionPattern;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** That a plan holds exactly the pattern's pairs, and hardly more than it must. */
class BlockPlanTest {
  @Test
  void plansHoldThePairsOfTheirPattern() {
    for (int lanes : new int[] {4, 8, 16}) {
      for (int[] size : new int[][] {{0, 3}, {7, 4}, {12, 8}, {17, 5}, {16, 16}}) {
        for (AttentionPattern pattern : List.of(new AttentionPattern.DenseCausal(size[0], size[1]), new AttentionPattern.Row(size[0], size[1]),
            new AttentionPattern.Column(size[0], size[1]), new AttentionPattern.Convolution(size[0], size[1], 3))) {
          for (int states : new int[] {1, pattern.length() / 2, pattern.length()}) {
            check(pattern, states, lanes);
          }
        }
      }
    }
  }

  private static void check(AttentionPattern pattern, int states, int lanes) {
    BlockPlan plan = BlockPlan.of(pattern, states, lanes);
    boolean[][] held = new boolean[states][states];
    int[] seen = new int[states];
    Arrays.stream(plan.stateOfSlot).filter(state -> state >= 0).forEach(state -> seen[state]++);
    assertTrue(Arrays.stream(seen).allMatch(count -> count == 1), "every state has one slot");
    assertEquals(0, plan.slots() % BlockPlan.ROWS);
    for (int tile = 0; tile < plan.tiles(); tile++) {
      for (int i = 0; i < plan.blocks[tile].length; i++) {
        for (int r = 0; r < BlockPlan.ROWS; r++) {
          for (int l = 0; l < lanes; l++) {
            int offset = plan.maskOffsets[tile][i];
            float mask = offset == BlockPlan.UNMASKED ? 0 : plan.masks[offset + r * lanes + l];
            int query = plan.stateOfSlot[tile * BlockPlan.ROWS + r];
            int key = plan.stateOfSlot[plan.blocks[tile][i] * lanes + l];
            if (query >= 0 && mask == 0) {
              held[query][key] = true;
            }
          }
        }
      }
    }
    for (int query = 0; query < states; query++) {
      for (int key = 0; key < states; key++) {
        assertEquals(pattern.attends(query, key), held[query][key], pattern + ", " + states + " states, " + query + " reads " + key);
      }
    }
  }

  /** Pairs computed with 16 x 16 blocks at the paper's size; dense causal attention would compute 2.5 times as many. */
  @Test
  void wasteAtThePaperSizeIsSmall() {
    assertWaste(1.0519, new AttentionPattern.Row(256, 32));
    assertWaste(1.0308, new AttentionPattern.Column(256, 32));
    assertWaste(1.3749, new AttentionPattern.Convolution(256, 32, 11));
    assertWaste(1.0117, new AttentionPattern.DenseCausal(256, 32));
  }

  private static void assertWaste(double expected, AttentionPattern pattern) {
    BlockPlan plan = BlockPlan.of(pattern, pattern.length(), 16);
    assertEquals(expected, (double) plan.computedPairs(16) / pattern.pairCount(), 5e-4, pattern.toString());
  }
}
