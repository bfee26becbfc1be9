package dev.dalle.tensor.internal.cpu;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.cpu.CpuDevice;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Operations on rows of the innermost dimension, a row at a time in an array; sums over rows. */
final class RowKernels {
  /** Rows that are added up in one piece; the pieces are added in order, so the result does not depend on the number of threads. */
  private static final int ROWS = 256;

  private final CpuDevice device;

  RowKernels(CpuDevice device) {
    this.device = device;
  }

  private static int columns(Tensor tensor) {
    return Math.toIntExact(tensor.dim(-1));
  }

  void addRow(Tensor x, Tensor bias, Tensor out) {
    int width = columns(x);
    DType inType = x.dtype();
    DType outType = out.dtype();
    device.launch("addRow", (team, memory) -> team.forRanges(x.shape().rowCount(), TableKernels.grain(width), (thread, from, to) -> {
      float[] row = new float[width];
      float[] b = new float[width];
      Tiles.load(memory[1], DType.F32, 0, b, width);
      for (long n = from; n < to; n++) {
        Tiles.load(memory[0], inType, n * width, row, width);
        for (int c = 0; c < width; c++) {
          row[c] += b[c];
        }
        Tiles.store(row, memory[2], outType, n * width, width);
      }
    }), x, bias, out);
  }

