package dev.dalle.precision.testing;

import static dev.dalle.tensor.testing.ReferenceDevice.read;
import static dev.dalle.tensor.testing.ReferenceDevice.write;

import dev.dalle.precision.format.FloatFormat;
import dev.dalle.precision.scale.GradientOps;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Tensor;

/** What the operations of gradient scaling mean, element by element. Unlike other references this one rounds results: overflow and underflow are its subject. */
final class ReferenceGradientOps implements GradientOps {
  @Override
  public void scaleFinite(Tensor in, double factor, Tensor out, Tensor counts) {
    scale(in, factor, true, out, counts);
  }

  @Override
  public void scaleCounted(Tensor in, double factor, Tensor out, Tensor counts) {
    scale(in, factor, false, out, counts);
  }

  private static void scale(Tensor in, double factor, boolean filter, Tensor out, Tensor counts) {
    double[] x = read(in);
    double[] count = read(counts);
    for (int i = 0; i < x.length; i++) {
      float product = (float) ((float) factor * x[i]);
      double result = rounded(product, out.dtype());
      if (!Float.isFinite(product)) {
        count[NONFINITE]++;
        result = filter ? 0 : result;
      } else if (Double.isInfinite(result)) {
        count[OVERFLOWED]++;
      } else if (result == 0 && x[i] != 0) {
        count[UNDERFLOWED]++;
      }
      x[i] = result;
    }
    write(out, x);
    write(counts, count);
  }

  private static double rounded(float value, DType dtype) {
    return switch (dtype) {
      case F16 -> FloatFormat.FP16.decode(FloatFormat.FP16.encode(value));
      case BF16 -> FloatFormat.BF16.decode(FloatFormat.BF16.encode(value));
      default -> value;
    };
  }

  @Override
  public void exponents(Tensor in, Tensor histogram) {
    double[] bins = read(histogram);
    for (double value : read(in)) {
      float magnitude = Math.abs((float) value);
      int bin = magnitude == 0 ? ZERO_BIN : !Float.isFinite(magnitude) ? NONFINITE_BIN : Math.max(0, Math.getExponent(magnitude) + 127);
      bins[bin]++;
    }
    write(histogram, bins);
  }

  @Override
  public void takeCounts(Tensor counts, Tensor out) {
    double[] count = read(counts);
    double[] taken = new double[2 * count.length];
    for (int i = 0; i < count.length; i++) {
      taken[2 * i] = Math.floor(count[i] / 65536);
      taken[2 * i + 1] = count[i] % 65536;
    }
    write(out, taken);
    write(counts, new double[count.length]);
  }
}
