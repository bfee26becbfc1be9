package dev.dalle.dvae.testing;

import static dev.dalle.tensor.testing.ReferenceDevice.offset;
import static dev.dalle.tensor.testing.ReferenceDevice.values;

import dev.dalle.dvae.DvaeOps;
import dev.dalle.dvae.PixelMap;
import dev.dalle.tensor.Philox;
import dev.dalle.tensor.Tensor;

/** What every operation means: plain loops over doubles. Defines what is right for every other device. */
final class ReferenceDvaeOps implements DvaeOps {
  /** A tensor as rows of doubles. */
  private record Rows(double[] data, int at, int count, int width) {
    static Rows of(Tensor tensor) {
      return new Rows(values(tensor), offset(tensor), Math.toIntExact(tensor.shape().rowCount()), Math.toIntExact(tensor.dim(-1)));
    }

    double get(int row, int column) {
      return data[at + row * width + column];
    }

    void set(int row, int column, double value) {
      data[at + row * width + column] = value;
    }

    double[] row(int row) {
      return java.util.Arrays.copyOfRange(data, at + row * width, at + (row + 1) * width);
    }

    void set(int row, double[] from) {
      System.arraycopy(from, 0, data, at + row * width, width);
    }
  }

  private static double[] logSoftmax(double[] x) {
    double max = java.util.Arrays.stream(x).max().orElseThrow();
    double total = max + Math.log(java.util.Arrays.stream(x).map(v -> Math.exp(v - max)).sum());
    return java.util.Arrays.stream(x).map(v -> v - total).toArray();
  }

  @Override
  public void affine(Tensor in, double factor, double shift, Tensor out) {
    double[] x = values(in);
    double[] y = values(out);
    for (int i = 0; i < in.elementCount(); i++) {
      y[offset(out) + i] = factor * x[offset(in) + i] + shift;
    }
  }

  @Override
  public void gumbelSoftmax(Tensor logits, double temperature, long seed, long stream, Tensor code) {
    Rows l = Rows.of(logits);
    Rows y = Rows.of(code);
    for (int n = 0; n < l.count(); n++) {
      double[] z = l.row(n);
      for (int k = 0; k < z.length; k++) {
        double u = Philox.uniform(seed, stream, (long) n * z.length + k);
        z[k] = (z[k] - Math.log(-Math.log(u))) / temperature;
      }
      double[] log = logSoftmax(z);
      for (int k = 0; k < log.length; k++) {
        y.set(n, k, Math.exp(log[k]));
      }
    }
  }

  @Override
  public void gumbelSoftmaxGradient(Tensor code, Tensor gradCode, double temperature, Tensor gradLogits) {
    Rows y = Rows.of(code);
    Rows g = Rows.of(gradCode);
    Rows d = Rows.of(gradLogits);
    for (int n = 0; n < y.count(); n++) {
      double dot = 0;
      for (int k = 0; k < y.width(); k++) {
        dot += y.get(n, k) * g.get(n, k);
      }
      for (int k = 0; k < y.width(); k++) {
        d.set(n, k, y.get(n, k) * (g.get(n, k) - dot) / temperature);
      }
    }
  }

  @Override
  public void logitLaplace(Tensor pixels, Tensor maps, double minLogScale, Tensor losses) {
    Rows x = Rows.of(pixels);
    Rows m = Rows.of(maps);
    Rows out = Rows.of(losses);
    for (int n = 0; n < x.count(); n++) {
      for (int c = 0; c < x.width(); c++) {
        double v = x.get(n, c);
        double s = Math.max(m.get(n, x.width() + c), minLogScale);
        double distance = Math.abs(Math.log(v / (1 - v)) - m.get(n, c));
        out.set(n, c, Math.log(2) + s + Math.log(v) + Math.log(1 - v) + distance / Math.exp(s));
      }
    }
  }

