package dev.dalle.bindings.onednn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class MatmulTest extends AbstractOneDnnTest {
  static Stream<Arguments> shapes() {
    return Stream.of(
        Arguments.of(1, 1, 1, 1), Arguments.of(1, 1, 13, 207), Arguments.of(3, 13, 1, 5), Arguments.of(1, 63, 65, 33),
        Arguments.of(2, 17, 129, 31), Arguments.of(5, 7, 64, 1), Arguments.of(1, 256, 127, 255), Arguments.of(0, 4, 5, 6),
        Arguments.of(2, 0, 5, 6));
  }

  private record Expected(double[] value, double[] magnitude) {}

  private static Expected product(double[] a, double[] b, int batch, int m, int k, int n) {
    double[] c = new double[batch * m * n];
    double[] s = new double[c.length];
    for (int z = 0; z < batch; z++) {
      for (int i = 0; i < m; i++) {
        for (int j = 0; j < n; j++) {
          double sum = 0;
          double magnitude = 0;
          for (int l = 0; l < k; l++) {
            double term = a[(z * m + i) * k + l] * b[(z * k + l) * n + j];
            sum += term;
            magnitude += Math.abs(term);
          }
          c[(z * m + i) * n + j] = sum;
          s[(z * m + i) * n + j] = magnitude;
        }
      }
    }
    return new Expected(c, s);
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void f32(int batch, int m, int k, int n) {
    Mem a = random(MemoryDesc.of(DataType.F32, batch, m, k));
    Mem b = random(MemoryDesc.of(DataType.F32, batch, k, n));
    Mem c = empty(MemoryDesc.of(DataType.F32, batch, m, n));
    run(Matmul.of(a.desc(), b.desc(), c.desc()), a, b, c);
    Expected e = product(a.get(), b.get(), batch, m, k, n);
    Close.sums(e.value, e.magnitude, k, DataType.F32, c.get());
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void bf16ToBoth(int batch, int m, int k, int n) {
    Mem a = random(MemoryDesc.of(DataType.BF16, batch, m, k));
    Mem b = random(MemoryDesc.of(DataType.BF16, batch, k, n));
    for (DataType out : new DataType[] {DataType.F32, DataType.BF16}) {
      Mem c = empty(MemoryDesc.of(out, batch, m, n));
      Matmul spec = Matmul.of(a.desc(), b.desc(), c.desc());
      if (computes(DataType.BF16, spec)) {
        run(spec, a, b, c);
        Expected e = product(a.get(), b.get(), batch, m, k, n);
        Close.sums(e.value, e.magnitude, k, out, c.get());
      }
    }
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void transposedFactorsAndStridedResult(int batch, int m, int k, int n) {
    Mem a = random(MemoryDesc.of(DataType.F32, batch, k, m));
    Mem b = random(MemoryDesc.of(DataType.F32, batch, n, k));
    Mem c = empty(MemoryDesc.strided(DataType.F32, new long[] {batch, m, n}, new long[] {(long) m * (n + 3), n + 3, 1}));
    MemoryDesc at = a.desc().transposed();
    MemoryDesc bt = b.desc().transposed();
    run(Matmul.of(at, bt, c.desc()), a, b, c);
    Expected e = product(new Mem(at, a.segment()).get(), new Mem(bt, b.segment()).get(), batch, m, k, n);
    Close.sums(e.value, e.magnitude, k, DataType.F32, c.get());
  }

  @Test
  void biasScaleActivationAndOperands() {
    int m = 13;
    int k = 37;
    int n = 21;
    Mem a = random(MemoryDesc.of(DataType.F32, m, k));
    Mem b = random(MemoryDesc.of(DataType.F32, k, n));
    Mem bias = random(MemoryDesc.of(DataType.F32, 1, n));
    Mem added = random(MemoryDesc.of(DataType.F32, m, n));
    Mem gain = random(MemoryDesc.of(DataType.F32, m, 1));
    Mem c = random(MemoryDesc.of(DataType.F32, m, n));
    double[] before = c.get();
    Matmul spec = Matmul.of(a.desc(), b.desc(), c.desc()).withBias(bias.desc()).with(Attributes.of(
        PostOp.scale(0.125f), PostOp.accumulate(), PostOp.add(added.desc()), PostOp.multiply(gain.desc()),
        PostOp.eltwise(EltwiseAlgorithm.SWISH, 1.702f, 0)));
    oneDnn.primitive(spec, 2).execute(a.segment(), b.segment(), bias.segment(), c.segment(), added.segment(), gain.segment());
    Expected e = product(a.get(), b.get(), 1, m, k, n);
    for (int i = 0; i < m * n; i++) {
      double x = ((e.value[i] + bias.get()[i % n]) * 0.125 + before[i] + added.get()[i]) * gain.get()[i / n];
      e.value[i] = x / (1 + Math.exp(-1.702 * x));
    }
    Close.values(e.value, c.get(), 2e-6);
  }

  @Test
  void accumulatesGradientsOfBf16FactorsInF32() {
    Mem x = random(MemoryDesc.of(DataType.BF16, 65, 33));
    Mem dy = random(MemoryDesc.of(DataType.BF16, 65, 17));
    Mem dw = random(MemoryDesc.of(DataType.F32, 17, 33));
    double[] before = dw.get();
    MemoryDesc dyT = dy.desc().transposed();
    Matmul spec = Matmul.of(dyT, x.desc(), dw.desc()).with(Attributes.of(PostOp.accumulate()));
    if (!computes(DataType.BF16, spec)) {
      return;
    }
    oneDnn.primitive(spec, 2).execute(dy.segment(), x.segment(), dw.segment());
    Expected e = product(new Mem(dyT, dy.segment()).get(), x.get(), 1, 17, 65, 33);
    for (int i = 0; i < before.length; i++) {
      e.value[i] += before[i];
      e.magnitude[i] += Math.abs(before[i]);
    }
    Close.sums(e.value, e.magnitude, 66, DataType.F32, dw.get());
  }

  @Test
  void batchIsRepeatedWhereItIsOne() {
    Mem a = random(MemoryDesc.of(DataType.F32, 3, 5, 7));
    Mem b = random(MemoryDesc.of(DataType.F32, 1, 7, 9));
    Mem c = empty(MemoryDesc.of(DataType.F32, 3, 5, 9));
    run(Matmul.of(a.desc(), b.desc(), c.desc()), a, b, c);
    Expected e = product(a.get(), b.get(), 1, 15, 7, 9);
    Close.sums(e.value, e.magnitude, 7, DataType.F32, c.get());
  }

  @Test
  void weightsInALayoutThatOneDnnChooses() {
    Mem a = random(MemoryDesc.of(DataType.F32, 65, 129));
    Mem b = random(MemoryDesc.of(DataType.F32, 129, 77));
    Mem c = empty(MemoryDesc.of(DataType.F32, 65, 77));
    Primitive product = oneDnn.primitive(Matmul.of(a.desc(), MemoryDesc.any(DataType.F32, 129, 77), c.desc()), 2);
    MemoryDesc packed = product.argument(ArgumentRole.WEIGHTS);
    Mem p = Mem.of(arena, packed);
    oneDnn.primitive(Reorder.of(b.desc(), packed), 2).execute(b.segment(), p.segment());
    product.execute(a.segment(), p.segment(), c.segment());
    Expected e = product(a.get(), b.get(), 1, 65, 129, 77);
    Close.sums(e.value, e.magnitude, 129, DataType.F32, c.get());
    assertEquals(packed, oneDnn.primitive(Matmul.of(a.desc(), MemoryDesc.any(DataType.F32, 129, 77), c.desc()), 2).argument(ArgumentRole.WEIGHTS));
  }

  @Test
  void isFastOnTheShapesOfATransformer() {
    for (DataType dtype : new DataType[] {DataType.F32, DataType.BF16}) {
      MemoryDesc x = MemoryDesc.of(dtype, 1280, 512);
      MemoryDesc w = MemoryDesc.of(dtype, 2048, 512);
      MemoryDesc y = MemoryDesc.of(dtype, 1280, 2048);
      Matmul forward = Matmul.of(x, w.transposed(), y);
      if (computes(dtype, forward)) {
        assertFast(forward);
        assertFast(Matmul.of(y, w, x));
        assertFast(Matmul.of(y.transposed(), x, MemoryDesc.of(DataType.F32, 2048, 512)));
      }
    }
  }

  @Test
  void refusesShapesThatDoNotAgree() {
    MemoryDesc a = MemoryDesc.of(DataType.F32, 2, 3, 4);
    MemoryDesc b = MemoryDesc.of(DataType.F32, 2, 4, 5);
    MemoryDesc c = MemoryDesc.of(DataType.F32, 2, 3, 5);
    check("src, weights, dst: expected [m, k], [k, n], [m, n]", () -> Matmul.of(a, b.transposed(), c));
    check("weights: expected 3 dimensions, got f32[4, 5]:[5, 1]", () -> Matmul.of(a, MemoryDesc.of(DataType.F32, 4, 5), c));
    check("src: expected dimension 0 to be 1 or like dst f32[2, 3, 5]:[15, 5, 1], got f32[3, 3, 4]:[12, 4, 1]",
        () -> Matmul.of(MemoryDesc.of(DataType.F32, 3, 3, 4), b, c));
    check("bias: expected dimension 2 to be 1 or like dst", () -> Matmul.of(a, b, c).withBias(MemoryDesc.of(DataType.F32, 1, 1, 4)));
    check("dst: expected a description of memory, got none", () -> Matmul.of(a, b, MemoryDesc.NONE));
  }

  private static void check(String text, org.junit.jupiter.api.function.Executable body) {
    String message = assertThrows(IllegalArgumentException.class, body).getMessage();
    org.junit.jupiter.api.Assertions.assertTrue(message.startsWith(text), message);
  }
}
