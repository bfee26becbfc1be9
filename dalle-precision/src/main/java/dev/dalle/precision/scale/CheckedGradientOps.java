package dev.dalle.precision.scale;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.ShapeException;
import dev.dalle.tensor.Tensor;
import java.util.Objects;

/** Checks every argument before a device sees it, so that all devices refuse the same things in the same words. */
public final class CheckedGradientOps implements GradientOps {
  private final Device device;
  private final GradientOps ops;

  /** In front of a device's own operations. */
  public CheckedGradientOps(Device device, GradientOps ops) {
    this.device = Objects.requireNonNull(device, "device");
    this.ops = Objects.requireNonNull(ops, "ops");
  }

  @Override
  public void scaleFinite(Tensor in, double factor, Tensor out, Tensor counts) {
    scaling(in, factor, out, counts);
    ops.scaleFinite(in, factor, out, counts);
  }

  @Override
  public void scaleCounted(Tensor in, double factor, Tensor out, Tensor counts) {
    scaling(in, factor, out, counts);
    ops.scaleCounted(in, factor, out, counts);
  }

  private void scaling(Tensor in, double factor, Tensor out, Tensor counts) {
    floating("in", in);
    floating("out", out);
    counted("out", out, in.elementCount(), " like in " + in);
    integers("counts", counts);
    counted("counts", counts, COUNTS, "");
    if (!((float) factor > 0) || Float.isInfinite((float) factor)) {
      throw new IllegalArgumentException("factor: expected a positive number that 32 bits hold, got " + factor);
    }
  }

  @Override
  public void exponents(Tensor in, Tensor histogram) {
    floating("in", in);
    integers("histogram", histogram);
    counted("histogram", histogram, BINS, "");
    ops.exponents(in, histogram);
  }

  @Override
  public void takeCounts(Tensor counts, Tensor out) {
    integers("counts", counts);
    here("out", out);
    if (out.dtype() != DType.F32) {
      throw new ShapeException("out: expected F32, got " + out);
    }
    counted("out", out, 2 * counts.elementCount(), ", two for each of counts " + counts);
    ops.takeCounts(counts, out);
  }

  private void here(String name, Tensor tensor) {
    Objects.requireNonNull(tensor, name);
    if (tensor.device() != device) {
      throw new ShapeException(name + ": expected a tensor on " + device.name() + ", got " + tensor);
    }
  }

  private void floating(String name, Tensor tensor) {
    here(name, tensor);
    if (!tensor.dtype().isFloating()) {
      throw new ShapeException(name + ": expected a floating-point tensor, got " + tensor);
    }
  }

  private void integers(String name, Tensor tensor) {
    here(name, tensor);
    if (tensor.dtype() != DType.I32) {
      throw new ShapeException(name + ": expected I32, got " + tensor);
    }
  }

  private static void counted(String name, Tensor tensor, long count, String why) {
    if (tensor.elementCount() != count) {
      throw new ShapeException(name + ": expected " + count + " elements" + why + ", got " + tensor);
    }
  }
}
