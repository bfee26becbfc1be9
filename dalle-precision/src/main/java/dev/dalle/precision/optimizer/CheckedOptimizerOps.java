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
    factorAndThreshold(gradientScale, threshold);
    ops.gradientFactor(squares, gradientScale, threshold, normAndFactor);
  }

  static void factorAndThreshold(double gradientScale, double threshold) {
    if (!(gradientScale > 0) || Double.isInfinite(gradientScale)) {
      throw new IllegalArgumentException("gradientScale: expected a positive number, got " + gradientScale);
    }
    if (!(threshold > 0)) {
      throw new IllegalArgumentException("threshold: expected a positive number or infinity, got " + threshold);
    }
  }

  @Override
  public void countUpdate(Tensor factors, Tensor updates, Tensor applied) {
    typed("applied", applied, DType.F32);
    typed("factors", factors, DType.F32);
    if (factors.elementCount() != 1 && factors.elementCount() != applied.elementCount()) {
      throw new ShapeException("factors: expected 1 element, or " + applied.elementCount() + ", one for each parameter, got " + factors);
    }
    typed("updates", updates, DType.I32);
    count("updates", updates, 1);
    ops.countUpdate(factors, updates, applied);
  }

  @Override
  public void adamW(AdamWConfig config, double stepSize, Tensor factor, Tensor updates, Tensor gradient, AdamWTensors tensors) {
    Objects.requireNonNull(config, "config");
    stepSize(stepSize);
    typed("factor", factor, DType.F32);
    count("factor", factor, 1);
    typed("updates", updates, DType.I32);
    count("updates", updates, 1);
    typed("gradient", gradient, DType.F32);
    Tensor value = tensors.value();
    floating("value", value);
    like("value", value, "gradient", gradient);
    boolean needsMaster = value.dtype() != DType.F32 && config.valueUpdate() == ValueUpdate.MASTER_COPY;
    if (needsMaster != tensors.master().isPresent()) {
      throw new ShapeException("master: expected " + (needsMaster ? "a copy in F32" : "none") + " with " + config.valueUpdate() + " for value " + value
          + ", got " + (tensors.master().isPresent() ? tensors.master().get() : "none"));
    }
    if (needsMaster) {
      typed("master", tensors.master().get(), DType.F32);
      like("master", tensors.master().get(), "gradient", gradient);
    }
    like("mean", tensors.mean(), "gradient", gradient);
    moments(tensors.mean(), tensors.variance(), tensors.report());
    ops.adamW(config, stepSize, factor, updates, gradient, tensors);
  }

  @Override
  public void countMoments(Tensor mean, Tensor variance, ShardPlace place, Tensor report) {
    Objects.requireNonNull(place, "place");
    moments(mean, variance, report);
    ops.countMoments(mean, variance, place, report);
  }

  private void moments(Tensor mean, Tensor variance, Tensor report) {
    typed("mean", mean, mean.dtype() == DType.U16 ? DType.U16 : DType.F32);
    typed("variance", variance, mean.dtype());
    like("variance", variance, "mean", mean);
    typed("report", report, DType.I32);
    count("report", report, 4);
  }

  static void stepSize(double stepSize) {
    if (!(stepSize >= 0) || Double.isInfinite(stepSize)) {
      throw new IllegalArgumentException("stepSize: expected a finite number of at least 0, got " + stepSize);
    }
  }

  @Override
  public void average(Tensor value, double decay, Tensor average) {
    floating("value", value);
    typed("average", average, DType.F32);
    like("average", average, "value", value);
    if (!(decay >= 0 && decay < 1)) {
      throw new IllegalArgumentException("decay: expected a number in [0, 1), got " + decay);
    }
    ops.average(value, decay, average);
  }

  private void typed(String name, Tensor tensor, DType dtype) {
    here(name, tensor);
    if (tensor.dtype() != dtype) {
      throw new ShapeException(name + ": expected " + dtype + ", got " + tensor);
    }
  }

  private void floating(String name, Tensor tensor) {
    here(name, tensor);
    if (!tensor.dtype().isFloating()) {
      throw new ShapeException(name + ": expected F32, F16 or BF16, got " + tensor);
    }
  }

  private void here(String name, Tensor tensor) {
    Objects.requireNonNull(tensor, name);
    if (tensor.device() != device) {
      throw new ShapeException(name + ": expected a tensor on " + device.name() + ", got " + tensor);
    }
  }

  private static void count(String name, Tensor tensor, long count) {
    if (tensor.elementCount() != count) {
      throw new ShapeException(name + ": expected " + count + (count == 1 ? " element" : " elements") + ", got " + tensor);
    }
  }

  private static void like(String name, Tensor tensor, String modelName, Tensor model) {
    if (tensor.elementCount() != model.elementCount()) {
      throw new ShapeException(name + ": expected " + model.elementCount() + " elements like " + modelName + " " + model + ", got " + tensor);
    }
  }
}
