package dev.dalle.bindings.onednn;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PoolingTest extends AbstractOneDnnTest {
  @ParameterizedTest
  @CsvSource({"F32,1,1,2,2", "F32,2,13,6,8", "F32,3,64,16,4", "BF16,2,13,6,8", "BF16,3,64,16,4"})
  void maximumAndItsGradient(DataType type, int n, int c, int h, int w) {
    Window window = Window.square(2, 2, 0);
    Mem src = random(MemoryDesc.nhwc(type, n, h, w, c));
    Mem dst = empty(MemoryDesc.nhwc(type, n, h / 2, w / 2, c));
    PoolingForward forward = new PoolingForward(PoolingAlgorithm.MAX, src.desc(), dst.desc(), window, true, Attributes.NONE);
    if (!computes(type, forward)) {
      return;
    }
    assertFast(forward);
    Mem workspace = Mem.of(arena, oneDnn.primitive(forward, 2).argument(ArgumentRole.WORKSPACE));
    run(forward, src, dst, workspace);
    Mem diffDst = random(dst.desc());
    Mem diffSrc = empty(src.desc());
    PoolingBackward backward = new PoolingBackward(PoolingAlgorithm.MAX, src.desc(), dst.desc(), window);
    run(backward, diffDst, workspace, diffSrc);

    double[] s = src.get();
    double[] g = diffDst.get();
    double[] wanted = new double[g.length];
    double[] wantedBack = new double[s.length];
    for (int i = 0; i < wanted.length; i++) {
      int x = i % (w / 2) * 2;
      int y = i / (w / 2) % (h / 2) * 2;
      int base = i / (w / 2 * (h / 2)) * h * w + y * w + x;
      int best = base;
      for (int at : new int[] {base + 1, base + w, base + w + 1}) {
        if (s[at] > s[best]) {
          best = at;
        }
      }
      wanted[i] = s[best];
      wantedBack[best] += g[i];
    }
    Close.values(wanted, dst.get(), 0);
    Close.values(wantedBack, diffSrc.get(), 0);

    Mem inference = empty(dst.desc());
    run(new PoolingForward(PoolingAlgorithm.MAX, src.desc(), dst.desc(), window, false, Attributes.NONE), src, inference);
    Close.values(wanted, inference.get(), 0);
  }

  @ParameterizedTest
  @CsvSource({"AVERAGE", "AVERAGE_WITH_PADDING"})
  void mean(PoolingAlgorithm algorithm) {
    Mem src = random(MemoryDesc.nhwc(DataType.F32, 2, 5, 5, 3));
    Mem dst = empty(src.desc());
    Window window = Window.same(3);
    run(new PoolingForward(algorithm, src.desc(), dst.desc(), window, true, Attributes.NONE), src, dst);
    double[] s = src.get();
    double[] wanted = new double[s.length];
    int[] count = new int[s.length];
    for (int i = 0; i < wanted.length; i++) {
      for (int dy = -1; dy <= 1; dy++) {
        for (int dx = -1; dx <= 1; dx++) {
          int y = i / 5 % 5 + dy;
          int x = i % 5 + dx;
          if (y >= 0 && y < 5 && x >= 0 && x < 5) {
            wanted[i] += s[i / 25 * 25 + y * 5 + x];
            count[i]++;
          }
        }
      }
      wanted[i] /= algorithm == PoolingAlgorithm.AVERAGE ? count[i] : 9;
    }
    Close.values(wanted, dst.get(), 1e-6);
    Mem ones = Mem.filled(arena, dst.desc(), 1);
    Mem diffSrc = empty(src.desc());
    run(new PoolingBackward(algorithm, src.desc(), dst.desc(), window), ones, diffSrc);
    // A mean without padding hands out exactly what comes in.
    double total = Arrays.stream(diffSrc.get()).sum();
    if (algorithm == PoolingAlgorithm.AVERAGE) {
      Close.values(new double[] {150}, new double[] {total}, 1e-5);
    } else {
      Close.values(new double[] {6 * 169 / 9.0}, new double[] {total}, 1e-5);
    }
  }

  @ParameterizedTest
  @CsvSource({"F32,1,1,1,1", "F32,2,13,5,3", "BF16,2,64,8,4"})
  void nearestNeighbourUpsampling(DataType type, int n, int c, int h, int w) {
    Mem src = random(MemoryDesc.nhwc(type, n, h, w, c));
    Mem dst = empty(MemoryDesc.nhwc(type, n, 2L * h, 2L * w, c));
    ResamplingForward forward = new ResamplingForward(src.desc(), dst.desc());
    if (!computes(type, forward)) {
      return;
    }
    run(forward, src, dst);
    double[] s = src.get();
    double[] wanted = new double[4 * s.length];
    double[] wantedBack = new double[s.length];
    Mem diffDst = random(dst.desc());
    double[] g = diffDst.get();
    for (int i = 0; i < wanted.length; i++) {
      int from = (i / (4 * h * w) * h + i / (2 * w) % (2 * h) / 2) * w + i % (2 * w) / 2;
      wanted[i] = s[from];
      wantedBack[from] += g[i];
    }
    Close.values(wanted, dst.get(), 0);
    Mem diffSrc = empty(src.desc());
    run(new ResamplingBackward(src.desc(), dst.desc()), diffDst, diffSrc);
    Close.values(wantedBack, diffSrc.get(), Close.unit(type) * 8);  // three additions of numbers up to about 4
  }

  @Test
  void postOperationsFollowTheMean() {
    Mem src = random(MemoryDesc.nhwc(DataType.F32, 2, 6, 4, 19));
    Mem dst = empty(MemoryDesc.nhwc(DataType.F32, 2, 3, 2, 19));
    run(new PoolingForward(PoolingAlgorithm.AVERAGE, src.desc(), dst.desc(), Window.square(2, 2, 0), false, Attributes.of(PostOp.scale(4))), src, dst);
    double[] s = src.get();
    double[] sums = new double[dst.get().length];
    for (int i = 0; i < sums.length; i++) {
      int at = i / 6 * 24 + i / 2 % 3 * 8 + i % 2 * 2;
      sums[i] = s[at] + s[at + 1] + s[at + 4] + s[at + 5];
    }
    Close.values(sums, dst.get(), 1e-6);
  }
}
