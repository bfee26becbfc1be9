package dev.dalle.dist.powersgd;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.ShapeException;
import dev.dalle.tensor.Tensor;
import java.util.Objects;

/** Checks every argument before a device sees it, so that all devices refuse the same things in the same words. */
public final class CheckedFactorOps implements FactorOps {
  private final Device device;
  private final FactorOps ops;

  /** In front of a device's own operations. */
  public CheckedFactorOps(Device device, FactorOps ops) {
    this.device = Objects.requireNonNull(device, "device");
    this.ops = Objects.requireNonNull(ops, "ops");
  }

  @Override
  public void orthonormalise(Tensor matrix, double epsilon) {
    if (matrix.device() != device) {
      throw new ShapeException("matrix: expected a tensor on " + device.name() + ", got " + matrix + "; copy it over first");
    }
    if (matrix.dtype() != DType.F32 || matrix.shape().rank() != 2 || matrix.dim(0) < matrix.dim(1)) {
      throw new ShapeException("matrix: expected F32 with two dimensions and at least as many rows as columns, got " + matrix);
    }
    if (!(epsilon >= 0) || Double.isInfinite(epsilon)) {
      throw new IllegalArgumentException("epsilon: expected a finite number of at least 0, got " + epsilon);
    }
    ops.orthonormalise(matrix, epsilon);
  }

  @Override
  public void flagNonfinite(Tensor in, Tensor nonfinite) {
    floats("in", in);
    flag(nonfinite);
    ops.flagNonfinite(in, nonfinite);
  }

  @Override
  public void mergeFlag(Tensor flag, Tensor into) {
    flag(flag);
    flag(into);
    ops.mergeFlag(flag, into);
  }

  @Override
  public void addUnless(Tensor in, double factor, Tensor nonfinite, Tensor out) {
    floats("in", in);
    floats("out", out);
    flag(nonfinite);
    if (in.elementCount() != out.elementCount()) {
      throw new ShapeException("out: expected " + in.elementCount() + " elements like in " + in + ", got " + out);
    }
    if (!Double.isFinite(factor)) {
      throw new IllegalArgumentException("factor: expected a finite number, got " + factor);
    }
    ops.addUnless(in, factor, nonfinite, out);
  }

  private void floats(String name, Tensor tensor) {
    if (tensor.device() != device || tensor.dtype() != DType.F32) {
      throw new ShapeException(name + ": expected F32 on " + device.name() + ", got " + tensor);
    }
  }

  private void flag(Tensor nonfinite) {
    if (nonfinite.device() != device || nonfinite.dtype() != DType.I32 || nonfinite.elementCount() != 1) {
      throw new ShapeException("nonfinite: expected one I32 on " + device.name() + ", got " + nonfinite);
    }
  }
}
