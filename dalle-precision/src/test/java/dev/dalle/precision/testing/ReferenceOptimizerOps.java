package dev.dalle.precision.testing;

import static dev.dalle.tensor.testing.ReferenceDevice.read;
import static dev.dalle.tensor.testing.ReferenceDevice.write;

import dev.dalle.precision.optimizer.AdamWConfig;
import dev.dalle.precision.optimizer.OptimizerOps;
import dev.dalle.tensor.Tensor;

/** What the optimizer's operations mean: their formulas in double. */
final class ReferenceOptimizerOps implements OptimizerOps {
  @Override
  public void gradientFactor(Tensor squares, double gradientScale, double threshold, Tensor normAndFactor) {
    double sum = 0;
    for (double square : read(squares)) {
      sum += square;
    }
    double norm = gradientScale * Math.sqrt(sum);
    double factor = Double.isFinite(norm) ? gradientScale * Math.min(1, threshold / norm) : Double.NaN;
    write(normAndFactor, new double[] {norm, factor});
  }

  @Override
  public void countUpdate(Tensor gradientFactor, Tensor updates) {
    if (Double.isFinite(read(gradientFactor)[0])) {
      write(updates, new double[] {read(updates)[0] + 1});
    }
  }

  @Override
  public void adamW(AdamWConfig config, boolean decays, double stepSize, Tensor gradientFactor, Tensor updates, Tensor gradient, Tensor value,
      Tensor mean, Tensor variance) {
    double factor = read(gradientFactor)[0];
    if (!Double.isFinite(factor)) {
      return;
    }
    double t = read(updates)[0];
    double[] g = read(gradient);
    double[] p = read(value);
    double[] m = read(mean);
    double[] v = read(variance);
    for (int i = 0; i < g.length; i++) {
      double scaled = factor * g[i];
      m[i] = config.beta1() * m[i] + (1 - config.beta1()) * scaled;
      v[i] = Math.min(config.beta2() * v[i] + (1 - config.beta2()) * scaled * scaled, config.varianceLimit());
      double correctedMean = m[i] / (1 - Math.pow(config.beta1(), t));
      double correctedVariance = v[i] / (1 - Math.pow(config.beta2(), t));
      double kept = decays ? p[i] * (1 - stepSize * config.weightDecay()) : p[i];
      p[i] = kept - stepSize * correctedMean / (Math.sqrt(correctedVariance) + config.epsilon());
    }
    write(value, p);
    write(mean, m);
    write(variance, v);
  }

  @Override
  public void average(Tensor value, double decay, Tensor average) {
    double[] p = read(value);
    double[] a = read(average);
    for (int i = 0; i < a.length; i++) {
      a[i] = decay * a[i] + (1 - decay) * p[i];
    }
    write(average, a);
  }
}
