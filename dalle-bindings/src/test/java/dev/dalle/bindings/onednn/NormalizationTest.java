package dev.dalle.bindings.onednn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NormalizationTest extends AbstractOneDnnTest {
  private static final float EPSILON = 1e-5f;

  @ParameterizedTest
  @CsvSource({"F32,1,13", "F32,5,64", "F32,207,129", "F32,33,512", "BF16,5,64", "BF16,207,129"})
  void layerNormAndItsGradients(DataType type, int rows, int c) {
    Mem src = random(MemoryDesc.of(type, rows, c));
    Mem dst = empty(src.desc());
    Mem scale = random(MemoryDesc.of(DataType.F32, c));
    Mem shift = random(MemoryDesc.of(DataType.F32, c));
    Mem mean = empty(MemoryDesc.of(DataType.F32, rows));
    Mem variance = empty(MemoryDesc.of(DataType.F32, rows));
    LayerNormForward forward = new LayerNormForward(src.desc(), dst.desc(), EPSILON, true, true, true);
    if (!computes(type, forward)) {
      return;
    }
    assertFast(forward);
    run(forward, src, scale, shift, dst, mean, variance);
    Mem inference = empty(src.desc());
    run(new LayerNormForward(src.desc(), dst.desc(), EPSILON, true, true, false), src, scale, shift, inference);

    Mem diffDst = random(src.desc());
    Mem diffSrc = empty(src.desc());
    Mem diffScale = empty(scale.desc());
    Mem diffShift = empty(shift.desc());
    LayerNormBackward backward = new LayerNormBackward(src.desc(), diffDst.desc(), diffSrc.desc(), EPSILON, true, true);
    assertFast(backward);
    run(backward, src, diffDst, mean, variance, scale, diffSrc, diffScale, diffShift);

    double[] x = src.get();
    double[] gain = scale.get();
    double[] dy = diffDst.get();
    double[] y = new double[x.length];
    double[] dx = new double[x.length];
    double[] m = new double[rows];
    double[] v = new double[rows];
    double[] dGain = new double[c];
    double[] dShift = new double[c];
    for (int r = 0; r < rows; r++) {
      for (int j = 0; j < c; j++) {
        m[r] += x[r * c + j] / c;
      }
      for (int j = 0; j < c; j++) {
        v[r] += (x[r * c + j] - m[r]) * (x[r * c + j] - m[r]) / c;
      }
      double inverse = 1 / Math.sqrt(v[r] + EPSILON);
      double sum = 0;
      double weighted = 0;
      for (int j = 0; j < c; j++) {
        int i = r * c + j;
        double normal = (x[i] - m[r]) * inverse;
        y[i] = normal * gain[j] + shift.get()[j];
        sum += dy[i] * gain[j] / c;
        weighted += dy[i] * gain[j] * normal / c;
        dGain[j] += dy[i] * normal;
        dShift[j] += dy[i];
      }
      for (int j = 0; j < c; j++) {
        int i = r * c + j;
        dx[i] = inverse * (dy[i] * gain[j] - sum - (x[i] - m[r]) * inverse * weighted);
      }
    }
    double tolerance = type == DataType.F32 ? 5e-6 : 1.05 * Close.unit(type);
    Close.values(y, dst.get(), tolerance);
    Close.values(y, inference.get(), tolerance);
    Close.values(m, mean.get(), 1e-6);
    Close.values(v, variance.get(), 1e-6);
    Close.values(dx, diffSrc.get(), tolerance);
    Close.values(dGain, diffScale.get(), 1e-5);
    Close.values(dShift, diffShift.get(), 1e-5);
  }

  @Test
  void layerNormWithoutGainAndShift() {
    Mem src = random(MemoryDesc.of(DataType.F32, 2, 3, 21));
    Mem dst = empty(src.desc());
    run(new LayerNormForward(src.desc(), dst.desc(), 0, false, false, false), src, dst);
    double[] y = dst.get();
    for (int r = 0; r < 6; r++) {
      double sum = 0;
      double squares = 0;
      for (int j = 0; j < 21; j++) {
        sum += y[r * 21 + j];
        squares += y[r * 21 + j] * y[r * 21 + j];
      }
      assertEquals(0, sum, 1e-5);
      assertEquals(21, squares, 1e-4);
    }
  }

  @ParameterizedTest
  @CsvSource({"F32,1,1,false", "F32,13,207,false", "F32,65,320,true", "F32,3,8192,true", "BF16,13,207,false", "BF16,65,320,true"})
  void softmaxAndItsGradient(DataType type, int rows, int c, boolean logarithm) {
    Mem src = random(MemoryDesc.of(type, rows, c));
    Mem dst = empty(src.desc());
    SoftmaxForward forward = new SoftmaxForward(src.desc(), dst.desc(), 1, logarithm);
    if (!computes(type, forward)) {
      return;
    }
    assertFast(forward);
    run(forward, src, dst);
    double[] x = src.get();
    double[] y = new double[x.length];
    for (int r = 0; r < rows; r++) {
      double sum = 0;
      for (int j = 0; j < c; j++) {
        sum += Math.exp(x[r * c + j]);
      }
      for (int j = 0; j < c; j++) {
        y[r * c + j] = logarithm ? x[r * c + j] - Math.log(sum) : Math.exp(x[r * c + j]) / sum;
      }
    }
    double tolerance = type == DataType.F32 ? 2e-6 : 1.05 * Close.unit(type);
    Close.values(y, dst.get(), tolerance);

    Mem diffDst = random(src.desc());
    Mem diffSrc = empty(src.desc());
    SoftmaxBackward backward = new SoftmaxBackward(dst.desc(), diffDst.desc(), diffSrc.desc(), 1, logarithm);
    if (oneDnn.isa().includes(CpuIsa.AVX512_CORE)) {
      assertFast(backward);
    } else {
      assertTrue(oneDnn.primitive(backward, 2).isReference(), "the class comment says that AVX2 has none");
    }
    run(backward, dst, diffDst, diffSrc);
    double[] kept = dst.get();
    double[] dy = diffDst.get();
    double[] dx = new double[x.length];
    for (int r = 0; r < rows; r++) {
      double sum = 0;
      for (int j = 0; j < c; j++) {
        sum += logarithm ? dy[r * c + j] : dy[r * c + j] * kept[r * c + j];
      }
      for (int j = 0; j < c; j++) {
        int i = r * c + j;
        dx[i] = logarithm ? dy[i] - Math.exp(kept[i]) * sum : kept[i] * (dy[i] - sum);
      }
    }
    Close.values(dx, diffSrc.get(), type == DataType.F32 ? 1e-5 : 2 * Close.unit(type));
  }

  @Test
  void refusesAnAxisThatIsNotThere() {
    MemoryDesc desc = MemoryDesc.of(DataType.F32, 2, 3);
    assertEquals("axis: expected 0 to 1, got 2 for f32[2, 3]:[3, 1]",
        assertThrows(IllegalArgumentException.class, () -> new SoftmaxForward(desc, desc, 2, false)).getMessage());
    assertThrows(IllegalArgumentException.class, () -> new LayerNormForward(MemoryDesc.of(DataType.F32, 3), MemoryDesc.of(DataType.F32, 3), 0, false, false, false));
    assertThrows(IllegalArgumentException.class, () -> new LayerNormForward(desc, desc, Float.NaN, false, false, false));
  }
}
