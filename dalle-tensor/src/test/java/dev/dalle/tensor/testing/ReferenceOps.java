package dev.dalle.tensor.testing;

import static dev.dalle.tensor.testing.ReferenceDevice.offset;
import static dev.dalle.tensor.testing.ReferenceDevice.values;

import dev.dalle.tensor.Activation;
import dev.dalle.tensor.Ops;
import dev.dalle.tensor.Philox;
import dev.dalle.tensor.Tensor;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;

/** What every operation means: plain loops over doubles, nothing clever. Defines what is right for every other device. */
final class ReferenceOps implements Ops {
  /** A tensor as a readable and writable row of doubles. */
  private record View(double[] data, int at, int size) {
    static View of(Tensor tensor) {
      return new View(values(tensor), offset(tensor), Math.toIntExact(tensor.elementCount()));
    }

    double get(int i) {
      return data[at + i];
    }

    void set(int i, double value) {
      data[at + i] = value;
    }

    void add(int i, double value) {
      data[at + i] += value;
    }
  }

  private static int columns(Tensor tensor) {
    return Math.toIntExact(tensor.dim(-1));
  }

  private static int rowCount(Tensor tensor) {
    return Math.toIntExact(tensor.shape().rowCount());
  }

  private static void map(Tensor in, Tensor out, DoubleUnaryOperator f) {
    View a = View.of(in);
    View o = View.of(out);
    for (int i = 0; i < a.size(); i++) {
      o.set(i, f.applyAsDouble(a.get(i)));
    }
  }

  private static void map(Tensor x, Tensor y, Tensor out, DoubleBinaryOperator f) {
    View a = View.of(x);
    View b = View.of(y);
    View o = View.of(out);
    for (int i = 0; i < a.size(); i++) {
      o.set(i, f.applyAsDouble(a.get(i), b.get(i)));
    }
  }

  @Override
  public void fill(Tensor out, double value) {
    View o = View.of(out);
    for (int i = 0; i < o.size(); i++) {
      o.set(i, value);
    }
  }

  @Override
  public void copy(Tensor in, Tensor out) {
    map(in, out, v -> v);
  }

  @Override
  public void add(Tensor a, Tensor b, Tensor out) {
    map(a, b, out, Double::sum);
  }

  @Override
  public void multiply(Tensor a, Tensor b, Tensor out) {
    map(a, b, out, (u, v) -> u * v);
  }

  @Override
  public void scale(Tensor in, double factor, Tensor out) {
    map(in, out, v -> factor * v);
  }

