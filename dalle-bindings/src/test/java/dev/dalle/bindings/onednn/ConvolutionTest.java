package dev.dalle.bindings.onednn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ConvolutionTest extends AbstractOneDnnTest {
  static Stream<Arguments> cases() {
    return Stream.of(DataType.F32, DataType.BF16).flatMap(type -> Stream.of(
        Arguments.of(type, 1, 1, 1, 1, 1, Window.same(1)),
        Arguments.of(type, 2, 3, 5, 7, 13, Window.same(7)),
        Arguments.of(type, 3, 16, 17, 9, 8, Window.same(3)),
        Arguments.of(type, 2, 33, 31, 5, 6, Window.square(4, 2, 1)),
        Arguments.of(type, 1, 4, 6, 11, 9, new Window(3, 2, 2, 1, 0, 1, 2, 1, 2, 1))));
  }

  /** All three sums of products at once: each product of an image, a weight and an output element belongs to one of each. */
  private interface Visitor {
    void visit(int src, int weight, int dst);
  }

  private static void visit(int n, int c, int o, int h, int w, Window win, Visitor visitor) {
    int oh = (int) win.outputH(h);
    int ow = (int) win.outputW(w);
    for (int in = 0; in < n; in++) {
      for (int io = 0; io < o; io++) {
        for (int y = 0; y < oh; y++) {
          for (int x = 0; x < ow; x++) {
            for (int ic = 0; ic < c; ic++) {
              for (int ky = 0; ky < win.kernelH(); ky++) {
                for (int kx = 0; kx < win.kernelW(); kx++) {
                  int sy = y * win.strideH() - win.padTop() + ky * win.dilationH();
                  int sx = x * win.strideW() - win.padLeft() + kx * win.dilationW();
                  if (sy >= 0 && sy < h && sx >= 0 && sx < w) {
                    visitor.visit(((in * c + ic) * h + sy) * w + sx, ((io * c + ic) * win.kernelH() + ky) * win.kernelW() + kx,
                        ((in * o + io) * oh + y) * ow + x);
                  }
                }
              }
            }
          }
        }
      }
    }
  }

  /** The weights in the layout that the primitive chose. */
  private Mem packed(PrimitiveSpec spec, Mem plain) {
    Mem packed = Mem.of(arena, oneDnn.primitive(spec, 2).argument(ArgumentRole.WEIGHTS));
    oneDnn.primitive(Reorder.of(plain.desc(), packed.desc()), 2).execute(plain.segment(), packed.segment());
    return packed;
  }

  @ParameterizedTest
  @MethodSource("cases")
  void forwardAndBothBackwards(DataType type, int n, int c, int o, int h, int w, Window window) {
    int oh = (int) window.outputH(h);
    int ow = (int) window.outputW(w);
    MemoryDesc any = MemoryDesc.any(type, o, c, window.kernelH(), window.kernelW());
    Mem src = random(MemoryDesc.nhwc(type, n, h, w, c));
    Mem weights = random(MemoryDesc.of(type, any.dims()));
    Mem bias = random(MemoryDesc.of(DataType.F32, o));
    Mem dst = empty(MemoryDesc.nhwc(type, n, oh, ow, o));
    ConvolutionForward forward = new ConvolutionForward(src.desc(), any, bias.desc(), dst.desc(), window, Attributes.NONE);
    if (!computes(type, forward)) {
      return;
    }
    assertFast(forward);
    run(forward, src, packed(forward, weights), bias, dst);
    double[] s = src.get();
    double[] k = weights.get();
    double[] b = bias.get();
    Sums out = new Sums(n * o * oh * ow);
    for (int i = 0; i < out.value.length; i++) {
      out.add(i, b[i / (oh * ow) % o]);
    }
    visit(n, c, o, h, w, window, (is, iw, id) -> out.add(id, s[is] * k[iw]));
    out.check(dst);

    Mem diffDst = random(dst.desc());
    double[] g = diffDst.get();
    Mem diffSrc = empty(src.desc());
    ConvolutionBackwardData backward = new ConvolutionBackwardData(src.desc(), any, dst.desc(), window, Attributes.NONE);
    run(backward, diffDst, packed(backward, weights), diffSrc);
    Sums back = new Sums(s.length);
    visit(n, c, o, h, w, window, (is, iw, id) -> back.add(is, g[id] * k[iw]));
    back.check(diffSrc);

    for (DataType gradient : type == DataType.F32 ? new DataType[] {type} : new DataType[] {type, DataType.F32}) {
      Mem diffWeights = empty(MemoryDesc.of(gradient, any.dims()));
      Mem diffBias = empty(MemoryDesc.of(DataType.F32, o));
      ConvolutionBackwardWeights spec = new ConvolutionBackwardWeights(src.desc(), MemoryDesc.any(gradient, any.dims()), diffBias.desc(),
          dst.desc(), window, Attributes.NONE);
      Mem chosen = Mem.of(arena, oneDnn.primitive(spec, 2).argument(ArgumentRole.DIFF_WEIGHTS));
      run(spec, src, diffDst, chosen, diffBias);
      run(Reorder.of(chosen.desc(), diffWeights.desc()), chosen, diffWeights);
      Sums dw = new Sums(k.length);
      Sums db = new Sums(o);
      visit(n, c, o, h, w, window, (is, iw, id) -> dw.add(iw, g[id] * s[is]));
      for (int i = 0; i < g.length; i++) {
        db.add(i / (oh * ow) % o, g[i]);
      }
      dw.check(diffWeights);
      db.check(diffBias);
    }
  }

  private static final class Sums {
    final double[] value;
    final double[] magnitude;
    final int[] terms;

    Sums(int length) {
      value = new double[length];
      magnitude = new double[length];
      terms = new int[length];
    }

    void add(int index, double term) {
      value[index] += term;
      magnitude[index] += Math.abs(term);
      terms[index]++;
    }

    void check(Mem got) {
      Close.sums(value, magnitude, java.util.Arrays.stream(terms).max().orElse(1), got.desc().dtype(), got.get());
    }
  }

  @Test
  void plainWeightsGiveTheSameAndAreSlow() {
    Window window = Window.same(3);
    Mem src = random(MemoryDesc.nhwc(DataType.F32, 2, 8, 8, 5));
    Mem weights = random(MemoryDesc.of(DataType.F32, 7, 5, 3, 3));
    Mem dst = empty(MemoryDesc.nhwc(DataType.F32, 2, 8, 8, 7));
    ConvolutionForward spec = new ConvolutionForward(src.desc(), weights.desc(), MemoryDesc.NONE, dst.desc(), window, Attributes.NONE);
    run(spec, src, weights, dst);
    double[] s = src.get();
    double[] k = weights.get();
    Sums out = new Sums(2 * 7 * 64);
    visit(2, 5, 7, 8, 8, window, (is, iw, id) -> out.add(id, s[is] * k[iw]));
    out.check(dst);
    assertTrue(oneDnn.primitive(spec, 2).isReference(), "the class comments of convolutions say that plain weights are slow");
  }

  @Test
  void fusesBiasAndActivation() {
    Mem src = random(MemoryDesc.nhwc(DataType.F32, 1, 5, 5, 3));
    Mem weights = random(MemoryDesc.of(DataType.F32, 4, 3, 1, 1));
    Mem bias = random(MemoryDesc.of(DataType.F32, 4));
    Mem dst = empty(MemoryDesc.nhwc(DataType.F32, 1, 5, 5, 4));
    run(new ConvolutionForward(src.desc(), weights.desc(), bias.desc(), dst.desc(), Window.same(1),
        Attributes.of(PostOp.eltwise(EltwiseAlgorithm.RELU, 0, 0))), src, weights, bias, dst);
    double[] s = src.get();
    double[] k = weights.get();
    double[] wanted = new double[100];
    for (int i = 0; i < 100; i++) {
      double sum = bias.get()[i / 25];
      for (int c = 0; c < 3; c++) {
        sum += s[c * 25 + i % 25] * k[i / 25 * 3 + c];
      }
      wanted[i] = Math.max(0, sum);
    }
    Close.values(wanted, dst.get(), 1e-6);
  }

  @Test
  void isFastOnTheShapesOfADiscreteVae() {
    for (DataType type : new DataType[] {DataType.F32, DataType.BF16}) {
      for (int[] channels : new int[][] {{256, 64}, {64, 64}, {3, 64}, {128, 512}}) {
        for (Window window : new Window[] {Window.same(3), Window.same(1), Window.same(7)}) {
          MemoryDesc src = MemoryDesc.nhwc(type, 8, 16, 16, channels[0]);
          MemoryDesc weights = MemoryDesc.any(type, channels[1], channels[0], window.kernelH(), window.kernelW());
          MemoryDesc dst = MemoryDesc.nhwc(type, 8, 16, 16, channels[1]);
          MemoryDesc bias = MemoryDesc.of(DataType.F32, channels[1]);
          ConvolutionForward forward = new ConvolutionForward(src, weights, bias, dst, window, Attributes.NONE);
          if (computes(type, forward)) {
            assertFast(forward);
            assertFast(new ConvolutionBackwardData(src, weights, dst, window, Attributes.NONE));
            assertFast(new ConvolutionBackwardWeights(src, weights, bias, dst, window, Attributes.NONE));
          }
        }
      }
    }
  }

  @Test
  void refusesShapesThatDoNotAgree() {
    MemoryDesc src = MemoryDesc.nhwc(DataType.F32, 2, 8, 8, 3);
    MemoryDesc weights = MemoryDesc.of(DataType.F32, 4, 3, 3, 3);
    MemoryDesc dst = MemoryDesc.nhwc(DataType.F32, 2, 8, 8, 4);
    Window window = Window.same(3);
    assertEquals("dst: expected [2, 4, 8, 8] for src " + src + " and the window, got f32[2, 4, 8, 7]:[224, 1, 28, 4]",
        assertThrows(IllegalArgumentException.class, () -> new ConvolutionForward(src, weights, MemoryDesc.NONE,
            MemoryDesc.nhwc(DataType.F32, 2, 8, 7, 4), window, Attributes.NONE)).getMessage());
    String text = assertThrows(IllegalArgumentException.class, () -> new ConvolutionBackwardData(src,
        MemoryDesc.of(DataType.F32, 4, 2, 3, 3), dst, window, Attributes.NONE)).getMessage();
    assertTrue(text.startsWith("weights: expected [4, 3, 3, 3] for diffSrc"), text);
    assertEquals("diffBias: expected [4] for diffWeights " + weights + ", got f32[5]:[1]",
        assertThrows(IllegalArgumentException.class, () -> new ConvolutionBackwardWeights(src, weights,
            MemoryDesc.of(DataType.F32, 5), dst, window, Attributes.NONE)).getMessage());
    assertThrows(IllegalArgumentException.class, () -> new ConvolutionBackwardData(src, weights, dst, window,
        Attributes.of(PostOp.accumulate())));
    assertThrows(IllegalArgumentException.class, () -> Window.same(4));
    assertThrows(IllegalArgumentException.class, () -> new Window(3, 3, 0, 1, 0, 0, 0, 0, 1, 1));
    assertThrows(IllegalArgumentException.class, () -> new Window(3, 3, 1, 1, -1, 0, 0, 0, 1, 1));
  }
}
