package dev.dalle.tensor.internal.cpu;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.cpu.CpuDevice;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/** Operations on rows of the innermost dimension, a row at a time in an array; sums over rows. */
final class RowKernels {
  /** Rows that are added up in one piece; the pieces are added in order, so the result does not depend on the number of threads. */
  private static final int ROWS = 128;

  private final CpuDevice device;

  RowKernels(CpuDevice device) {
    this.device = device;
  }

  private static int columns(Tensor tensor) {
    return Math.toIntExact(tensor.dim(-1));
  }

  void addRow(Tensor x, Tensor bias, Tensor out) {
    int width = columns(x);
    RowFormat in = RowFormat.of(x.dtype());
    RowFormat to = RowFormat.of(out.dtype());
    device.launch("addRow", (team, memory) -> team.forRanges(x.shape().rowCount(), TableKernels.grain(width), (thread, begin, end) -> {
      float[] row = new float[width];
      float[] b = new float[width];
      float[] ones = new float[width];
      Arrays.fill(ones, 1);
      Tiles.load(memory[1], DType.F32, 0, b, width);
      for (long n = begin; n < end; n++) {
        in.load(memory[0], n * width, row, width);
        to.storeNormalised(row, 0, 1, ones, b, memory[2], n * width, width);
      }
    }), x, bias, out);
  }

  void sumRows(Tensor x, Tensor out, boolean accumulate) {
    int width = columns(x);
    RowFormat format = RowFormat.of(x.dtype());
    long rows = x.shape().rowCount();
    // Narrow rows are read several at a time, as one wide row whose columns are folded at the end.
    int fold = Math.max(1, 512 / Math.max(1, width));
    long piece = (long) ROWS * fold;
    device.launch("sumRows", (team, memory) -> {
      float[][] partial = new float[Math.toIntExact((rows + piece - 1) / piece)][];
      team.forRanges(partial.length, Math.max(1, 16384 / Math.max(1, piece * width)), (thread, from, to) -> {
        for (long p = from; p < to; p++) {
          float[] sum = new float[fold * width];
          long end = Math.min(rows, (p + 1) * piece);
          for (long n = p * piece; n < end; n += fold) {
            format.addTo(memory[0], n * width, sum, (int) Math.min(fold, end - n) * width);
          }
          partial[(int) p] = sum;
        }
      });
      double[] total = new double[width];
      for (float[] sum : partial) {
        for (int i = 0; i < sum.length; i++) {
          total[i % width] += sum[i];
        }
      }
      float[] result = new float[width];
      if (accumulate) {
        Tiles.load(memory[1], DType.F32, 0, result, width);
      }
      for (int c = 0; c < width; c++) {
        result[c] = (float) (result[c] + total[c]);
      }
      Tiles.store(result, memory[1], DType.F32, 0, width);
    }, x, out);
  }

  void softmax(Tensor in, Tensor out) {
    int width = columns(in);
    RowFormat from = RowFormat.of(in.dtype());
    RowFormat to = RowFormat.of(out.dtype());
    device.launch("softmax", (team, memory) -> team.forRanges(in.shape().rowCount(), TableKernels.grain(width), (thread, begin, end) -> {
      float[] row = VectorMath.row(width);
      float[] lanes = VectorMath.lanes();
      for (long n = begin; n < end; n++) {
        float greatest = from.loadGreatest(memory[0], n * width, row, width);
        float sum = VectorMath.expAndSum(row, greatest, width, lanes);
        to.storeScaled(row, 1 / sum, memory[1], n * width, width);
      }
    }), in, out);
  }

  void softmaxGradient(Tensor out, Tensor gradOut, Tensor gradIn) {
    int width = columns(out);
    RowFormat outFormat = RowFormat.of(out.dtype());
    RowFormat gradFormat = RowFormat.of(gradOut.dtype());
    RowFormat to = RowFormat.of(gradIn.dtype());
    device.launch("softmaxGradient", (team, memory) -> team.forRanges(out.shape().rowCount(), TableKernels.grain(width),
        (thread, begin, end) -> {
          float[] y = new float[width];
          float[] lanes = VectorMath.lanes();
          float[] g = new float[width];
          for (long n = begin; n < end; n++) {
            outFormat.load(memory[0], n * width, y, width);
            gradFormat.load(memory[1], n * width, g, width);
            to.storeSoftmaxGradient(y, g, VectorMath.laneDot(y, g, width, lanes), memory[2], n * width, width);
          }
        }), out, gradOut, gradIn);
  }

  void layerNorm(Tensor x, Tensor gain, Tensor bias, double epsilon, Tensor out, Tensor mean, Tensor rstd) {
    int width = columns(x);
    RowFormat from = RowFormat.of(x.dtype());
    RowFormat to = RowFormat.of(out.dtype());
    device.launch("layerNorm", (team, memory) -> team.forRanges(x.shape().rowCount(), TableKernels.grain(width), (thread, begin, end) -> {
      float[] row = new float[width];
      float[] lanes = VectorMath.lanes();
      float[] w = new float[width];
      float[] b = new float[width];
      Tiles.load(memory[1], DType.F32, 0, w, width);
      Tiles.load(memory[2], DType.F32, 0, b, width);
      for (long n = begin; n < end; n++) {
        float average = from.loadSum(memory[0], n * width, row, width, lanes) / width;
        float r = (float) (1 / Math.sqrt((double) VectorMath.laneSquares(row, average, width, lanes) / width + epsilon));
        to.storeNormalised(row, average, r, w, b, memory[3], n * width, width);
        memory[4].set(ValueLayout.JAVA_FLOAT, n * 4, average);
        memory[5].set(ValueLayout.JAVA_FLOAT, n * 4, r);
      }
    }), x, gain, bias, out, mean, rstd);
  }

