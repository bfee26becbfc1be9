package dev.dalle.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.precision.format.FloatFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is measured gives what the formats' definition says: opening compares every element. */
class PackBenchmarkTest {
  @ParameterizedTest
  @EnumSource(PackBenchmark.Form.class)
  void everyFormAgreesWithTheDefinition(PackBenchmark.Form form) {
    // More than one block of inputs, the last one cut short.
    Formulation formulation = form.open((1 << 16) + 1037);
    formulation.run();
    assertEquals((1 << 16) + 1037, formulation.results().getFirst().length);
    formulation.close();
  }

  @Test
  void whatLibtorchDoesNotHaveIsRefused() {
    assertTrue(assertThrows(IllegalArgumentException.class, () -> PackForms.libtorchEncode(FloatFormat.F1_6_9, 5)).getMessage().contains("got 1-6-9"));
  }
}
