package dev.dalle.dvae;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Shape;
import dev.dalle.tensor.ShapeException;
import dev.dalle.tensor.Tensor;
import java.util.Objects;

/** Checks every argument of an operation before a device sees it, so that all devices refuse the same things in the same words. */
public final class CheckedDvaeOps implements DvaeOps {
  private final Device device;
  private final DvaeOps ops;

  /** In front of a device's own operations. */
  public CheckedDvaeOps(Device device, DvaeOps ops) {
    this.device = Objects.requireNonNull(device, "device");
    this.ops = Objects.requireNonNull(ops, "ops");
  }

  @Override
  public void affine(Tensor in, double factor, double shift, Tensor out) {
    f32("in", in);
    here("out", out);
    if (!out.dtype().isFloating()) {
      throw new ShapeException("out: expected a floating-point tensor, got " + out);
    }
    if (out.elementCount() != in.elementCount()) {
      throw new ShapeException("out: expected " + in.elementCount() + " elements like in " + in.shape() + ", got " + out);
    }
    ops.affine(in, factor, shift, out);
  }

  @Override
  public void gumbelSoftmax(Tensor logits, double temperature, long seed, long stream, Tensor code) {
    rows("logits", logits);
    like("code", code, "logits", logits);
    temperature(temperature);
    ops.gumbelSoftmax(logits, temperature, seed, stream, code);
  }

  @Override
  public void gumbelSoftmaxGradient(Tensor code, Tensor gradCode, double temperature, Tensor gradLogits) {
    rows("code", code);
    like("gradCode", gradCode, "code", code);
    like("gradLogits", gradLogits, "code", code);
    temperature(temperature);
    ops.gumbelSoftmaxGradient(code, gradCode, temperature, gradLogits);
  }

  @Override
  public void logitLaplace(Tensor pixels, Tensor maps, double minLogScale, Tensor losses) {
    rows("pixels", pixels);
    maps(maps, pixels);
    like("losses", losses, "pixels", pixels);
    bound(minLogScale);
    ops.logitLaplace(pixels, maps, minLogScale, losses);
  }

  @Override
  public void logitLaplaceGradient(Tensor pixels, Tensor maps, double minLogScale, Tensor gradSum, Tensor gradMaps) {
    rows("pixels", pixels);
    maps(maps, pixels);
    scalar("gradSum", gradSum);
    like("gradMaps", gradMaps, "maps", maps);
    bound(minLogScale);
    ops.logitLaplaceGradient(pixels, maps, minLogScale, gradSum, gradMaps);
  }

  @Override
  public void uniformDivergence(Tensor logits, Tensor divergences) {
    rows("logits", logits);
    f32("divergences", divergences);
    count("divergences", divergences, logits.shape().rowCount(), "one for each row of logits");
    ops.uniformDivergence(logits, divergences);
  }

  @Override
  public void uniformDivergenceGradient(Tensor logits, Tensor gradSum, Tensor gradLogits) {
    rows("logits", logits);
    scalar("gradSum", gradSum);
    like("gradLogits", gradLogits, "logits", logits);
    ops.uniformDivergenceGradient(logits, gradSum, gradLogits);
  }

  @Override
  public void gatherColumns(Tensor weight, Tensor bias, Tensor ids, Tensor out) {
    rows("weight", weight);
    if (weight.shape().rank() != 2) {
      throw new ShapeException("weight: expected [outputs, codes], got " + weight);
    }
    f32("bias", bias);
    shape("bias", bias, Shape.of(weight.dim(0)), "one for each row of weight");
    rows("out", out);
    shape("out", out, out.shape().withLast(weight.dim(0)), "with one column for each row of weight");
    ids(ids, out.shape().rowCount(), "one for each row of out");
    ops.gatherColumns(weight, bias, ids, out);
  }

