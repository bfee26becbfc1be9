package dev.dalle.precision.format;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.ShapeException;
import dev.dalle.tensor.Tensor;
import java.util.Objects;

/** Checks every argument before a device sees it, so that all devices refuse the same things in the same words. */
public final class CheckedFormatOps implements FormatOps {
  private final Device device;
  private final FormatOps ops;

  /** In front of a device's own operations. */
  public CheckedFormatOps(Device device, FormatOps ops) {
    this.device = Objects.requireNonNull(device, "device");
    this.ops = Objects.requireNonNull(ops, "ops");
  }

  @Override
  public void encode(Tensor in, FloatFormat format, Tensor codes) {
    Objects.requireNonNull(format, "format");
    floating("in", in);
    codes("codes", codes, format);
    sameCount("codes", codes, "in", in);
    ops.encode(in, format, codes);
  }

  @Override
  public void decode(Tensor codes, FloatFormat format, Tensor out) {
    Objects.requireNonNull(format, "format");
    codes("codes", codes, format);
    floating("out", out);
    sameCount("out", out, "codes", codes);
    ops.decode(codes, format, out);
  }

  private void here(String name, Tensor tensor) {
    Objects.requireNonNull(tensor, name);
    if (tensor.device() != device) {
      throw new ShapeException(name + ": expected a tensor on " + device.name() + ", got " + tensor + "; copy it over first");
    }
  }

  private void floating(String name, Tensor tensor) {
    here(name, tensor);
    if (!tensor.dtype().isFloating()) {
      throw new ShapeException(name + ": expected a floating-point tensor, got " + tensor);
    }
  }

  private void codes(String name, Tensor tensor, FloatFormat format) {
    here(name, tensor);
    DType expected = FormatOps.codeType(format);
    if (tensor.dtype() != expected) {
      throw new ShapeException(name + ": expected " + expected + " for the " + format.bits() + " bits of " + format.name() + ", got " + tensor);
    }
  }

  private static void sameCount(String name, Tensor tensor, String modelName, Tensor model) {
    if (tensor.elementCount() != model.elementCount()) {
      throw new ShapeException(name + ": expected " + model.elementCount() + " elements like " + modelName + " " + model + ", got " + tensor);
    }
  }
}