  @Override
  public void addScaled(Tensor in, double factor, Tensor out) {
    map(in, out, out, (v, o) -> o + factor * v);
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  @Override
  public void activation(Activation f, Tensor in, Tensor out) {
    map(in, out, switch (f) {
      case RELU -> v -> Math.max(v, 0);
      case QUICK_GELU -> v -> v * sigmoid(1.702 * v);
      case SIGMOID -> ReferenceOps::sigmoid;
    });
  }

  @Override
  public void activationGradient(Activation f, Tensor in, Tensor gradOut, Tensor gradIn) {
    map(in, gradOut, gradIn, switch (f) {
      case RELU -> (v, g) -> v > 0 ? g : 0;
      case QUICK_GELU -> (v, g) -> {
        double s = sigmoid(1.702 * v);
        return g * (s + 1.702 * v * s * (1 - s));
      };
      case SIGMOID -> (v, g) -> g * sigmoid(v) * (1 - sigmoid(v));
    });
  }

  @Override
  public void addRow(Tensor x, Tensor bias, Tensor out) {
    View a = View.of(x);
    View b = View.of(bias);
    View o = View.of(out);
    for (int i = 0; i < a.size(); i++) {
      o.set(i, a.get(i) + b.get(i % b.size()));
    }
  }

  @Override
  public void sumRows(Tensor x, Tensor out, boolean accumulate) {
    if (!accumulate) {
      fill(out, 0);
    }
    View a = View.of(x);
    View o = View.of(out);
    for (int i = 0; i < a.size(); i++) {
      o.add(i % o.size(), a.get(i));
    }
  }

  private static double logSumExp(View row, int begin, int count) {
    double max = Double.NEGATIVE_INFINITY;
    for (int c = 0; c < count; c++) {
      max = Math.max(max, row.get(begin + c));
    }
    double sum = 0;
    for (int c = 0; c < count; c++) {
      sum += Math.exp(row.get(begin + c) - max);
    }
    return max + Math.log(sum);
  }

  @Override
  public void softmax(Tensor in, Tensor out) {
    View a = View.of(in);
    View o = View.of(out);
    int width = columns(in);
    for (int n = 0; n < rowCount(in); n++) {
      double total = logSumExp(a, n * width, width);
      for (int c = 0; c < width; c++) {
        o.set(n * width + c, Math.exp(a.get(n * width + c) - total));
      }
    }
  }

  @Override
  public void softmaxGradient(Tensor out, Tensor gradOut, Tensor gradIn) {
    View y = View.of(out);
    View g = View.of(gradOut);
    View d = View.of(gradIn);
    int width = columns(out);
    for (int n = 0; n < rowCount(out); n++) {
      double dot = 0;
      for (int c = 0; c < width; c++) {
        dot += y.get(n * width + c) * g.get(n * width + c);
      }
      for (int c = 0; c < width; c++) {
        d.set(n * width + c, y.get(n * width + c) * (g.get(n * width + c) - dot));
      }
    }
  }

  @Override
  public void layerNorm(Tensor x, Tensor gain, Tensor bias, double epsilon, Tensor out, Tensor mean, Tensor rstd) {
    View a = View.of(x);
    View w = View.of(gain);
    View b = View.of(bias);
    View o = View.of(out);
    View m = View.of(mean);
    View r = View.of(rstd);
    int width = columns(x);
    for (int n = 0; n < rowCount(x); n++) {
      double average = 0;
      for (int c = 0; c < width; c++) {
        average += a.get(n * width + c) / width;
      }
      double variance = 0;
      for (int c = 0; c < width; c++) {
        variance += Math.pow(a.get(n * width + c) - average, 2) / width;
      }
      m.set(n, average);
      r.set(n, 1 / Math.sqrt(variance + epsilon));
      for (int c = 0; c < width; c++) {
        o.set(n * width + c, w.get(c) * (a.get(n * width + c) - average) * r.get(n) + b.get(c));
      }
    }
  }

  @Override
  public void layerNormGradient(Tensor x, Tensor gain, Tensor mean, Tensor rstd, Tensor gradOut, Tensor gradIn, Tensor gradGain,
      Tensor gradBias) {
    View a = View.of(x);
    View w = View.of(gain);
    View m = View.of(mean);
    View r = View.of(rstd);
    View g = View.of(gradOut);
    View d = View.of(gradIn);
    View dw = View.of(gradGain);
    View db = View.of(gradBias);
    int width = columns(x);
    for (int n = 0; n < rowCount(x); n++) {
      double meanOfGrad = 0;
      double meanOfProduct = 0;
      for (int c = 0; c < width; c++) {
        double hat = (a.get(n * width + c) - m.get(n)) * r.get(n);
        double grad = g.get(n * width + c);
        dw.add(c, grad * hat);
        db.add(c, grad);
        meanOfGrad += grad * w.get(c) / width;
        meanOfProduct += grad * w.get(c) * hat / width;
      }
      for (int c = 0; c < width; c++) {
        double hat = (a.get(n * width + c) - m.get(n)) * r.get(n);
        d.set(n * width + c, r.get(n) * (g.get(n * width + c) * w.get(c) - meanOfGrad - hat * meanOfProduct));
      }
    }
  }

  private static int index(View indices, int n, int limit) {
    int index = (int) indices.get(n);
    if (index >= limit) {
      throw new IndexOutOfBoundsException("index " + index + " at row " + n + ", the table has " + limit + " rows");
    }
    return index;
  }

  @Override
  public void gatherRows(Tensor table, Tensor indices, Tensor out, boolean accumulate) {
    View t = View.of(table);
    View at = View.of(indices);
    View o = View.of(out);
    int width = columns(table);
    for (int n = 0; n < at.size(); n++) {
      int index = index(at, n, rowCount(table));
      for (int c = 0; c < width; c++) {
        double value = index < 0 ? 0 : t.get(index * width + c);
        o.set(n * width + c, accumulate ? o.get(n * width + c) + value : value);
      }
    }
  }

  @Override
  public void scatterAddRows(Tensor rows, Tensor indices, Tensor table) {
    View x = View.of(rows);
    View at = View.of(indices);
    View t = View.of(table);
    int width = columns(table);
    for (int n = 0; n < at.size(); n++) {
      int index = index(at, n, rowCount(table));
      for (int c = 0; index >= 0 && c < width; c++) {
        t.add(index * width + c, x.get(n * width + c));
      }
    }
  }

  @Override
  public void argmax(Tensor in, Tensor out) {
    View a = View.of(in);
    View o = View.of(out);
    int width = columns(in);
    for (int n = 0; n < rowCount(in); n++) {
      int best = 0;
      for (int c = 1; c < width; c++) {
        // Double.compare orders NaN above everything, and that is the contract.
        double here = a.get(n * width + c);
        double there = a.get(n * width + best);
        if (here > there || Double.isNaN(here) && !Double.isNaN(there)) {
          best = c;
        }
      }
      o.set(n, best);
    }
  }

  @Override
  public void crossEntropy(Tensor logits, Tensor targets, Tensor losses) {
    View a = View.of(logits);
    View t = View.of(targets);
    View o = View.of(losses);
    int width = columns(logits);
    for (int n = 0; n < t.size(); n++) {
      int target = index(t, n, width);
      o.set(n, target < 0 ? 0 : logSumExp(a, n * width, width) - a.get(n * width + target));
    }
  }

  @Override
  public void crossEntropyGradient(Tensor logits, Tensor targets, Tensor weights, Tensor gradLogits) {
    View a = View.of(logits);
    View t = View.of(targets);
    View w = View.of(weights);
    View d = View.of(gradLogits);
    int width = columns(logits);
    for (int n = 0; n < t.size(); n++) {
      int target = index(t, n, width);
      double total = logSumExp(a, n * width, width);
      for (int c = 0; c < width; c++) {
        double p = Math.exp(a.get(n * width + c) - total);
        d.set(n * width + c, target < 0 ? 0 : w.get(n) * (p - (c == target ? 1 : 0)));
      }
    }
  }

  private static void total(Tensor in, Tensor out, boolean accumulate, DoubleUnaryOperator f) {
    View a = View.of(in);
    View o = View.of(out);
    double sum = accumulate ? o.get(0) : 0;
    for (int i = 0; i < a.size(); i++) {
      sum += f.applyAsDouble(a.get(i));
    }
    o.set(0, sum);
  }

  @Override
  public void sum(Tensor in, Tensor out, boolean accumulate) {
    total(in, out, accumulate, v -> v);
  }

  @Override
  public void sumOfSquares(Tensor in, Tensor out, boolean accumulate) {
    total(in, out, accumulate, v -> v * v);
  }

  @Override
  public void matmul(Tensor a, boolean transposeA, Tensor b, boolean transposeB, double alpha, Tensor out, boolean accumulate) {
    View x = View.of(a);
    View y = View.of(b);
    View o = View.of(out);
    int m = (int) out.dim(-2);
    int n = (int) out.dim(-1);
    int k = (int) (transposeA ? a.dim(-2) : a.dim(-1));
    for (int i = 0; i < o.size(); i++) {
      int batch = i / (m * n);
      int row = i / n % m;
      int column = i % n;
      double sum = 0;
      for (int j = 0; j < k; j++) {
        double u = x.get(batch * m * k + (transposeA ? j * m + row : row * k + j));
        double v = y.get(batch * k * n + (transposeB ? column * k + j : j * n + column));
        sum += u * v;
      }
      o.set(i, (accumulate ? o.get(i) : 0) + alpha * sum);
    }
  }

  @Override
  public void linear(Tensor x, Tensor weight, Tensor bias, Tensor out) {
    matmul(x, false, weight, true, 1, out, false);
    addRow(out, bias, out);
  }

  /** Where they come from, with rows of zeros below. */
  @Override
  public void packWeight(Tensor weight, Tensor packed) {
    double[] from = ReferenceDevice.read(weight);
    ReferenceDevice.write(packed, java.util.Arrays.copyOf(from, Math.toIntExact(packed.elementCount())));
  }

  @Override
  public void linearByRow(Tensor x, Tensor packed, Tensor bias, Tensor out) {
    double[] row = ReferenceDevice.read(x);
    double[] weight = ReferenceDevice.read(packed);
    double[] start = ReferenceDevice.read(bias);
    double[] result = new double[Math.toIntExact(out.elementCount())];
    int inputs = (int) x.dim(1);
    for (int i = 0; i < result.length; i++) {
      int output = i % start.length;
      result[i] = start[output];
      for (int k = 0; k < inputs; k++) {
        result[i] += row[i / start.length * inputs + k] * weight[output * inputs + k];
      }
    }
    ReferenceDevice.write(out, result);
  }

  /** Calls back with every (input element, weight element, output element) that meet in a convolution. */
  private interface Meeting {
    void at(int input, int weight, int output);
  }

  private static void convolve(Tensor x, Tensor weight, Tensor out, Meeting meeting) {
    int batches = (int) x.dim(0);
    int height = (int) x.dim(1);
    int width = (int) x.dim(2);
    int inputs = (int) x.dim(3);
    int outputs = (int) out.dim(3);
    int k = (int) weight.dim(3);
    int pad = (k - 1) / 2;
    for (int b = 0; b < batches; b++) {
      for (int row = 0; row < height; row++) {
        for (int column = 0; column < width; column++) {
          for (int dy = 0; dy < k; dy++) {
            for (int dx = 0; dx < k; dx++) {
              int sy = row + dy - pad;
              int sx = column + dx - pad;
              if (sy < 0 || sy >= height || sx < 0 || sx >= width) {
                continue;
              }
              for (int o = 0; o < outputs; o++) {
                for (int i = 0; i < inputs; i++) {
                  meeting.at(((b * height + sy) * width + sx) * inputs + i, ((o * inputs + i) * k + dy) * k + dx,
                      ((b * height + row) * width + column) * outputs + o);
                }
              }
            }
          }
        }
      }
    }
  }

  @Override
  public void convolution(Tensor x, Tensor weight, Tensor bias, Tensor out) {
    View a = View.of(x);
    View w = View.of(weight);
    View o = View.of(out);
    fill(out, 0);
    convolve(x, weight, out, (i, j, k) -> o.add(k, a.get(i) * w.get(j)));
    addRow(out, bias, out);
  }

  @Override
  public void convolutionInputGradient(Tensor gradOut, Tensor weight, Tensor gradIn) {
    View g = View.of(gradOut);
    View w = View.of(weight);
    View d = View.of(gradIn);
    fill(gradIn, 0);
    convolve(gradIn, weight, gradOut, (i, j, k) -> d.add(i, g.get(k) * w.get(j)));
  }

  @Override
  public void convolutionParameterGradient(Tensor x, Tensor gradOut, Tensor gradWeight, Tensor gradBias, boolean accumulate) {
    if (!accumulate) {
      fill(gradWeight, 0);
    }
    View a = View.of(x);
    View g = View.of(gradOut);
    View d = View.of(gradWeight);
    convolve(x, gradWeight, gradOut, (i, j, k) -> d.add(j, a.get(i) * g.get(k)));
    sumRows(gradOut, gradBias, accumulate);
  }

  /** Calls back with (large element, small element) of 2 x 2 windows, each window in raster order. */
  private interface Window {
    void at(int large, int small, int place);
  }

  private static void windows(Tensor small, Window window) {
    int height = (int) small.dim(1);
    int width = (int) small.dim(2);
    int channels = (int) small.dim(3);
    for (int i = 0; i < small.elementCount(); i++) {
      int c = i % channels;
      int x = i / channels % width;
      int y = i / channels / width % height;
      int b = i / channels / width / height;
      for (int place = 0; place < 4; place++) {
        window.at(((b * 2 * height + 2 * y + place / 2) * 2 * width + 2 * x + place % 2) * channels + c, i, place);
      }
    }
  }

  @Override
  public void maxPool2(Tensor in, Tensor out) {
    View a = View.of(in);
    View o = View.of(out);
    windows(out, (large, small, place) -> o.set(small, place == 0 ? a.get(large) : Math.max(o.get(small), a.get(large))));
  }

  @Override
  public void maxPool2Gradient(Tensor in, Tensor gradOut, Tensor gradIn) {
    View a = View.of(in);
    View g = View.of(gradOut);
    View d = View.of(gradIn);
    fill(gradIn, 0);
    int[] best = new int[g.size()];
    windows(gradOut, (large, small, place) -> {
      if (place == 0 || a.get(large) > a.get(best[small])) {
        best[small] = large;
      }
    });
    for (int i = 0; i < best.length; i++) {
      d.set(best[i], g.get(i));
    }
  }

  @Override
  public void upsample2(Tensor in, Tensor out) {
    View a = View.of(in);
    View o = View.of(out);
    windows(in, (large, small, place) -> o.set(large, a.get(small)));
  }

  @Override
  public void upsample2Gradient(Tensor gradOut, Tensor gradIn) {
    View g = View.of(gradOut);
    View d = View.of(gradIn);
    fill(gradIn, 0);
    windows(gradIn, (large, small, place) -> d.add(small, g.get(large)));
  }

  @Override
  public void uniform(long seed, long stream, Tensor out) {
    View o = View.of(out);
    for (int i = 0; i < o.size(); i++) {
      o.set(i, Philox.uniform(seed, stream, i));
    }
  }

  @Override
  public void normal(long seed, long stream, double deviation, Tensor out) {
    View o = View.of(out);
    for (int i = 0; i < o.size(); i++) {
      o.set(i, deviation * Philox.normal(seed, stream, i));
    }
  }
}
