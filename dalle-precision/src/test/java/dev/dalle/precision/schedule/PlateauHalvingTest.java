package dev.dalle.precision.schedule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlateauHalvingTest {
  private static List<Integer> halvings(PlateauConfig config, double... losses) {
    PlateauHalving plateau = new PlateauHalving(config);
    List<Integer> at = new ArrayList<>();
    for (int i = 0; i < losses.length; i++) {
      if (plateau.add(losses[i])) {
        at.add(i + 1);
      }
    }
    return at;
  }

  @Test
  void halvesAfterSoManyUpdatesWithoutABetterLoss() {
    PlateauConfig config = new PlateauConfig(0, 3, 0, 5);
    assertEquals(List.of(), halvings(config, 5, 4, 3, 2, 1, 0, -1, -2));
    assertEquals(List.of(4), halvings(config, 5, 5, 5, 5, 4));
    assertEquals(List.of(5), halvings(config, 5, 4, 4, 4, 4));
    // The loss that follows a halving is the first to be beaten: three more make a plateau.
    assertEquals(List.of(4, 8, 12), halvings(config, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5));
    assertEquals(List.of(), halvings(config, 5, 6, 6, 4, 6, 6, 3));
  }

  @Test
  void smallImprovementsDoNotCount() {
    PlateauConfig config = new PlateauConfig(0, 2, 0.1, 5);
    assertEquals(List.of(3), halvings(config, 10, 9.5, 9.1));
    assertEquals(List.of(), halvings(config, 10, 9.5, 8.9, 8.5, 8));
    // Of the size of a negative loss too.
    assertEquals(List.of(3), halvings(config, -10, -10.5, -10.9));
    assertEquals(List.of(), halvings(config, -10, -10.5, -11.1));
  }

  @Test
  void halvesAtMostSoOften() {
    double[] losses = new double[100];
    PlateauHalving plateau = new PlateauHalving(new PlateauConfig(0, 4, 0, 5));
    for (double loss : losses) {
      plateau.add(loss);
    }
    assertEquals(5, plateau.halvings());
    assertEquals(1 / 32.0, plateau.factor());
    assertEquals(List.of(), halvings(new PlateauConfig(0, 1, 0, 0), 1, 1, 1, 1));
  }

  @Test
  void noiseIsSmoothed() {
    Random random = new Random(3);
    double[] falling = new double[2000];
    for (int i = 0; i < falling.length; i++) {
      falling[i] = 5 - i / 1000.0 + random.nextGaussian();
    }
    assertEquals(List.of(), halvings(new PlateauConfig(0.99, 200, 0, 5), falling));
    assertFalse(halvings(new PlateauConfig(0, 200, 0, 5), falling).isEmpty(), "a lucky batch looks like the best loss for long");
  }

  @Test
  void lossesThatAreNotFiniteArePassedOver() {
    assertEquals(List.of(6), halvings(new PlateauConfig(0.5, 3, 0, 5), 5, Double.NaN, 5, Double.POSITIVE_INFINITY, 5, 5));
  }

  @Test
  void goesOnFromAState() {
    PlateauConfig config = new PlateauConfig(0.9, 7, 0.01, 5);
    PlateauHalving whole = new PlateauHalving(config);
    PlateauHalving first = new PlateauHalving(config);
    Random random = new Random(1);
    List<Boolean> expected = new ArrayList<>();
    List<Boolean> got = new ArrayList<>();
    PlateauHalving second = new PlateauHalving(config);
    for (int i = 0; i < 300; i++) {
      double loss = 3 + random.nextGaussian();
      expected.add(whole.add(loss));
      if (i == 150) {
        second.restore(first.state());
      }
      got.add((i < 150 ? first : second).add(loss));
    }
    assertEquals(expected, got);
    assertEquals(whole.state(), second.state());
    assertTrue(whole.halvings() > 0);
  }

  @ParameterizedTest
  @CsvSource({"-1, 1, 1, 0, 0, losses", "3, NaN, 1, 0, 0, smoothed", "3, Infinity, 1, 0, 0, smoothed", "3, 1, NaN, 0, 0, best", "3, 1, 1, 4, 0, waited",
      "3, 1, 1, -1, 0, waited", "3, 1, 1, 0, 6, halvings", "3, 1, 1, 0, -1, halvings"})
  void statesThatContradictThemselvesAreRefused(long losses, double smoothed, double best, long waited, int halvings, String named) {
    PlateauHalving plateau = new PlateauHalving(new PlateauConfig(0.5, 3, 0, 5));
    plateau.add(2);
    PlateauHalving.State before = plateau.state();
    String message = assertThrows(IllegalArgumentException.class, () -> plateau.restore(new PlateauHalving.State(losses, smoothed, best, waited, halvings)))
        .getMessage();
    assertTrue(message.contains(named) && message.contains("damaged"), message);
    assertEquals(before, plateau.state());
  }

  @ParameterizedTest
  @CsvSource({"1, 1, 0, 1, smoothing", "NaN, 1, 0, 1, smoothing", "0, 0, 0, 1, patience", "0, 1, 1, 1, improvement", "0, 1, -0.1, 1, improvement",
      "0, 1, 0, -1, mostHalvings"})
  void badNumbersAreRefused(double smoothing, long patience, double improvement, int most, String named) {
    String message = assertThrows(IllegalArgumentException.class, () -> new PlateauConfig(smoothing, patience, improvement, most)).getMessage();
    assertTrue(message.startsWith(named + ": expected"), message);
  }
}