  void layerNormGradient(Tensor x, Tensor gain, Tensor mean, Tensor rstd, Tensor gradOut, Tensor gradIn, Tensor gradGain,
      Tensor gradBias) {
    int width = columns(x);
    long rows = x.shape().rowCount();
    RowFormat xFormat = RowFormat.of(x.dtype());
    RowFormat gradFormat = RowFormat.of(gradOut.dtype());
    RowFormat to = RowFormat.of(gradIn.dtype());
    device.launch("layerNormGradient", (team, memory) -> {
      int pieces = Math.toIntExact((rows + ROWS - 1) / ROWS);
      float[][] gains = new float[pieces][];
      float[][] biases = new float[pieces][];
      team.forRanges(pieces, 1, (thread, begin, end) -> {
        LayerNormRow row = new LayerNormRow(memory[1], width);
        for (long p = begin; p < end; p++) {
          row.startPiece();
          for (long n = p * ROWS; n < Math.min(rows, (p + 1) * ROWS); n++) {
            float average = memory[2].get(ValueLayout.JAVA_FLOAT, n * 4);
            float r = memory[3].get(ValueLayout.JAVA_FLOAT, n * 4);
            xFormat.loadNormalised(memory[0], n * width, average, r, row.hat, width);
            gradFormat.load(memory[4], n * width, row.g, width);
            row.add();
            to.storeLayerNormGradient(row.g, row.hat, r, row.meanOfGrad, row.meanOfProduct, memory[5], n * width, width);
          }
          gains[(int) p] = row.sumGain;
          biases[(int) p] = row.sumBias;
        }
      });
      addPieces(gains, memory[6], width);
      addPieces(biases, memory[7], width);
    }, x, gain, mean, rstd, gradOut, gradIn, gradGain, gradBias);
  }

  private static void addPieces(float[][] pieces, MemorySegment to, int width) {
    float[] result = new float[width];
    Tiles.load(to, DType.F32, 0, result, width);
    double[] total = new double[width];
    for (float[] piece : pieces) {
      for (int c = 0; c < width; c++) {
        total[c] += piece[c];
      }
    }
    for (int c = 0; c < width; c++) {
      result[c] = (float) (result[c] + total[c]);
    }
    Tiles.store(result, to, DType.F32, 0, width);
  }

  void argmax(Tensor in, Tensor out) {
    int width = columns(in);
    DType dtype = in.dtype();
    device.launch("argmax", (team, memory) -> team.forRanges(in.shape().rowCount(), TableKernels.grain(width), (thread, from, to) -> {
      float[] row = new float[width];
      for (long n = from; n < to; n++) {
        Tiles.load(memory[0], dtype, n * width, row, width);
        memory[1].set(ValueLayout.JAVA_INT, n * 4, first(row, VectorMath.max(row, width), width));
      }
    }), in, out);
  }

  private static int first(float[] row, float value, int width) {
    boolean nan = Float.isNaN(value);
    for (int c = 0; c < width; c++) {
      if (row[c] == value || nan && Float.isNaN(row[c])) {
        return c;
      }
    }
    throw new IllegalStateException("the maximum " + value + " is not in its row");
  }

  private static int target(MemorySegment targets, long n, int width) {
    int target = targets.get(ValueLayout.JAVA_INT, n * 4);
    if (target >= width) {
      throw new IndexOutOfBoundsException("target " + target + " at row " + n + ", there are " + width + " classes");
    }
    return target;
  }

  void crossEntropy(Tensor logits, Tensor targets, Tensor losses) {
    int width = columns(logits);
    RowFormat from = RowFormat.of(logits.dtype());
    device.launch("crossEntropy", (team, memory) -> team.forRanges(targets.elementCount(), TableKernels.grain(width),
        (thread, begin, end) -> {
          float[] row = VectorMath.row(width);
          float[] lanes = VectorMath.lanes();
          for (long n = begin; n < end; n++) {
            int target = target(memory[1], n, width);
            float loss = 0;
            if (target >= 0) {
              float greatest = from.loadGreatest(memory[0], n * width, row, width);
              double logit = row[target];
              loss = (float) (Math.log(VectorMath.expAndSum(row, greatest, width, lanes)) - (logit - greatest));
            }
            memory[2].set(ValueLayout.JAVA_FLOAT, n * 4, loss);
          }
        }), logits, targets, losses);
  }

  void crossEntropyGradient(Tensor logits, Tensor targets, Tensor weights, Tensor gradLogits) {
    int width = columns(logits);
    RowFormat from = RowFormat.of(logits.dtype());
    RowFormat to = RowFormat.of(gradLogits.dtype());
    device.launch("crossEntropyGradient", (team, memory) -> team.forRanges(targets.elementCount(), TableKernels.grain(width),
        (thread, begin, end) -> {
          float[] row = VectorMath.row(width);
          float[] lanes = VectorMath.lanes();
          for (long n = begin; n < end; n++) {
            int target = target(memory[1], n, width);
            float factor = 0;
            if (target < 0) {
              Arrays.fill(row, 0);
            } else {
              float greatest = from.loadGreatest(memory[0], n * width, row, width);
              float sum = VectorMath.expAndSum(row, greatest, width, lanes);
              row[target] -= sum;
              factor = memory[2].get(ValueLayout.JAVA_FLOAT, n * 4) / sum;
            }
            to.storeScaled(row, factor, memory[3], n * width, width);
          }
        }), logits, targets, weights, gradLogits);
  }
}
