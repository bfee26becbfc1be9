package dev.dalle.bindings.onednn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.function.DoubleUnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class EltwiseTest extends AbstractOneDnnTest {
  private static double logistic(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  static Stream<Arguments> functions() {
    return Stream.of(
        of(EltwiseAlgorithm.RELU, 0, 0, x -> Math.max(0, x), x -> x > 0 ? 1 : 0),
        of(EltwiseAlgorithm.SWISH, 1.702f, 0, x -> x * logistic(1.702f * x),
            x -> logistic(1.702f * x) * (1 + 1.702f * x * (1 - logistic(1.702f * x)))),
        of(EltwiseAlgorithm.EXP, 0, 0, Math::exp, Math::exp),
        of(EltwiseAlgorithm.LOGISTIC, 0, 0, EltwiseTest::logistic, x -> logistic(x) * (1 - logistic(x))),
        of(EltwiseAlgorithm.TANH, 0, 0, Math::tanh, x -> 1 - Math.tanh(x) * Math.tanh(x)),
        of(EltwiseAlgorithm.LINEAR, -0.5f, 3, x -> -0.5 * x + 3, x -> -0.5),
        of(EltwiseAlgorithm.CLIP, -0.75f, 0.5f, x -> Math.min(0.5, Math.max(-0.75, x)), x -> x > -0.75 && x <= 0.5 ? 1 : 0),
        of(EltwiseAlgorithm.SQUARE, 0, 0, x -> x * x, x -> 2 * x));
  }

  private static Arguments of(EltwiseAlgorithm algorithm, float alpha, float beta, DoubleUnaryOperator f, DoubleUnaryOperator slope) {
    return Arguments.of(algorithm, alpha, beta, f, slope);
  }

  @ParameterizedTest
  @MethodSource("functions")
  void forwardAndBackward(EltwiseAlgorithm algorithm, float alpha, float beta, DoubleUnaryOperator f, DoubleUnaryOperator slope) {
    for (DataType type : new DataType[] {DataType.F32, DataType.BF16}) {
      for (long count : new long[] {1, 13, 207, 4097}) {
        Mem x = random(MemoryDesc.of(type, count));
        Mem y = empty(x.desc());
        EltwiseForward forward = new EltwiseForward(algorithm, alpha, beta, x.desc(), y.desc());
        if (!computes(type, forward)) {
          continue;
        }
        assertFast(forward);
        run(forward, x, y);
        double tolerance = type == DataType.F32 ? 1e-6 : 1.05 * Close.unit(type);
        double[] in = x.get();
        double[] wanted = java.util.Arrays.stream(in).map(f).toArray();
        Close.values(wanted, y.get(), tolerance);
        Mem dy = random(x.desc());
        Mem dx = empty(x.desc());
        run(new EltwiseBackward(algorithm, alpha, beta, x.desc(), dy.desc(), dx.desc()), x, dy, dx);
        double[] g = dy.get();
        double[] wantedBack = new double[g.length];
        java.util.Arrays.setAll(wantedBack, i -> g[i] * slope.applyAsDouble(in[i]));
        Close.values(wantedBack, dx.get(), 3 * tolerance);
      }
    }
  }

  @Test
  void backwardFromTheOutput() {
    Mem y = Mem.of(arena, MemoryDesc.of(DataType.F32, 65));
    y.set(java.util.stream.IntStream.range(0, 65).mapToDouble(i -> (i + 1) / 67.0).toArray());
    Mem dy = random(y.desc());
    Mem dx = empty(y.desc());
    run(new EltwiseBackward(EltwiseAlgorithm.LOGISTIC_FROM_DST, 0, 0, y.desc(), dy.desc(), dx.desc()), y, dy, dx);
    double[] wanted = new double[65];
    java.util.Arrays.setAll(wanted, i -> dy.get()[i] * y.get()[i] * (1 - y.get()[i]));
    Close.values(wanted, dx.get(), 1e-6);
    assertEquals("algorithm: LOGISTIC_FROM_DST says how to go backward and cannot be a post-operation",
        assertThrows(IllegalArgumentException.class, () -> PostOp.eltwise(EltwiseAlgorithm.LOGISTIC_FROM_DST, 0, 0)).getMessage());
  }

  @Test
  void inPlace() {
    Mem x = random(MemoryDesc.of(DataType.F32, 1000));
    double[] wanted = java.util.Arrays.stream(x.get()).map(Math::exp).toArray();
    oneDnn.primitive(new EltwiseForward(EltwiseAlgorithm.EXP, 0, 0, x.desc(), x.desc()), 1).execute(x.segment(), x.segment());
    Close.values(wanted, x.get(), 1e-6);
  }

  @Test
  void binaryOverARepeatedOperand() {
    Mem a = random(MemoryDesc.of(DataType.F32, 5, 33));
    Mem row = random(MemoryDesc.of(DataType.F32, 1, 33));
    Mem c = empty(a.desc());
    Binary spec = new Binary(BinaryAlgorithm.SUB, a.desc(), row.desc(), c.desc(), Attributes.of(PostOp.scale(2)));
    assertFast(spec);
    run(spec, a, row, c);
    double[] wanted = new double[5 * 33];
    java.util.Arrays.setAll(wanted, i -> 2 * (a.get()[i] - row.get()[i % 33]));
    Close.values(wanted, c.get(), 1e-6);
  }

  @Test
  void reductionToRows() {
    Mem a = random(MemoryDesc.of(DataType.F32, 65, 33));
    Mem c = empty(MemoryDesc.of(DataType.F32, 1, 33));
    run(new Reduction(ReductionAlgorithm.SUM, a.desc(), c.desc(), Attributes.NONE), a, c);
    double[] wanted = new double[33];
    for (int i = 0; i < 65 * 33; i++) {
      wanted[i % 33] += a.get()[i];
    }
    Close.values(wanted, c.get(), 5e-6);
  }

  @Test
  void conversionRoundsToNearestEven() {
    Mem wide = Mem.of(arena, MemoryDesc.of(DataType.F32, 6));
    wide.set(new double[] {1, 1.00390625, 1.01171875, 1.003907, -3.4e38, Double.NaN});
    Mem narrow = empty(MemoryDesc.of(DataType.BF16, 6));
    run(Reorder.of(wide.desc(), narrow.desc()), wide, narrow);
    double[] got = narrow.get();
    // 1 + 2^-8 and 1 + 3 * 2^-8 lie half-way between neighbours that are 2^-7 apart; -3.4e38 is beyond the last one.
    Close.values(new double[] {1, 1, 1.015625, 1.0078125}, java.util.Arrays.copyOf(got, 4), 0);
    assertEquals(Double.NEGATIVE_INFINITY, got[4]);
    assertEquals(Double.NaN, got[5]);
    Mem back = empty(wide.desc());
    run(Reorder.of(narrow.desc(), back.desc()), narrow, back);
    Close.values(java.util.Arrays.copyOf(got, 4), java.util.Arrays.copyOf(back.get(), 4), 0);
  }

  @Test
  void reorderOfAView() {
    Mem a = random(MemoryDesc.of(DataType.F32, 13, 207));
    Mem b = empty(MemoryDesc.of(DataType.F32, 207, 13));
    run(Reorder.of(a.desc().transposed(), b.desc()), a, b);
    Close.values(new Mem(a.desc().transposed(), a.segment()).get(), b.get(), 0);
  }
}
