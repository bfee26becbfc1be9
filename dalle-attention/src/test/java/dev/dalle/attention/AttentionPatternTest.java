package dev.dalle.attention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The figures of the paper's appendix B.1, as far as they were read off its pictures, and properties of every pattern. */
class AttentionPatternTest {
  /** Every pattern at an awkward size. */
  static List<AttentionPattern> patterns(int textLength, int gridSide) {
    return List.of(new AttentionPattern.DenseCausal(textLength, gridSide), new AttentionPattern.Row(textLength, gridSide),
        new AttentionPattern.Column(textLength, gridSide), new AttentionPattern.Convolution(textLength, gridSide, 3));
  }

  private static List<Integer> distances(AttentionPattern pattern) {
    return IntStream.range(0, pattern.imageLength()).filter(pattern::reaches).boxed().toList();
  }

  @Test
  void distancesOfThePaperPicture() {
    assertEquals(List.of(0, 1, 3, 4, 5, 7), distances(new AttentionPattern.Convolution(6, 4, 3)));
    assertEquals(List.of(0, 1, 2, 3, 4), distances(new AttentionPattern.Row(6, 4)));
    assertEquals(List.of(0, 4, 8, 12), distances(new AttentionPattern.Column(6, 4)));
    assertEquals(16, distances(new AttentionPattern.DenseCausal(6, 4)).size());
  }

  @Test
  void pairCountsOfThePaperSize() {
    assertEquals(328_304, new AttentionPattern.Row(256, 32).pairCount());
    assertEquals(311_936, new AttentionPattern.Column(256, 32).pairCount());
    assertEquals(356_384, new AttentionPattern.Convolution(256, 32, 11).pairCount());
    assertEquals(819_840, new AttentionPattern.DenseCausal(256, 32).pairCount());
    assertEquals(33_264, new AttentionPattern.Row(256, 32).imagePairCount());
    assertEquals(16_896, new AttentionPattern.Column(256, 32).imagePairCount());
    assertEquals(61_344, new AttentionPattern.Convolution(256, 32, 11).imagePairCount());
  }

  @Test
  void keysOfALateQuery() {
    int query = 256 + 20 * 32 + 17;
    assertEquals(256 + 33, keys(new AttentionPattern.Row(256, 32), query));
    assertEquals(256 + 21, keys(new AttentionPattern.Column(256, 32), query));
    assertEquals(256 + 66, keys(new AttentionPattern.Convolution(256, 32, 11), query));
    assertTrue(new AttentionPattern.Row(256, 32).attends(query, query - 32), "the cell straight above");
    assertFalse(new AttentionPattern.Row(256, 32).attends(query, query - 33));
  }

  private static long keys(AttentionPattern pattern, int query) {
    return IntStream.range(0, pattern.length()).filter(key -> pattern.attends(query, key)).count();
  }

  @Test
  void countsAndCausalityFollowThePredicate() {
    for (int[] size : new int[][] {{0, 3}, {1, 3}, {7, 4}, {12, 8}, {5, 13}}) {
      for (AttentionPattern pattern : patterns(size[0], size[1])) {
        long count = 0;
        for (int query = 0; query < pattern.length(); query++) {
          assertTrue(pattern.attends(query, query), pattern + " at " + query);
          for (int key = 0; key < pattern.length(); key++) {
            boolean attends = pattern.attends(query, key);
            assertFalse(attends && key > query, pattern + " reads the future: " + query + ", " + key);
            assertTrue(attends || key > query || key >= size[0], pattern + " does not read text " + key + " from " + query);
            count += attends ? 1 : 0;
          }
        }
        assertEquals(count, pattern.pairCount(), pattern.toString());
      }
    }
  }

  /** Away from the edges: the causal half of the square around the cell, and the cells to the upper right one row above it (the picture's D = 7). */
  @Test
  void convolutionAwayFromTheEdges() {
    AttentionPattern pattern = new AttentionPattern.Convolution(0, 13, 5);
    int query = 6 * 13 + 6;
    for (int key = 0; key <= query; key++) {
      int dy = 6 - key / 13;
      int dx = 6 - key % 13;
      boolean square = dy <= 2 && Math.abs(dx) <= 2;
      boolean upperRight = dy == 3 && dx <= -1 && dx >= -2;
      assertEquals(square || upperRight, pattern.attends(query, key), "dy " + dy + ", dx " + dx);
    }
  }

  @Test
  void layersOfThePaper() {
    List<AttentionPattern> all = new LayerPattern(64, 256, 32, 11).all();
    assertEquals(16, all.stream().filter(AttentionPattern.Column.class::isInstance).count());
    assertEquals(47, all.stream().filter(AttentionPattern.Row.class::isInstance).count());
    assertEquals(new AttentionPattern.Convolution(256, 32, 11), all.getLast());
    assertEquals(List.of(2, 6, 10), IntStream.rangeClosed(1, 12)
        .filter(layer -> new LayerPattern(64, 256, 32, 11).pattern(layer) instanceof AttentionPattern.Column).boxed().toList());
    assertEquals(new AttentionPattern.Convolution(3, 2, 1), new LayerPattern(1, 3, 2, 1).pattern(1), "the only layer is the last one");
    assertEquals("layer: expected 1 to 64, got 65",
        assertThrows(IllegalArgumentException.class, () -> new LayerPattern(64, 256, 32, 11).pattern(65)).getMessage());
  }

  @Test
  void refusesWhatMakesNoMask() {
    assertMessage("kernel: expected an odd number from 1 to the grid's side 8, got 4", () -> new AttentionPattern.Convolution(3, 8, 4));
    assertMessage("kernel: expected an odd number from 1 to the grid's side 8, got 9", () -> new AttentionPattern.Convolution(3, 8, 9));
    assertMessage("text length: expected 0 or more, got -1", () -> new AttentionPattern.Row(-1, 8));
    assertMessage("grid side: expected 1 or more, got 0", () -> new AttentionPattern.Column(4, 0));
    assertMessage("text and image: expected 1 to 1048576 states, got 0 (text length 0, grid side 0)", () -> new AttentionPattern.DenseCausal(0, 0));
    assertMessage("layers: expected 1 or more, got 0", () -> new LayerPattern(0, 3, 2, 1));
    assertThrows(IndexOutOfBoundsException.class, () -> new AttentionPattern.Row(2, 2).attends(6, 0));
  }

  private static void assertMessage(String message, Runnable action) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, action::run).getMessage());
  }

  @Test
  void reachesEnd() {
    assertEquals(32, new AttentionPattern.Row(256, 32).greatestReach());
    assertEquals(31 * 32, new AttentionPattern.Column(256, 32).greatestReach());
    // The upper right corner of half a neighbourhood of 11 x 11, a row further back because it wraps around.
    assertEquals(6 * 32 - 1, new AttentionPattern.Convolution(256, 32, 11).greatestReach());
    assertEquals(1023, new AttentionPattern.DenseCausal(256, 32).greatestReach());
    assertEquals(0, new AttentionPattern.DenseCausal(5, 0).greatestReach());
  }
}
