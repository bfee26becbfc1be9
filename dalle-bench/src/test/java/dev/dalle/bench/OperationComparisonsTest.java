package dev.dalle.bench;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.tensor.Activation;
import dev.dalle.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** What the benchmarks compare is the same computation: both sides agree on awkward sizes. */
class OperationComparisonsTest {
  private static final List<DType> TYPES = List.of(DType.F32, DType.BF16);

  @TestFactory
  Stream<DynamicTest> bothSidesAgree() {
    List<DynamicTest> tests = new ArrayList<>();
    for (DType dtype : TYPES) {
      for (MatmulBenchmark.Product product : MatmulBenchmark.Product.values()) {
        tests.add(test("matmul " + product + dtype, new MatmulComparison("37x24x50", dtype, product)));
      }
      for (ConvolutionBenchmark.Pass pass : ConvolutionBenchmark.Pass.values()) {
        tests.add(test("convolution 7 " + pass + dtype, new ConvolutionComparison("2x9x11x3x16x7", dtype, pass)));
        tests.add(test("convolution 3 " + pass + dtype, new ConvolutionComparison("3x8x8x16x8x3", dtype, pass)));
        tests.add(test("convolution 1 " + pass + dtype, new ConvolutionComparison("1x5x7x12x20x1", dtype, pass)));
      }
      for (SoftmaxBenchmark.Function function : SoftmaxBenchmark.Function.values()) {
        tests.add(test("softmax " + function + dtype, new SoftmaxComparison("21x77", dtype, function)));
      }
      for (boolean gradient : new boolean[] {false, true}) {
        tests.add(test("layer norm " + gradient + dtype, new LayerNormComparison("33x65", dtype, gradient)));
        for (GridBenchmark.Resizing resizing : GridBenchmark.Resizing.values()) {
          tests.add(test(resizing + " " + gradient + dtype, new GridComparison("2x6x10x21", dtype, resizing, gradient)));
        }
        for (AttentionBenchmark.Mask mask : AttentionBenchmark.Mask.values()) {
          for (AttentionForm form : AttentionForm.values()) {
            tests.add(test("attention " + mask + form + gradient + dtype, new AttentionComparison(mask.over(9, 5), 2, 3, 20, dtype, gradient, form)));
          }
        }
        for (Activation activation : Activation.values()) {
          tests.add(test(activation + " " + gradient + dtype, new ActivationComparison("13x207", dtype, activation, gradient)));
        }
      }
    }
    for (AdamWState state : AdamWState.values()) {
      tests.add(test("adamW " + state, new AdamWComparison("3x1037", state)));
    }
    return tests.stream();
  }

  private static DynamicTest test(String name, Comparison comparison) {
    return DynamicTest.dynamicTest(name, () -> {
      for (Side side : Side.values()) {
        Formulation formulation = comparison.openChecked(side);
        formulation.run();
        formulation.close();
      }
    });
  }

  @Test
  void differencesAreFoundAndSaid() {
    List<float[]> expected = List.of(new float[] {1, 2}, new float[] {3, -4, 5});
    Agreement.check(expected, expected, 1e-6);
    String wrong = assertThrows(IllegalStateException.class,
        () -> Agreement.check(List.of(new float[] {1, 2}, new float[] {3, -4.01f, 5}), expected, 1e-3)).getMessage();
    assertTrue(wrong.contains("result 1, element 1: expected -4.0"), wrong);
    assertTrue(assertThrows(IllegalStateException.class, () -> Agreement.check(expected.subList(0, 1), expected, 1)).getMessage()
        .contains("expected 2 arrays, got 1"));
    assertTrue(assertThrows(IllegalStateException.class,
        () -> Agreement.check(List.of(new float[] {Float.NaN}), List.of(new float[] {1}), 1)).getMessage().contains("got NaN"));
    String everywhere = assertThrows(IllegalStateException.class,
        () -> Agreement.check(List.of(new float[] {1.008f, 1.008f}), List.of(new float[] {1, 1}), 1e-2)).getMessage();
    assertTrue(everywhere.contains("relative difference"), everywhere);
  }

  @Test
  void shapesAreRead() {
    assertTrue(assertThrows(IllegalArgumentException.class, () -> Dims.parse("3x0", 2)).getMessage().contains("got 3x0"));
    assertTrue(Dims.parse("12x7", 2)[0] == 12);
  }
}
