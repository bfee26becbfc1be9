package dev.dalle.tensor;

import java.util.Objects;

/** Checks every argument of an operation before a device sees it, so that all devices refuse the same things in the same words. */
public final class CheckedOps implements Ops {
  private final Device device;
  private final Ops ops;

  /** In front of a device's own operations. */
  public CheckedOps(Device device, Ops ops) {
    this.device = Objects.requireNonNull(device, "device");
    this.ops = Objects.requireNonNull(ops, "ops");
  }

  @Override
  public void fill(Tensor out, double value) {
    here("out", out);
    ops.fill(out, value);
  }

  @Override
  public void copy(Tensor in, Tensor out) {
    here("in", in);
    here("out", out);
    if (in.dtype() != out.dtype()) {
      floating("in", in);
      floating("out", out);
    }
    sameCount("out", out, "in", in);
    ops.copy(in, out);
  }

  @Override
  public void add(Tensor a, Tensor b, Tensor out) {
    elementwise("a", a);
    elementwise("b", b);
    elementwise("out", out);
    sameCount("b", b, "a", a);
    sameCount("out", out, "a", a);
    ops.add(a, b, out);
  }

  @Override
  public void multiply(Tensor a, Tensor b, Tensor out) {
    elementwise("a", a);
    elementwise("b", b);
    elementwise("out", out);
    sameCount("b", b, "a", a);
    sameCount("out", out, "a", a);
    ops.multiply(a, b, out);
  }

  @Override
  public void scale(Tensor in, double factor, Tensor out) {
    elementwise("in", in);
    elementwise("out", out);
    sameCount("out", out, "in", in);
    ops.scale(in, factor, out);
  }

  @Override
  public void addScaled(Tensor in, double factor, Tensor out) {
    elementwise("in", in);
    elementwise("out", out);
    sameCount("out", out, "in", in);
    ops.addScaled(in, factor, out);
  }

  @Override
  public void activation(Activation f, Tensor in, Tensor out) {
    Objects.requireNonNull(f, "f");
    elementwise("in", in);
    elementwise("out", out);
    sameCount("out", out, "in", in);
    ops.activation(f, in, out);
  }

  @Override
  public void activationGradient(Activation f, Tensor in, Tensor gradOut, Tensor gradIn) {
    Objects.requireNonNull(f, "f");
    elementwise("in", in);
    elementwise("gradOut", gradOut);
    elementwise("gradIn", gradIn);
    sameCount("gradOut", gradOut, "in", in);
    sameCount("gradIn", gradIn, "in", in);
    ops.activationGradient(f, in, gradOut, gradIn);
  }

  @Override
  public void addRow(Tensor x, Tensor bias, Tensor out) {
    rows("x", x);
    rows("out", out);
    shape("out", out, x.shape(), "like x");
    f32("bias", bias, Shape.of(x.dim(-1)), "one for each column of x");
    ops.addRow(x, bias, out);
  }

  @Override
  public void sumRows(Tensor x, Tensor out, boolean accumulate) {
    rows("x", x);
    f32("out", out, Shape.of(x.dim(-1)), "one for each column of x");
    ops.sumRows(x, out, accumulate);
  }

  @Override
  public void softmax(Tensor in, Tensor out) {
    rows("in", in);
    rows("out", out);
    shape("out", out, in.shape(), "like in");
    ops.softmax(in, out);
  }

  @Override
  public void softmaxGradient(Tensor out, Tensor gradOut, Tensor gradIn) {
    rows("out", out);
    rows("gradOut", gradOut);
    rows("gradIn", gradIn);
    shape("gradOut", gradOut, out.shape(), "like out");
    shape("gradIn", gradIn, out.shape(), "like out");
    ops.softmaxGradient(out, gradOut, gradIn);
  }

  @Override
  public void layerNorm(Tensor x, Tensor gain, Tensor bias, double epsilon, Tensor out, Tensor mean, Tensor rstd) {
    rows("x", x);
    rows("out", out);
    shape("out", out, x.shape(), "like x");
    f32("gain", gain, Shape.of(x.dim(-1)), "one for each column of x");
    f32("bias", bias, Shape.of(x.dim(-1)), "one for each column of x");
    f32("mean", mean, Shape.of(x.shape().rowCount()), "one for each row of x");
    f32("rstd", rstd, Shape.of(x.shape().rowCount()), "one for each row of x");
    if (!(epsilon >= 0)) {
      throw new ShapeException("epsilon: expected a number of 0 or more, got " + epsilon);
    }
    ops.layerNorm(x, gain, bias, epsilon, out, mean, rstd);
  }