  @Override
  public void logitLaplaceGradient(Tensor pixels, Tensor maps, double minLogScale, Tensor gradSum, Tensor gradMaps) {
    Rows x = Rows.of(pixels);
    Rows m = Rows.of(maps);
    Rows d = Rows.of(gradMaps);
    double g = values(gradSum)[offset(gradSum)];
    for (int n = 0; n < x.count(); n++) {
      double[] row = m.row(n);
      for (int c = 0; c < x.width(); c++) {
        double v = x.get(n, c);
        double logScale = row[x.width() + c];
        double scale = Math.exp(Math.max(logScale, minLogScale));
        double difference = row[c] - Math.log(v / (1 - v));
        d.set(n, c, g * Math.signum(difference) / scale);
        d.set(n, x.width() + c, logScale < minLogScale ? 0 : g * (1 - Math.abs(difference) / scale));
      }
    }
  }

  @Override
  public void uniformDivergence(Tensor logits, Tensor divergences) {
    Rows l = Rows.of(logits);
    for (int n = 0; n < l.count(); n++) {
      values(divergences)[offset(divergences) + n] = negativeEntropy(logSoftmax(l.row(n))) + Math.log(l.width());
    }
  }

  private static double negativeEntropy(double[] log) {
    return java.util.Arrays.stream(log).map(v -> Math.exp(v) * v).sum();
  }

  @Override
  public void uniformDivergenceGradient(Tensor logits, Tensor gradSum, Tensor gradLogits) {
    Rows l = Rows.of(logits);
    Rows d = Rows.of(gradLogits);
    double g = values(gradSum)[offset(gradSum)];
    for (int n = 0; n < l.count(); n++) {
      double[] log = logSoftmax(l.row(n));
      double negativeEntropy = negativeEntropy(log);
      d.set(n, java.util.Arrays.stream(log).map(v -> g * Math.exp(v) * (v - negativeEntropy)).toArray());
    }
  }

  @Override
  public void gatherColumns(Tensor weight, Tensor bias, Tensor ids, Tensor out) {
    Rows w = Rows.of(weight);
    Rows o = Rows.of(out);
    for (int n = 0; n < o.count(); n++) {
      int id = (int) values(ids)[offset(ids) + n];
      if (id < 0 || id >= w.width()) {
        throw new IndexOutOfBoundsException("id " + id + " at row " + n + ", there are " + w.width() + " codes");
      }
      for (int c = 0; c < o.width(); c++) {
        o.set(n, c, w.get(c, id) + values(bias)[offset(bias) + c]);
      }
    }
  }

  /** The nearest number of 8 significant bits, ties to even. */
  static float toBf16(float value) {
    int bits = Float.floatToRawIntBits(value);
    return Float.intBitsToFloat(bits + 0x7FFF + (bits >>> 16 & 1) & 0xFFFF0000);
  }

  @Override
  public void roundingNorms(Tensor x, Tensor norms) {
    Rows in = Rows.of(x);
    Rows out = Rows.of(norms);
    for (int n = 0; n < in.count(); n++) {
      double squares = 0;
      double lost = 0;
      for (double v : in.row(n)) {
        squares += v * v;
        double difference = v - toBf16((float) v);
        lost += difference * difference;
      }
      out.set(n, 0, Math.sqrt(squares));
      out.set(n, 1, Math.sqrt(lost));
    }
  }

  /** Of all scores: what is known roughly is of no use where everything is exact. */
  @Override
  public void argmaxLinear(Tensor x, Tensor xNorms, Tensor weight, Tensor weightNorms, Tensor bias, Tensor products, Tensor ids) {
    Rows rows = Rows.of(x);
    Rows w = Rows.of(weight);
    for (int n = 0; n < rows.count(); n++) {
      int best = 0;
      double greatest = Double.NEGATIVE_INFINITY;
      for (int k = 0; k < w.count(); k++) {
        double score = values(bias)[offset(bias) + k];
        for (int c = 0; c < w.width(); c++) {
          score += rows.get(n, c) * w.get(k, c);
        }
        if (score > greatest) {
          greatest = score;
          best = k;
        }
      }
      values(ids)[offset(ids) + n] = best;
    }
  }

  @Override
  public void pixels(Tensor maps, Tensor pixels) {
    Rows m = Rows.of(maps);
    Rows x = Rows.of(pixels);
    for (int n = 0; n < x.count(); n++) {
      for (int c = 0; c < x.width(); c++) {
        x.set(n, c, PixelMap.unmap(1 / (1 + Math.exp(-m.get(n, c)))));
      }
    }
  }
}
