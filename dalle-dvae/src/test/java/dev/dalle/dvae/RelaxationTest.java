package dev.dalle.dvae;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RelaxationTest {
  @ParameterizedTest
  @CsvSource({
    "0, 1, 'temperature: expected a positive finite number, got 0.0'",
    "NaN, 1, 'temperature: expected a positive finite number, got NaN'",
    "Infinity, 1, 'temperature: expected a positive finite number, got Infinity'",
    "1, -1, 'beta: expected a finite number of 0 or more, got -1.0'",
    "1, NaN, 'beta: expected a finite number of 0 or more, got NaN'",
    "1, Infinity, 'beta: expected a finite number of 0 or more, got Infinity'",
  })
  void everyCheckFires(double temperature, double beta, String message) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, () -> new Relaxation(temperature, beta, 1, 2)).getMessage());
  }
}