  @Override
  public void layerNormGradient(Tensor x, Tensor gain, Tensor mean, Tensor rstd, Tensor gradOut, Tensor gradIn, Tensor gradGain,
      Tensor gradBias) {
    rows("x", x);
    rows("gradOut", gradOut);
    rows("gradIn", gradIn);
    shape("gradOut", gradOut, x.shape(), "like x");
    shape("gradIn", gradIn, x.shape(), "like x");
    f32("gain", gain, Shape.of(x.dim(-1)), "one for each column of x");
    f32("mean", mean, Shape.of(x.shape().rowCount()), "one for each row of x");
    f32("rstd", rstd, Shape.of(x.shape().rowCount()), "one for each row of x");
    f32("gradGain", gradGain, Shape.of(x.dim(-1)), "one for each column of x");
    f32("gradBias", gradBias, Shape.of(x.dim(-1)), "one for each column of x");
    ops.layerNormGradient(x, gain, mean, rstd, gradOut, gradIn, gradGain, gradBias);
  }

  @Override
  public void gatherRows(Tensor table, Tensor indices, Tensor out, boolean accumulate) {
    rows("table", table);
    rows("out", out);
    indices("indices", indices, out.shape().rowCount());
    shape("out", out, out.shape().withLast(table.dim(-1)), "with the width of the table");
    ops.gatherRows(table, indices, out, accumulate);
  }

  @Override
  public void scatterAddRows(Tensor rows, Tensor indices, Tensor table) {
    rows("rows", rows);
    rows("table", table);
    indices("indices", indices, rows.shape().rowCount());
    shape("table", table, table.shape().withLast(rows.dim(-1)), "with the width of the rows");
    ops.scatterAddRows(rows, indices, table);
  }

  @Override
  public void argmax(Tensor in, Tensor out) {
    rows("in", in);
    if (in.dim(-1) == 0) {
      throw new ShapeException("in: expected at least one column, got " + in);
    }
    indices("out", out, in.shape().rowCount());
    ops.argmax(in, out);
  }

  @Override
  public void crossEntropy(Tensor logits, Tensor targets, Tensor losses) {
    rows("logits", logits);
    indices("targets", targets, logits.shape().rowCount());
    f32("losses", losses, Shape.of(logits.shape().rowCount()), "one for each row of logits");
    ops.crossEntropy(logits, targets, losses);
  }

  @Override
  public void crossEntropyGradient(Tensor logits, Tensor targets, Tensor weights, Tensor gradLogits) {
    rows("logits", logits);
    rows("gradLogits", gradLogits);
    shape("gradLogits", gradLogits, logits.shape(), "like logits");
    indices("targets", targets, logits.shape().rowCount());
    f32("weights", weights, Shape.of(logits.shape().rowCount()), "one for each row of logits");
    ops.crossEntropyGradient(logits, targets, weights, gradLogits);
  }

  @Override
  public void sum(Tensor in, Tensor out, boolean accumulate) {
    elementwise("in", in);
    scalar("out", out);
    ops.sum(in, out, accumulate);
  }

  @Override
  public void sumOfSquares(Tensor in, Tensor out, boolean accumulate) {
    elementwise("in", in);
    scalar("out", out);
    ops.sumOfSquares(in, out, accumulate);
  }

  @Override
  public void matmul(Tensor a, boolean transposeA, Tensor b, boolean transposeB, double alpha, Tensor out, boolean accumulate) {
    matrix("a", a);
    matrix("b", b);
    matrix("out", out);
    sameType("b", b, "a", a);
    outType("out", out, a);
    long m = transposeA ? a.dim(-1) : a.dim(-2);
    long k = transposeA ? a.dim(-2) : a.dim(-1);
    long n = transposeB ? b.dim(-2) : b.dim(-1);
    long[] expectedB = a.shape().toArray();
    expectedB[expectedB.length - 2] = transposeB ? n : k;
    expectedB[expectedB.length - 1] = transposeB ? k : n;
    shape("b", b, Shape.of(expectedB), "to multiply a of " + a.shape() + (transposeA ? " transposed" : ""));
    long[] expectedOut = a.shape().toArray();
    expectedOut[expectedOut.length - 2] = m;
    expectedOut[expectedOut.length - 1] = n;
    shape("out", out, Shape.of(expectedOut), "as the product");
    ops.matmul(a, transposeA, b, transposeB, alpha, out, accumulate);
  }

