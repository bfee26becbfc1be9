package dev.dalle.bench;

import dev.dalle.attention.TransformerConfig;
import dev.dalle.dvae.DvaeConfig;
import dev.dalle.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Loss and all gradients of both stages agree between the two sides, and updates run. */
class StepComparisonsTest {
  @TestFactory
  Stream<DynamicTest> bothSidesAgree() {
    DvaeConfig dvae = new DvaeConfig(16, 16, 3, 2, 37, 24, 0.5, 6, Math.sqrt(2), 1, 0.25, 16, OptionalDouble.of(-1));
    DvaeConfig plain = new DvaeConfig(8, 8, 2, 1, 11, 12, 0, 1, 1, 1, 0.25, 1, OptionalDouble.empty());
    TransformerConfig transformer = TransformerConfig.of(7, 5, 23, 19, 3, 24, 2);
    List<DynamicTest> tests = new ArrayList<>();
    for (DType dtype : new DType[] {DType.F32, DType.BF16}) {
      tests.add(test("dvae " + dtype, new DvaeStepComparison(dvae, 3, dtype)));
      tests.add(test("plain dvae " + dtype, new DvaeStepComparison(plain, 2, dtype)));
      for (CodecBenchmark.Direction direction : CodecBenchmark.Direction.values()) {
        tests.add(test(direction + " " + dtype, new CodecComparison(direction, dvae, 3, dtype)));
      }
      for (AttentionForm form : AttentionForm.values()) {
        tests.add(test("transformer " + form + " " + dtype, new TransformerStepComparison(transformer, 3, 4, dtype, form)));
        tests.add(test("drawing " + form + " " + dtype, new DrawingComparison(transformer, 3, dtype, form)));
      }
    }
    return tests.stream();
  }

  private static DynamicTest test(String name, Comparison comparison) {
    return DynamicTest.dynamicTest(name, () -> {
      for (Side side : Side.values()) {
        try (Formulation formulation = comparison.openChecked(side)) {
          formulation.run();
          formulation.run();
        }
      }
    });
  }
}
