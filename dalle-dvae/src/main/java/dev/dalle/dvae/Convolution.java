package dev.dalle.dvae;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Ops;
import dev.dalle.tensor.Parameter;
import dev.dalle.tensor.ParameterSet;
import dev.dalle.tensor.Philox;
import dev.dalle.tensor.Tape;
import dev.dalle.tensor.Tensor;
import java.nio.charset.StandardCharsets;

/** A convolution's parameters: weight {@code [outputs, inputs, k, k]} and bias {@code [outputs]}. */
final class Convolution {
  private final ConvolutionPlan plan;
  private final Parameter weight;
  private final Parameter bias;

  /** With undefined values. */
  Convolution(ParameterSet parameters, ConvolutionPlan plan) {
    this.plan = plan;
    this.weight = parameters.add(plan.name() + ".w", plan.kind(), plan.outputs(), plan.inputs(), plan.kernel(), plan.kernel());
    this.bias = parameters.add(plan.name() + ".b", Parameter.Kind.FULL, plan.outputs());
  }

  /** Weights from the stream of their name, biases 0. */
  void initialise(long seed) {
    weight.drawNormal(seed, Philox.stream(hash(weight.name())), plan.deviation());
    bias.value().device().ops().fill(bias.value(), 0);
  }

  /** FNV-1a of 64 bits over UTF-8: specified, unlike {@link String#hashCode}'s 32 bits long enough to keep names apart. */
  private static long hash(String name) {
    long hash = 0xCBF29CE484222325L;
    for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
      hash = (hash ^ (b & 0xFF)) * 0x100000001B3L;
    }
    return hash;
  }

  Parameter weight() {
    return weight;
  }

  Parameter bias() {
    return bias;
  }

  /** On {@code [B, H, W, inputs]}, computed in the type of {@code x}. */
  Tensor run(Tape tape, Tensor x, DType outType) {
    return tape.convolution(x, weight, bias, outType);
  }

  /**
   * One of the two around the code, in F32.
   *
   * @param x F32 {@code [B, H, W, inputs]}
   */
  Tensor runAtCode(Tape tape, Tensor x) {
    return isPointwise() ? runPointwise(tape, x) : run(tape, x, DType.F32);
  }

  boolean isPointwise() {
    return plan.kernel() == 1;
  }

  /** The weight of a 1 x 1 convolution as {@code [outputs, inputs]}. */
  Tensor matrix() {
    return weight.value().reshape(plan.outputs(), plan.inputs());
  }

  /**
   * A 1 x 1 convolution in F32 as one matrix product over positions: those around the code have few positions and many channels.
   *
   * @param x F32 {@code [B, H, W, inputs]}
   */
  private Tensor runPointwise(Tape tape, Tensor x) {
    Ops ops = tape.ops();
    Tensor rows = x.reshape(x.shape().rowCount(), plan.inputs());
    Tensor matrix = matrix();
    Tensor out = tape.scope().allocate(DType.F32, x.shape().withLast(plan.outputs()));
    Tensor outRows = out.reshape(rows.dim(0), plan.outputs());
    ops.linear(rows, matrix, bias.value(), outRows);
    return tape.record(out, gradOut -> {
      Tensor gradRows = gradOut.reshape(outRows.shape());
      bias.addGradient((gradient, accumulate) -> ops.sumRows(gradRows, gradient, accumulate));
      weight.addGradient((gradient, accumulate) ->
          ops.matmul(gradRows, true, rows, false, 1, gradient.reshape(matrix.shape()), accumulate));
      if (tape.needsGradient(x)) {
        Tensor gradIn = tape.scope().allocate(DType.F32, x.shape());
        ops.matmul(gradRows, false, matrix, false, 1, gradIn.reshape(rows.shape()), false);
        tape.accumulate(x, gradIn);
      }
    });
  }
}