  @Override
  public void linear(Tensor x, Tensor weight, Tensor bias, Tensor out) {
    matrix("x", x);
    matrix("weight", weight);
    sameType("weight", weight, "x", x);
    outType("out", out, x);
    shape("x", x, Shape.of(x.shape().rowCount(), x.dim(-1)), "of rank 2");
    shape("weight", weight, Shape.of(weight.dim(0), x.dim(1)), "[O, " + x.dim(1) + "] for x of " + x.shape());
    f32("bias", bias, Shape.of(weight.dim(0)), "one for each row of weight");
    shape("out", out, Shape.of(x.dim(0), weight.dim(0)), "as the product");
    ops.linear(x, weight, bias, out);
  }

  @Override
  public void packWeight(Tensor weight, Tensor packed) {
    matrix("weight", weight);
    matrix("packed", packed);
    shape("weight", weight, Shape.of(weight.shape().rowCount(), weight.dim(-1)), "of rank 2");
    shape("packed", packed, Shape.of(packedRows(weight.dim(0)), weight.dim(1)), "the rows of weight rounded up to a multiple of " + PACKED_ROWS);
    ops.packWeight(weight, packed);
  }

  @Override
  public void linearByRow(Tensor x, Tensor packed, Tensor bias, Tensor out) {
    matrix("x", x);
    matrix("packed", packed);
    outType("out", out, x);
    shape("x", x, Shape.of(x.shape().rowCount(), x.dim(-1)), "of rank 2");
    f32("bias", bias, Shape.of(bias.elementCount()), "one for each output");
    shape("packed", packed, Shape.of(packedRows(bias.elementCount()), x.dim(1)), "packed from [" + bias.elementCount() + ", " + x.dim(1) + "]");
    shape("out", out, Shape.of(x.dim(0), bias.elementCount()), "as the product");
    ops.linearByRow(x, packed, bias, out);
  }

  private static long packedRows(long outputs) {
    return (outputs + PACKED_ROWS - 1) / PACKED_ROWS * PACKED_ROWS;
  }

  @Override
  public void convolution(Tensor x, Tensor weight, Tensor bias, Tensor out) {
    kernel("weight", weight);
    image("x", x);
    image("out", out);
    sameType("weight", weight, "x", x);
    outType("out", out, x);
    shape("x", x, x.shape().withLast(weight.dim(1)), "with the " + weight.dim(1) + " input channels of weight");
    shape("out", out, x.shape().withLast(weight.dim(0)), "as x with the " + weight.dim(0) + " output channels of weight");
    f32("bias", bias, Shape.of(weight.dim(0)), "one for each output channel");
    ops.convolution(x, weight, bias, out);
  }

  @Override
  public void convolutionInputGradient(Tensor gradOut, Tensor weight, Tensor gradIn) {
    kernel("weight", weight);
    image("gradOut", gradOut);
    image("gradIn", gradIn);
    sameType("weight", weight, "gradOut", gradOut);
    outType("gradIn", gradIn, gradOut);
    shape("gradOut", gradOut, gradOut.shape().withLast(weight.dim(0)), "with the " + weight.dim(0) + " output channels of weight");
    shape("gradIn", gradIn, gradOut.shape().withLast(weight.dim(1)), "with the " + weight.dim(1) + " input channels of weight");
    ops.convolutionInputGradient(gradOut, weight, gradIn);
  }

  @Override
  public void convolutionParameterGradient(Tensor x, Tensor gradOut, Tensor gradWeight, Tensor gradBias, boolean accumulate) {
    image("x", x);
    image("gradOut", gradOut);
    sameType("gradOut", gradOut, "x", x);
    kernel("gradWeight", gradWeight);
    shape("gradOut", gradOut, x.shape().withLast(gradOut.dim(-1)), "on the grid of x");
    long k = gradWeight.dim(-1);
    f32("gradWeight", gradWeight, Shape.of(gradOut.dim(-1), x.dim(-1), k, k), "output by input channels");
    f32("gradBias", gradBias, Shape.of(gradOut.dim(-1)), "one for each output channel");
    ops.convolutionParameterGradient(x, gradOut, gradWeight, gradBias, accumulate);
  }

  @Override
  public void maxPool2(Tensor in, Tensor out) {
    halved("in", in, "out", out);
    ops.maxPool2(in, out);
  }

  @Override
  public void maxPool2Gradient(Tensor in, Tensor gradOut, Tensor gradIn) {
    halved("in", in, "gradOut", gradOut);
    image("gradIn", gradIn);
    sameType("gradIn", gradIn, "in", in);
    shape("gradIn", gradIn, in.shape(), "like in");
    ops.maxPool2Gradient(in, gradOut, gradIn);
  }

  @Override
  public void upsample2(Tensor in, Tensor out) {
    halved("out", out, "in", in);
    ops.upsample2(in, out);
  }

