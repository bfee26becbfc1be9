package dev.dalle.precision.testing;

import static dev.dalle.tensor.testing.ReferenceDevice.read;
import static dev.dalle.tensor.testing.ReferenceDevice.write;

import dev.dalle.precision.format.FloatFormat;
import dev.dalle.precision.optimizer.AdamWConfig;
import dev.dalle.precision.optimizer.AdamWTensors;
import dev.dalle.precision.optimizer.OptimizerOps;
import dev.dalle.precision.optimizer.ShardPlace;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Tensor;
import java.math.BigInteger;
import java.util.Arrays;

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
  public void countUpdate(Tensor factors, Tensor updates, Tensor applied) {
    double[] given = read(factors);
    boolean finite = Arrays.stream(given).allMatch(Double::isFinite);
    double[] used = new double[Math.toIntExact(applied.elementCount())];
    Arrays.setAll(used, i -> finite ? given[given.length == 1 ? 0 : i] : Double.NaN);
    write(applied, used);
    if (finite) {
      write(updates, new double[] {read(updates)[0] + 1});
    }
  }

  /** On this device a value in 16 bits is a double like any other, so the three ways to round it are one. */
  @Override
  public void adamW(AdamWConfig config, double stepSize, Tensor factor, Tensor updates, Tensor gradient, AdamWTensors tensors) {
    double scale = read(factor)[0];
    if (!Double.isFinite(scale)) {
      return;
    }
    double t = read(updates)[0];
    boolean codes = tensors.mean().dtype() == DType.U16;
    double[] g = read(gradient);
    double[] p = read(tensors.master().orElse(tensors.value()));
    double[] m = read(tensors.mean());
    double[] v = read(tensors.variance());
    for (int i = 0; i < g.length; i++) {
      double scaled = scale * g[i];
      double mean = config.beta1() * (codes ? FloatFormat.F1_6_9.decode((int) m[i]) : m[i]) + (1 - config.beta1()) * scaled;
      double variance = Math.min(config.beta2() * (codes ? FloatFormat.F0_6_10.decode((int) v[i]) : v[i]) + (1 - config.beta2()) * scaled * scaled,
          config.varianceLimit());
      double correctedMean = mean / (1 - Math.pow(config.beta1(), t));
      double correctedVariance = variance / (1 - Math.pow(config.beta2(), t));
      double kept = tensors.decays() ? p[i] * (1 - stepSize * config.weightDecay()) : p[i];
      p[i] = kept - stepSize * correctedMean / (Math.sqrt(correctedVariance) + config.epsilon());
      m[i] = codes ? FloatFormat.F1_6_9.encode(mean) : mean;
      v[i] = codes ? FloatFormat.F0_6_10.encode(variance) : variance;
    }
    write(tensors.value(), p);
    tensors.master().ifPresent(master -> write(master, p));
    write(tensors.mean(), m);
    write(tensors.variance(), v);
    countMoments(tensors.mean(), tensors.variance(), tensors.place(), tensors.report());
  }

  @Override
  public void countMoments(Tensor mean, Tensor variance, ShardPlace place, Tensor report) {
    boolean codes = mean.dtype() == DType.U16;
    write(report, new double[] {checksum(mean, place), checksum(variance, place), beyond(mean, codes ? 0x7FFF : 0), beyond(variance, codes ? 0xFFFF : 0)});
  }

  private static int checksum(Tensor moment, ShardPlace place) {
    double[] elements = read(moment);
    BigInteger sum = BigInteger.ZERO;
    for (int i = 0; i < elements.length; i++) {
      long index = place.index(i);
      boolean code = moment.dtype() == DType.U16;
      BigInteger part = code ? BigInteger.valueOf((long) elements[i]).shiftLeft(index % 2 == 1 ? 16 : 0)
          : BigInteger.valueOf(Float.floatToRawIntBits((float) elements[i]));
      sum = sum.add(BigInteger.valueOf(2 * (code ? index / 2 : index) + 1).multiply(part));
    }
    return sum.intValue();
  }

  /** Codes with the greatest magnitude, or, for a mask of 0, floats that are not finite. */
  private static int beyond(Tensor moment, int mask) {
    return (int) Arrays.stream(read(moment)).filter(element -> mask == 0 ? !Float.isFinite((float) element) : ((int) element & mask) == mask).count();
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
