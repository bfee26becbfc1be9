package dev.dalle.bench;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is measured gives averages that stay the same: opening compares every element. */
class AllReduceBenchmarkTest {
  @ParameterizedTest
  @EnumSource(AllReduceBenchmark.Form.class)
  void everyFormGivesTheSameAgain(AllReduceBenchmark.Form form) {
    Formulation formulation = form.open(4 * 5003);
    List<float[]> once = formulation.results();
    formulation.run();
    List<float[]> again = formulation.results();
    for (int i = 0; i < once.size(); i++) {
      assertArrayEquals(once.get(i), again.get(i));
    }
    formulation.close();
  }
}
