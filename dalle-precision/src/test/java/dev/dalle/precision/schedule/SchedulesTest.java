package dev.dalle.precision.schedule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SchedulesTest {
  /** The KL weight's values at the ends and the quarters: (1 +- sqrt(1/2)) / 2 of the way. */
  @ParameterizedTest
  @CsvSource({"0, 0", "1250, 0.9665476220843932", "2500, 3.3", "3750, 5.633452377915607", "5000, 6.6", "5001, 6.6", "3000000, 6.6"})
  void klWeightRisesAlongHalfACosine(long update, double expected) {
    assertEquals(expected, PaperSchedules.DVAE_BETA.at(update), 1e-14);
  }

  @Test
  void paperSchedulesOfTheDvaeHaveExactEndsAndMiddles() {
    assertEquals(1, PaperSchedules.DVAE_TAU.at(0));
    assertEquals(0.53125, PaperSchedules.DVAE_TAU.at(75_000), 1e-15);
    assertEquals(0.0625, PaperSchedules.DVAE_TAU.at(150_000));
    assertEquals(0.0625, PaperSchedules.DVAE_TAU.at(PaperSchedules.DVAE_UPDATES));
    assertEquals(1e-4, PaperSchedules.DVAE_STEP_SIZE.at(0));
    assertEquals(5.0625e-5, PaperSchedules.DVAE_STEP_SIZE.at(600_000), 1e-19);
    assertEquals(1.25e-6, PaperSchedules.DVAE_STEP_SIZE.at(1_200_000));
  }

  @Test
  void cosineScaledToAnotherLengthHasTheSameValuesAtTheSameFractions() {
    CosineSchedule shorter = PaperSchedules.DVAE_TAU.scaledTo(1_500);
    assertEquals(1_500, shorter.totalUpdates());
    for (int i = 0; i <= 1_600; i += 37) {
      assertEquals(PaperSchedules.DVAE_TAU.at(100L * i), shorter.at(i), 1e-15);
    }
    assertEquals(shorter.end(), PaperSchedules.DVAE_TAU.scaledTo(1).at(1));
  }

  @Test
  void warmupRisesLinearlyAndFiveHalvingsEndAtTheThirtySecondPart() {
    WarmupHalvingSchedule schedule = PaperSchedules.transformerStepSize(100_000, 200_000, 250_000, 300_000, 350_000);
    assertEquals(0, schedule.at(0));
    assertEquals(9e-8, schedule.at(1), 1e-22);
    assertEquals(2.25e-4, schedule.at(2_500), 1e-19);
    assertEquals(4.5e-4, schedule.at(5_000));
    assertEquals(4.5e-4, schedule.at(99_999));
    assertEquals(2.25e-4, schedule.at(100_000));
    assertEquals(2.8125e-5, schedule.at(349_999));
    assertEquals(1.40625e-5, schedule.at(350_000));
    assertEquals(1.40625e-5, schedule.at(430_000));
  }

  @Test
  void halvingsScaleWithTheRun() {
    WarmupHalvingSchedule schedule = new WarmupHalvingSchedule(2, 10, List.of(50L, 50L, 75L), 100);
    assertEquals(0.5, schedule.at(50), "two equal milestones quarter");
    assertEquals(new WarmupHalvingSchedule(2, 1, List.of(4L, 4L, 5L), 7), schedule.scaledTo(7));
    assertEquals(0.25, new WarmupHalvingSchedule(2, 0, List.of(0L, 1L, 1L), 1).scaledTo(1_000).at(1_000));
  }

  @Test
  void warmupThenCosine() {
    WarmupCosineSchedule schedule = PaperSchedules.transformerStepSizeUnattended();
    assertEquals(4.5e-4, schedule.at(5_000));
    assertEquals((4.5e-4 + 1.40625e-5) / 2, schedule.at(217_500), 1e-18);
    assertEquals(1.40625e-5, schedule.at(430_000));
    assertEquals(1.40625e-5, schedule.at(430_001));
    assertEquals(new WarmupCosineSchedule(4.5e-4, 1.40625e-5, 12, 1_000), schedule.scaledTo(1_000));
    assertEquals(4.5e-4 / 32, schedule.scaledTo(1).at(1));
    assertEquals(3, new WarmupCosineSchedule(3, 1, 0, 5).at(0));
  }

  @Test
  void lineIsStraightAndStaysAtItsEnd() {
    LinearSchedule falling = new LinearSchedule(1, 0.0625, 150_000);
    assertEquals(1, falling.at(0));
    assertEquals(0.765625, falling.at(37_500), 1e-15);
    assertEquals(0.0625, falling.at(150_000));
    assertEquals(0.0625, falling.at(150_001));
    assertEquals(new LinearSchedule(1, 0.0625, 20), falling.scaledTo(20));
    assertEquals(falling.at(37_500), falling.scaledTo(20).at(5), 1e-15);
  }

  @Test
  void constantIsConstant() {
    assertEquals(0.7, new ConstantSchedule(0.7).at(0));
    assertEquals(0.7, new ConstantSchedule(0.7).scaledTo(12).at(9_000));
  }

  @Test
  void everyCheckFires() {
    refused("start: expected a finite number, got NaN", () -> new CosineSchedule(Double.NaN, 1, 1));
    refused("end: expected a finite number, got Infinity", () -> new CosineSchedule(0, Double.POSITIVE_INFINITY, 1));
    refused("totalUpdates: expected at least 1, got 0", () -> new CosineSchedule(0, 1, 0));
    refused("totalUpdates: expected at least 1, got -3", () -> PaperSchedules.DVAE_BETA.scaledTo(-3));
    refused("update: expected at least 0, got -1", () -> PaperSchedules.DVAE_BETA.at(-1));
    refused("start: expected a finite number, got NaN", () -> new LinearSchedule(Double.NaN, 1, 1));
    refused("end: expected a finite number, got -Infinity", () -> new LinearSchedule(0, Double.NEGATIVE_INFINITY, 1));
    refused("totalUpdates: expected at least 1, got 0", () -> new LinearSchedule(0, 1, 0));
    refused("update: expected at least 0, got -1", () -> new LinearSchedule(0, 1, 1).at(-1));
    refused("value: expected a finite number, got NaN", () -> new ConstantSchedule(Double.NaN));
    refused("update: expected at least 0, got -1", () -> new ConstantSchedule(1).at(-1));
    refused("totalUpdates: expected at least 1, got 0", () -> new ConstantSchedule(1).scaledTo(0));
    refused("peak: expected a finite number, got NaN", () -> new WarmupCosineSchedule(Double.NaN, 1, 1, 2));
    refused("warmupUpdates: expected less than totalUpdates 2, got 2", () -> new WarmupCosineSchedule(1, 1, 2, 2));
    refused("warmupUpdates: expected at least 0, got -1", () -> new WarmupCosineSchedule(1, 1, -1, 2));
    refused("totalUpdates: expected at least 1, got 0", () -> new WarmupCosineSchedule(1, 1, 0, 1).scaledTo(0));
    refused("peak: expected a finite number, got NaN", () -> new WarmupHalvingSchedule(Double.NaN, 1, List.of(), 2));
    refused("warmupUpdates: expected at most totalUpdates 2, got 3", () -> new WarmupHalvingSchedule(1, 3, List.of(), 2));
    refused("milestones: expected ascending numbers from warmupUpdates 5000 to totalUpdates 430000, got [9000, 8000]",
        () -> PaperSchedules.transformerStepSize(9_000, 8_000));
    refused("milestones: expected ascending numbers from warmupUpdates 5000 to totalUpdates 430000, got [4999]",
        () -> PaperSchedules.transformerStepSize(4_999));
  }

  private static void refused(String message, Runnable call) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, call::run).getMessage());
  }
}