  void sumRows(Tensor x, Tensor out, boolean accumulate) {
    int width = columns(x);
    DType dtype = x.dtype();
    long rows = x.shape().rowCount();
    // Narrow rows are read several at a time, as one wide row whose columns are folded at the end.
    int fold = Math.max(1, 512 / Math.max(1, width));
    long piece = (long) ROWS * fold;
    device.launch("sumRows", (team, memory) -> {
      float[][] partial = new float[Math.toIntExact((rows + piece - 1) / piece)][];
      team.forRanges(partial.length, Math.max(1, 16384 / Math.max(1, piece * width)), (thread, from, to) -> {
        float[] wide = new float[fold * width];
        for (long p = from; p < to; p++) {
          float[] sum = new float[fold * width];
          long end = Math.min(rows, (p + 1) * piece);
          for (long n = p * piece; n < end; n += fold) {
            int count = (int) Math.min(fold, end - n) * width;
            Tiles.load(memory[0], dtype, n * width, wide, count);
            addTo(wide, sum, count);
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

  private static void addTo(float[] x, float[] sum, int count) {
    for (int i = 0; i < count; i++) {
      sum[i] += x[i];
    }
  }

  /** Turns a row into its softmax; returns the logarithm of the sum of the exponentials. */
  private static double softmax(float[] row, int width) {
    float max = VectorMath.max(row, width);
    VectorMath.exp(row, max, row, width);
    double sum = VectorMath.sum(row, width);
    float factor = (float) (1 / sum);
    for (int c = 0; c < width; c++) {
      row[c] *= factor;
    }
    return max + Math.log(sum);
  }

  void softmax(Tensor in, Tensor out) {
    int width = columns(in);
    DType inType = in.dtype();
    DType outType = out.dtype();
    device.launch("softmax", (team, memory) -> team.forRanges(in.shape().rowCount(), TableKernels.grain(width), (thread, from, to) -> {
      float[] row = new float[width];
      for (long n = from; n < to; n++) {
        Tiles.load(memory[0], inType, n * width, row, width);
        softmax(row, width);
        Tiles.store(row, memory[1], outType, n * width, width);
      }
    }), in, out);
  }

  void softmaxGradient(Tensor out, Tensor gradOut, Tensor gradIn) {
    int width = columns(out);
    DType outType = out.dtype();
    DType gradType = gradOut.dtype();
    DType gradInType = gradIn.dtype();
    device.launch("softmaxGradient", (team, memory) -> team.forRanges(out.shape().rowCount(), TableKernels.grain(width),
        (thread, from, to) -> {
          float[] y = new float[width];
          float[] g = new float[width];
          for (long n = from; n < to; n++) {
            Tiles.load(memory[0], outType, n * width, y, width);
            Tiles.load(memory[1], gradType, n * width, g, width);
            float dot = (float) VectorMath.dot(y, g, width);
            for (int c = 0; c < width; c++) {
              g[c] = y[c] * (g[c] - dot);
            }
            Tiles.store(g, memory[2], gradInType, n * width, width);
          }
        }), out, gradOut, gradIn);
  }

  void layerNorm(Tensor x, Tensor gain, Tensor bias, double epsilon, Tensor out, Tensor mean, Tensor rstd) {
    int width = columns(x);
    DType inType = x.dtype();
    DType outType = out.dtype();
    device.launch("layerNorm", (team, memory) -> team.forRanges(x.shape().rowCount(), TableKernels.grain(width), (thread, from, to) -> {
      float[] row = new float[width];
      float[] w = new float[width];
      float[] b = new float[width];
      Tiles.load(memory[1], DType.F32, 0, w, width);
      Tiles.load(memory[2], DType.F32, 0, b, width);
      for (long n = from; n < to; n++) {
        Tiles.load(memory[0], inType, n * width, row, width);
        float average = (float) (VectorMath.sum(row, width) / width);
        for (int c = 0; c < width; c++) {
          row[c] -= average;
        }
        float r = (float) (1 / Math.sqrt(VectorMath.dot(row, row, width) / width + epsilon));
        for (int c = 0; c < width; c++) {
          row[c] = w[c] * (row[c] * r) + b[c];
        }
        Tiles.store(row, memory[3], outType, n * width, width);
        memory[4].set(ValueLayout.JAVA_FLOAT, n * 4, average);
        memory[5].set(ValueLayout.JAVA_FLOAT, n * 4, r);
      }
    }), x, gain, bias, out, mean, rstd);
  }

  void layerNormGradient(Tensor x, Tensor gain, Tensor mean, Tensor rstd, Tensor gradOut, Tensor gradIn, Tensor gradGain,
      Tensor gradBias) {
    int width = columns(x);
    long rows = x.shape().rowCount();
    DType inType = x.dtype();
    DType gradType = gradOut.dtype();
    DType gradInType = gradIn.dtype();
    device.launch("layerNormGradient", (team, memory) -> {
      int pieces = Math.toIntExact((rows + ROWS - 1) / ROWS);
      float[][] gains = new float[pieces][];
      float[][] biases = new float[pieces][];
      team.forRanges(pieces, 1, (thread, from, to) -> {
        float[] hat = new float[width];
        float[] g = new float[width];
        float[] w = new float[width];
        Tiles.load(memory[1], DType.F32, 0, w, width);
        for (long p = from; p < to; p++) {
          float[] sumGain = new float[width];
          float[] sumBias = new float[width];
          for (long n = p * ROWS; n < Math.min(rows, (p + 1) * ROWS); n++) {
            Tiles.load(memory[0], inType, n * width, hat, width);
            Tiles.load(memory[4], gradType, n * width, g, width);
            float average = memory[2].get(ValueLayout.JAVA_FLOAT, n * 4);
            float r = memory[3].get(ValueLayout.JAVA_FLOAT, n * 4);
            normalise(hat, average, r, g, w, sumGain, sumBias, width);
            float meanOfGrad = (float) (VectorMath.sum(g, width) / width);
            float meanOfProduct = (float) (VectorMath.dot(g, hat, width) / width);
            for (int c = 0; c < width; c++) {
              g[c] = r * (g[c] - meanOfGrad - hat[c] * meanOfProduct);
            }
            Tiles.store(g, memory[5], gradInType, n * width, width);
          }
          gains[(int) p] = sumGain;
          biases[(int) p] = sumBias;
        }
      });
      addPieces(gains, memory[6], width);
      addPieces(biases, memory[7], width);
    }, x, gain, mean, rstd, gradOut, gradIn, gradGain, gradBias);
  }

  /** Turns a row into its normalised values and the gradient into that of those, adding up the gradients of gain and bias. */
  private static void normalise(float[] hat, float average, float r, float[] g, float[] w, float[] sumGain, float[] sumBias, int width) {
    for (int c = 0; c < width; c++) {
      hat[c] = (hat[c] - average) * r;
    }
    for (int c = 0; c < width; c++) {
      sumBias[c] += g[c];
      sumGain[c] += g[c] * hat[c];
    }
    for (int c = 0; c < width; c++) {
      g[c] *= w[c];
    }
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
    DType dtype = logits.dtype();
    device.launch("crossEntropy", (team, memory) -> team.forRanges(targets.elementCount(), TableKernels.grain(width),
        (thread, from, to) -> {
          float[] row = new float[width];
          for (long n = from; n < to; n++) {
            int target = target(memory[1], n, width);
            float loss = 0;
            if (target >= 0) {
              Tiles.load(memory[0], dtype, n * width, row, width);
              float logit = row[target];
              loss = (float) (softmax(row, width) - logit);
            }
            memory[2].set(ValueLayout.JAVA_FLOAT, n * 4, loss);
          }
        }), logits, targets, losses);
  }

  void crossEntropyGradient(Tensor logits, Tensor targets, Tensor weights, Tensor gradLogits) {
    int width = columns(logits);
    DType dtype = logits.dtype();
    DType gradType = gradLogits.dtype();
    device.launch("crossEntropyGradient", (team, memory) -> team.forRanges(targets.elementCount(), TableKernels.grain(width),
        (thread, from, to) -> {
          float[] row = new float[width];
          for (long n = from; n < to; n++) {
            int target = target(memory[1], n, width);
            if (target < 0) {
              java.util.Arrays.fill(row, 0);
            } else {
              Tiles.load(memory[0], dtype, n * width, row, width);
              softmax(row, width);
              row[target] -= 1;
              scale(row, memory[2].get(ValueLayout.JAVA_FLOAT, n * 4), width);
            }
            Tiles.store(row, memory[3], gradType, n * width, width);
          }
        }), logits, targets, weights, gradLogits);
  }

  private static void scale(float[] row, float factor, int width) {
    for (int c = 0; c < width; c++) {
      row[c] *= factor;
    }
  }
}
