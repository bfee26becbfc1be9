package dev.dalle.precision.optimizer;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.ShapeException;
import dev.dalle.tensor.Tensor;
import java.util.Objects;

/** Checks every argument before a device sees it, so that all devices refuse the same things in the same words. */
public final class CheckedOptimizerOps implements OptimizerOps {
  private final Device device;
  private final OptimizerOps ops;

  /** In front of a device's own operations. */
  public CheckedOptimizerOps(Device device, OptimizerOps ops) {
    this.device = Objects.requireNonNull(device, "device");
    this.ops = Objects.requireNonNull(ops, "ops");
  }

  @Override
  public void gradientFactor(Tensor squares, double gradientScale, double threshold, Tensor normAndFactor) {
    typed("squares", squares, DType.F32);
    typed("normAndFactor", normAndFactor, DType.F32);
    count("normAndFactor", normAndFactor, 2);
    if (!(gradientScale > 0) || Double.isInfinite(gradientScale)) {
      throw new IllegalArgumentException("gradientScale: expected a positive number, got " + gradientScale);
    }
    if (!(threshold > 0)) {
      throw new IllegalArgumentException("threshold: expected a positive number or infinity, got " + threshold);
    }
    ops.gradientFactor(squares, gradientScale, threshold, normAndFactor);
  }

  @Override
  public void countUpdate(Tensor gradientFactor, Tensor updates) {
    scalars(gradientFactor, updates);
    ops.countUpdate(gradientFactor, updates);
  }

  @Override
  public void adamW(AdamWConfig config, boolean decays, double stepSize, Tensor gradientFactor, Tensor updates, Tensor gradient, Tensor value,
      Tensor mean, Tensor variance) {
    Objects.requireNonNull(config, "config");
    if (!Double.isFinite(stepSize)) {
      throw new IllegalArgumentException("stepSize: expected a finite number, got " + stepSize);
    }
    scalars(gradientFactor, updates);
    typed("gradient", gradient, DType.F32);
    like("value", value, "gradient", gradient);
    like("mean", mean, "gradient", gradient);
    like("variance", variance, "gradient", gradient);
    ops.adamW(config, decays, stepSize, gradientFactor, updates, gradient, value, mean, variance);
  }

  @Override
  public void average(Tensor value, double decay, Tensor average) {
    typed("value", value, DType.F32);
    like("average", average, "value", value);
    if (!(decay >= 0 && decay < 1)) {
      throw new IllegalArgumentException("decay: expected a number in [0, 1), got " + decay);
    }
    ops.average(value, decay, average);
  }

  private void scalars(Tensor gradientFactor, Tensor updates) {
    typed("gradientFactor", gradientFactor, DType.F32);
    count("gradientFactor", gradientFactor, 1);
    typed("updates", updates, DType.I32);
    count("updates", updates, 1);
  }

  private void typed(String name, Tensor tensor, DType dtype) {
    Objects.requireNonNull(tensor, name);
    if (tensor.device() != device) {
      throw new ShapeException(name + ": expected a tensor on " + device.name() + ", got " + tensor);
    }
    if (tensor.dtype() != dtype) {
      throw new ShapeException(name + ": expected " + dtype + ", got " + tensor);
    }
  }

  private static void count(String name, Tensor tensor, long count) {
    if (tensor.elementCount() != count) {
      throw new ShapeException(name + ": expected " + count + (count == 1 ? " element" : " elements") + ", got " + tensor);
    }
  }

  private void like(String name, Tensor tensor, String modelName, Tensor model) {
    typed(name, tensor, DType.F32);
    if (tensor.elementCount() != model.elementCount()) {
      throw new ShapeException(name + ": expected " + model.elementCount() + " elements like " + modelName + " " + model + ", got " + tensor);
    }
  }
}