  @Override
  public void upsample2Gradient(Tensor gradOut, Tensor gradIn) {
    halved("gradOut", gradOut, "gradIn", gradIn);
    ops.upsample2Gradient(gradOut, gradIn);
  }

  @Override
  public void uniform(long seed, long stream, Tensor out) {
    here("out", out);
    type("out", out, DType.F32);
    ops.uniform(seed, stream, out);
  }

  @Override
  public void normal(long seed, long stream, double deviation, Tensor out) {
    here("out", out);
    type("out", out, DType.F32);
    ops.normal(seed, stream, deviation, out);
  }

  private void here(String name, Tensor tensor) {
    Objects.requireNonNull(tensor, name);
    if (tensor.device() != device) {
      throw new ShapeException(name + ": expected a tensor on " + device.name() + ", got " + tensor + "; copy it over first");
    }
  }

  private static void floating(String name, Tensor tensor) {
    if (!tensor.dtype().isFloating()) {
      throw new ShapeException(name + ": expected a floating-point tensor, got " + tensor);
    }
  }

  private void elementwise(String name, Tensor tensor) {
    here(name, tensor);
    floating(name, tensor);
  }

  private void rows(String name, Tensor tensor) {
    elementwise(name, tensor);
    if (tensor.shape().rank() < 1) {
      throw new ShapeException(name + ": expected rank 1 or more, got " + tensor);
    }
  }

  private void matrix(String name, Tensor tensor) {
    elementwise(name, tensor);
    if (tensor.shape().rank() < 2) {
      throw new ShapeException(name + ": expected rank 2 or more, got " + tensor);
    }
  }

  private void image(String name, Tensor tensor) {
    elementwise(name, tensor);
    if (tensor.shape().rank() != 4) {
      throw new ShapeException(name + ": expected [batch, height, width, channels], got " + tensor);
    }
  }

  private void kernel(String name, Tensor tensor) {
    elementwise(name, tensor);
    Shape shape = tensor.shape();
    if (shape.rank() != 4 || shape.dim(2) != shape.dim(3) || shape.dim(2) % 2 == 0) {
      throw new ShapeException(name + ": expected [outputs, inputs, k, k] with odd k, got " + tensor);
    }
  }

  private void halved(String largeName, Tensor large, String smallName, Tensor small) {
    image(largeName, large);
    image(smallName, small);
    sameType(smallName, small, largeName, large);
    if (large.dim(1) % 2 != 0 || large.dim(2) % 2 != 0) {
      throw new ShapeException(largeName + ": expected even height and width, got " + large);
    }
    shape(smallName, small, Shape.of(large.dim(0), large.dim(1) / 2, large.dim(2) / 2, large.dim(3)),
        "half the height and width of " + largeName);
  }

  private void indices(String name, Tensor tensor, long count) {
    here(name, tensor);
    type(name, tensor, DType.I32);
    if (tensor.elementCount() != count) {
      throw new ShapeException(name + ": expected " + count + " entries, one for each row, got " + tensor);
    }
  }

  private void scalar(String name, Tensor tensor) {
    here(name, tensor);
    type(name, tensor, DType.F32);
    if (tensor.elementCount() != 1) {
      throw new ShapeException(name + ": expected one element, got " + tensor);
    }
  }

  private void f32(String name, Tensor tensor, Shape expected, String why) {
    here(name, tensor);
    type(name, tensor, DType.F32);
    shape(name, tensor, expected, why);
  }

  private static void type(String name, Tensor tensor, DType expected) {
    if (tensor.dtype() != expected) {
      throw new ShapeException(name + ": expected type " + expected + ", got " + tensor);
    }
  }

  private static void sameType(String name, Tensor tensor, String otherName, Tensor other) {
    if (tensor.dtype() != other.dtype()) {
      throw new ShapeException(name + ": expected type " + other.dtype() + " like " + otherName + ", got " + tensor);
    }
  }

  private static void outType(String name, Tensor tensor, Tensor input) {
    if (tensor.dtype() != DType.F32 && tensor.dtype() != input.dtype()) {
      throw new ShapeException(name + ": expected type F32 or " + input.dtype() + ", got " + tensor);
    }
  }

  private static void shape(String name, Tensor tensor, Shape expected, String why) {
    if (!tensor.shape().equals(expected)) {
      throw new ShapeException(name + ": expected " + expected + " (" + why + "), got " + tensor);
    }
  }

  private static void sameCount(String name, Tensor tensor, String otherName, Tensor other) {
    if (tensor.elementCount() != other.elementCount()) {
      throw new ShapeException(name + ": expected " + other.elementCount() + " elements like " + otherName + " " + other.shape()
          + ", got " + tensor);
    }
  }
}
