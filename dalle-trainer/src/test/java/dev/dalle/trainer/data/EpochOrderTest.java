package dev.dalle.trainer.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EpochOrderTest {
  private static int[] epoch(EpochOrder order, long number) {
    return IntStream.range(0, order.size()).map(i -> order.index(number * order.size() + i)).toArray();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 13, 63, 64, 65, 207, 1023, 1025, 24395})
  void everyEpochShowsEachExampleOnce(int size) {
    EpochOrder order = new EpochOrder(42, size);
    for (long number : new long[] {0, 1, 7, 1L << 40}) {
      int[] shown = epoch(order, number);
      Arrays.sort(shown);
      assertEquals(Arrays.toString(IntStream.range(0, size).toArray()), Arrays.toString(shown));
    }
  }

  @Test
  void epochsAndSeedsDiffer() {
    EpochOrder order = new EpochOrder(1, 100);
    assertNotEquals(Arrays.toString(epoch(order, 0)), Arrays.toString(epoch(order, 1)));
    assertNotEquals(Arrays.toString(epoch(order, 0)), Arrays.toString(epoch(new EpochOrder(2, 100), 0)));
    assertEquals(Arrays.toString(epoch(order, 3)), Arrays.toString(epoch(new EpochOrder(1, 100), 3)));
    assertEquals(3, order.epoch(399));
    assertEquals(4, order.epoch(400));
  }

  /** Each of the pairs (place, example) comes up about equally often, and neighbours are not neighbours afterwards. */
  @Test
  void looksShuffled() {
    int size = 13;
    int epochs = 13000;
    int[][] counts = new int[size][size];
    int neighbours = 0;
    EpochOrder order = new EpochOrder(9, size);
    for (int e = 0; e < epochs; e++) {
      int[] shown = epoch(order, e);
      for (int i = 0; i < size; i++) {
        counts[i][shown[i]]++;
        neighbours += i > 0 && shown[i] == shown[i - 1] + 1 ? 1 : 0;
      }
    }
    double chiSquare = 0;
    for (int[] row : counts) {
      for (int count : row) {
        chiSquare += (count - 1000.0) * (count - 1000.0) / 1000.0;
      }
    }
    // 144 degrees of freedom: 144 +- 17; five deviations are allowed.
    assertTrue(chiSquare < 230, "chi-square " + chiSquare);
    // A random order has (size - 1) / size such pairs an epoch.
    assertEquals(epochs * 12.0 / 13, neighbours, 600);
  }

  @Test
  void hugeSizesNeedNoTable() {
    EpochOrder order = new EpochOrder(5, Integer.MAX_VALUE);
    int first = order.index(0);
    assertTrue(first >= 0);
    assertNotEquals(first, order.index(1));
    assertTrue(order.index(Long.MAX_VALUE) >= 0);
  }

  @Test
  void wrongArgumentsAreSaid() {
    assertEquals("size: expected at least 1 example, got 0",
        assertThrows(IllegalArgumentException.class, () -> new EpochOrder(1, 0)).getMessage());
    assertThrows(IllegalArgumentException.class, () -> new EpochOrder(1, 5).index(-1));
  }

  @Test
  void derivedRandomsAreIndependentAndRepeatable() {
    assertEquals(new DerivedRandom(3, 4).nextLong(), new DerivedRandom(3, 4).nextLong());
    assertNotEquals(new DerivedRandom(3, 4).nextLong(), new DerivedRandom(3, 5).nextLong());
    assertNotEquals(new DerivedRandom(3, 4).nextLong(), new DerivedRandom(4, 3).nextLong());
    assertNotEquals(new DerivedRandom(3, 0).nextLong(), new DerivedRandom(3).nextLong());
    double sum = 0;
    for (long b = 0; b < 10_000; b++) {
      sum += new DerivedRandom(1, b).nextDouble();
    }
    assertEquals(5000, sum, 5 * Math.sqrt(10_000 / 12.0));
  }
}
