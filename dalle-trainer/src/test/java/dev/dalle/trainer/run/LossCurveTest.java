package dev.dalle.trainer.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class LossCurveTest {
  /** JSON has no other numbers, and a checkpoint has to be written after an update whose gradient overflowed. */
  @Test
  void whatIsNotFiniteIsLeftOut() {
    LossCurve curve = new LossCurve(10);
    assertTrue(Double.isNaN(curve.last("loss")));
    curve.add(1, Map.of("loss", 2.0, "gradient", Double.POSITIVE_INFINITY, "other", Double.NaN));
    assertEquals(Map.of("loss", 2.0), curve.points().getFirst().values());
    assertEquals(2, curve.last("loss"));
    assertTrue(Double.isNaN(curve.last("gradient")));
  }

  @Test
  void costlyPointsAreWantedPointsAndAboutTwenty() {
    for (int steps : new int[] {1, 13, 20, 207, 399, 400, 401, 3845, 33_110}) {
      LossCurve curve = new LossCurve(steps);
      long[] costly = LongStream.rangeClosed(1, steps).filter(curve::wantsCostly).toArray();
      assertTrue(LongStream.of(costly).allMatch(curve::wants), steps + " updates");
      assertTrue(costly.length >= Math.min(steps, 20) && costly.length < 40, steps + " updates: " + costly.length);
    }
  }
}