  @Override
  public void roundingNorms(Tensor x, Tensor norms) {
    rows("x", x);
    norms("norms", norms, x);
    ops.roundingNorms(x, norms);
  }

  @Override
  public void argmaxLinear(Tensor x, Tensor xNorms, Tensor weight, Tensor weightNorms, Tensor bias, Tensor products, Tensor ids) {
    rows("x", x);
    norms("xNorms", xNorms, x);
    rows("weight", weight);
    if (weight.shape().rank() != 2 || weight.dim(0) == 0 || weight.dim(1) != x.dim(-1)) {
      throw new ShapeException("weight: expected [codes, " + x.dim(-1) + "], with as many columns as x, got " + weight);
    }
    norms("weightNorms", weightNorms, weight);
    f32("bias", bias);
    shape("bias", bias, Shape.of(weight.dim(0)), "one for each row of weight");
    f32("products", products);
    shape("products", products, x.shape().withLast(weight.dim(0)), "one for each row of x and of weight");
    ids(ids, x.shape().rowCount(), "one for each row of x");
    ops.argmaxLinear(x, xNorms, weight, weightNorms, bias, products, ids);
  }

  private void norms(String name, Tensor norms, Tensor of) {
    f32(name, norms);
    shape(name, norms, Shape.of(of.shape().rowCount(), 2), "two for each row");
  }

  private void ids(Tensor ids, long expected, String why) {
    here("ids", ids);
    if (ids.dtype() != DType.I32) {
      throw new ShapeException("ids: expected type I32, got " + ids);
    }
    count("ids", ids, expected, why);
  }

  @Override
  public void pixels(Tensor maps, Tensor pixels) {
    rows("pixels", pixels);
    maps(maps, pixels);
    ops.pixels(maps, pixels);
  }

  private void here(String name, Tensor tensor) {
    Objects.requireNonNull(tensor, name);
    if (tensor.device() != device) {
      throw new ShapeException(name + ": expected a tensor on " + device.name() + ", got " + tensor + "; copy it over first");
    }
  }

  private void f32(String name, Tensor tensor) {
    here(name, tensor);
    if (tensor.dtype() != DType.F32) {
      throw new ShapeException(name + ": expected type F32, got " + tensor);
    }
  }

  private void rows(String name, Tensor tensor) {
    f32(name, tensor);
    if (tensor.shape().rank() < 1 || tensor.dim(-1) == 0) {
      throw new ShapeException(name + ": expected rows of at least one column, got " + tensor);
    }
  }

  private void like(String name, Tensor tensor, String otherName, Tensor other) {
    f32(name, tensor);
    shape(name, tensor, other.shape(), "like " + otherName);
  }

  private void maps(Tensor maps, Tensor pixels) {
    f32("maps", maps);
    shape("maps", maps, pixels.shape().withLast(2 * pixels.dim(-1)), "mu and ln b for each value of pixels");
  }

  private void scalar(String name, Tensor tensor) {
    f32(name, tensor);
    count(name, tensor, 1, "a scalar");
  }

  private static void count(String name, Tensor tensor, long expected, String why) {
    if (tensor.elementCount() != expected) {
      throw new ShapeException(name + ": expected " + expected + " elements (" + why + "), got " + tensor);
    }
  }

  private static void shape(String name, Tensor tensor, Shape expected, String why) {
    if (!tensor.shape().equals(expected)) {
      throw new ShapeException(name + ": expected " + expected + " (" + why + "), got " + tensor);
    }
  }

  private static void temperature(double temperature) {
    if (!(temperature > 0) || Double.isInfinite(temperature)) {
      throw new IllegalArgumentException("temperature: expected a positive finite number, got " + temperature);
    }
  }

  private static void bound(double minLogScale) {
    if (Double.isNaN(minLogScale) || minLogScale == Double.POSITIVE_INFINITY) {
      throw new IllegalArgumentException("minLogScale: expected a finite number or negative infinity, got " + minLogScale);
    }
  }
}
