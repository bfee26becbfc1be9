package dev.dalle.tensor;

import java.util.EnumMap;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.function.Function;

/**
 * Runs operations and, if it records, runs them backwards again. Networks are written once against a tape; whether they are trained
 * or only used is the tape's matter.
 *
 * <p>Results live in the tape's scope. Gradients of parameters are added to {@link Parameter#gradient()}, gradients of watched tensors are
 * read with {@link #gradient}. A tape goes backwards once. One thread at a time.
 *
 * <p>Activations are kept in {@link #computeType()}, parameters in a type of their own; {@link #value(Parameter, DType)} converts a parameter once a tape.
 */
public final class Tape extends Recording {
  /** Of a window of 2 x 2. */
  private static final double WINDOW_SHARE = 0.25;

  private final Scope scope;
  private final Ops ops;
  private final DType computeType;
  private final Map<Parameter, Map<DType, Tensor>> values = new IdentityHashMap<>();
  private final Map<Parameter, Map<DType, Tensor>> constants = new IdentityHashMap<>();

  private Tape(Scope scope, DType computeType, boolean recording) {
    super(scope, recording);
    if (!computeType.isFloating()) {
      throw new ShapeException("compute type: expected a floating-point type, got " + computeType);
    }
    this.scope = scope;
    this.ops = ops();
    this.computeType = computeType;
  }

  /** A tape that can run backwards. */
  public static Tape recording(Scope scope, DType computeType) {
    return new Tape(scope, computeType, true);
  }

  /** A tape that only runs operations. */
  public static Tape inference(Scope scope, DType computeType) {
    return new Tape(scope, computeType, false);
  }

  /** The type of activations in matrix products and convolutions. */
  public DType computeType() {
    return computeType;
  }

  // Parameters

  /** A parameter's value in a floating type; converted at most once a tape. Its gradient is added to the parameter. */
  public Tensor value(Parameter parameter, DType dtype) {
    return values.computeIfAbsent(parameter, key -> new EnumMap<>(DType.class)).computeIfAbsent(dtype, key -> {
      Tensor value = constant(parameter, dtype);
      // A view of its own, so that the parameter's tensor may be on several tapes.
      Tensor leaf = value.reshape(value.shape());
      return record(leaf, gradOut -> parameter.addGradient((gradient, accumulate) -> {
        if (accumulate) {
          ops.addScaled(gradOut, 1, gradient);
        } else {
          ops.copy(gradOut, gradient);
        }
      }));
    });
  }

  /** A parameter's value in a floating type without a record: for operations that add the parameter's gradient themselves. */
  public Tensor constant(Parameter parameter, DType dtype) {
    if (parameter.value().dtype() == dtype) {
      return parameter.value();
    }
    return constants.computeIfAbsent(parameter, key -> new EnumMap<>(DType.class)).computeIfAbsent(dtype, key -> {
      Tensor value = scope.allocate(dtype, parameter.shape());
      ops.copy(parameter.value(), value);
      return value;
    });
  }

  // Operations

  /** The same elements in another floating type. */
  public Tensor cast(Tensor x, DType dtype) {
    if (x.dtype() == dtype) {
      return x;
    }
    Tensor out = scope.allocate(dtype, x.shape());
    ops.copy(x, out);
    return recordIfNeeded(out, gradOut -> {
      Tensor gradIn = scope.allocate(x.dtype(), x.shape());
      ops.copy(gradOut, gradIn);
      accumulate(x, gradIn);
    }, x);
  }

  /** The same elements under another shape. */
  public Tensor reshape(Tensor x, long... dims) {
    Tensor out = x.reshape(dims);
    return recordIfNeeded(out, gradOut -> accumulateShared(x, gradOut.reshape(x.shape())), x);
  }

  /** {@code a + b}, equal shapes; the result has the type of {@code a}. */
  public Tensor add(Tensor a, Tensor b) {
    Tensor out = scope.allocate(a.dtype(), a.shape());
    ops.add(a, b, out);
    return recordIfNeeded(out, gradOut -> {
      accumulateShared(a, gradOut);
      if (b.dtype() == gradOut.dtype()) {
        accumulateShared(b, gradOut);
      } else if (needsGradient(b)) {
        Tensor gradB = scope.allocate(b.dtype(), b.shape());
        ops.copy(gradOut, gradB);
        accumulate(b, gradB);
      }
    }, a, b);
  }

  /**
   * As {@link #add(Tensor, Tensor)}, but the gradient of {@code b} is made by a filter from the gradient of the sum; that of {@code a} passes unchanged. With a
   * stream in F32 and a branch in 16 bits the filter thus reads 32 bits and decides how they become 16.
   *
   * @param toB is given the gradient of the sum, and writes one of b's type
   */
  public Tensor add(Tensor a, Tensor b, GradientFilter toB) {
    Tensor out = scope.allocate(a.dtype(), a.shape());
    ops.add(a, b, out);
    return recordIfNeeded(out, gradOut -> {
      accumulateShared(a, gradOut);
      if (needsGradient(b)) {
        Tensor gradB = scope.allocate(b.dtype(), b.shape());
        toB.apply(gradOut, gradB);
        accumulate(b, gradB);
      }
    }, a, b);
  }

  /** {@code x}; what comes back for it goes through a filter first, which writes the same type. */
  public Tensor filterGradient(Tensor x, GradientFilter filter) {
    if (!needsGradient(x)) {
      return x;
    }
    // A view of its own, so that x may have other uses, whose gradients are not filtered.
    return record(x.reshape(x.shape()), gradOut -> {
      Tensor gradIn = scope.allocate(x.dtype(), x.shape());
      filter.apply(gradOut, gradIn);
      accumulate(x, gradIn);
    });
  }

  /** {@code factor * x}. */
  public Tensor scale(Tensor x, double factor) {
    Tensor out = scope.allocate(x.dtype(), x.shape());
    ops.scale(x, factor, out);
    return recordIfNeeded(out, gradOut -> {
      Tensor gradIn = scope.allocate(x.dtype(), x.shape());
      ops.scale(gradOut, factor, gradIn);
      accumulate(x, gradIn);
    }, x);
  }

  /** {@code x + factor * y}, equal shapes and types: a residual sum. */
  public Tensor addScaled(Tensor x, Tensor y, double factor) {
    Tensor out = scope.allocate(x.dtype(), x.shape());
    ops.copy(x, out);
    ops.addScaled(y, factor, out);
    return recordIfNeeded(out, gradOut -> {
      accumulateShared(x, gradOut);
      if (needsGradient(y)) {
        Tensor gradY = scope.allocate(y.dtype(), y.shape());
        ops.scale(gradOut, factor, gradY);
        accumulate(y, gradY);
      }
    }, x, y);
  }

  /** {@code f(x)}, element by element. */
  public Tensor activation(Activation f, Tensor x) {
    Tensor out = scope.allocate(x.dtype(), x.shape());
    ops.activation(f, x, out);
    return recordIfNeeded(out, gradOut -> {
      Tensor gradIn = scope.allocate(x.dtype(), x.shape());
      ops.activationGradient(f, x, gradOut, gradIn);
      accumulate(x, gradIn);
    }, x);
  }

  /**
   * {@code x W^T + b} on the innermost dimension.
   *
   * @param x {@code [..., I]}; the product is computed in its type
   * @param weight {@code [O, I]}
   * @param bias {@code [O]}
   * @return {@code [..., O]}, the type of {@code x}
   */
  public Tensor linear(Tensor x, Parameter weight, Parameter bias) {
    return linear(x, weight, bias, x.dtype());
  }

  /** {@link #linear(Tensor, Parameter, Parameter)} with a result in a chosen type: F32 or that of {@code x}. */
  public Tensor linear(Tensor x, Parameter weight, Parameter bias, DType outType) {
    Tensor rows = x.reshape(x.shape().rowCount(), x.dim(-1));
    Tensor w = constant(weight, x.dtype());
    Tensor out = scope.allocate(outType, x.shape().withLast(weight.shape().dim(0)));
    Tensor outRows = out.reshape(rows.dim(0), out.dim(-1));
    ops.linear(rows, w, bias.value(), outRows);
    return record(out, gradOut -> {
      Tensor gradRows = productType(gradOut, x.dtype()).reshape(outRows.shape());
      bias.addGradient((gradient, accumulate) -> ops.sumRows(gradRows, gradient, accumulate));
      weight.addGradient((gradient, accumulate) -> ops.matmul(gradRows, true, rows, false, 1, gradient, accumulate));
      if (needsGradient(x)) {
        Tensor gradIn = scope.allocate(x.dtype(), x.shape());
        ops.matmul(gradRows, false, w, false, 1, gradIn.reshape(rows.shape()), false);
        accumulate(x, gradIn);
      }
    });
  }

  /**
   * {@code x W^T} on the innermost dimension, without a bias.
   *
   * @param x {@code [..., I]}
   * @param weight {@code [O, I]}
   * @return {@code [..., O]}, in {@code outType}: F32 or the type of {@code x}
   */
  public Tensor project(Tensor x, Parameter weight, DType outType) {
    Tensor rows = x.reshape(x.shape().rowCount(), x.dim(-1));
    Tensor w = constant(weight, x.dtype());
    Tensor out = scope.allocate(outType, x.shape().withLast(weight.shape().dim(0)));
    Tensor outRows = out.reshape(rows.dim(0), out.dim(-1));
    ops.matmul(rows, false, w, true, 1, outRows, false);
    return record(out, gradOut -> {
      Tensor gradRows = productType(gradOut, x.dtype()).reshape(outRows.shape());
      weight.addGradient((gradient, accumulate) -> ops.matmul(gradRows, true, rows, false, 1, gradient, accumulate));
      if (needsGradient(x)) {
        Tensor gradIn = scope.allocate(x.dtype(), x.shape());
        ops.matmul(gradRows, false, w, false, 1, gradIn.reshape(rows.shape()), false);
        accumulate(x, gradIn);
      }
    });
  }

  /**
   * {@link Ops#convolution}, computed in the type of {@code x}.
   *
   * @param x {@code [B, H, W, I]}
   * @param weight {@code [O, I, k, k]}
   * @param bias {@code [O]}
   * @return {@code [B, H, W, O]}, in {@code outType}: F32 or the type of {@code x}
   */
  public Tensor convolution(Tensor x, Parameter weight, Parameter bias, DType outType) {
    Tensor w = constant(weight, x.dtype());
    Tensor out = scope.allocate(outType, x.shape().withLast(weight.shape().dim(0)));
    ops.convolution(x, w, bias.value(), out);
    return record(out, gradOut -> {
      Tensor grad = productType(gradOut, x.dtype());
      weight.addGradient((gradWeight, accumulateWeight) -> bias.addGradient((gradBias, accumulateBias) -> {
        if (accumulateWeight != accumulateBias) {
          throw new IllegalStateException("the gradients of " + weight + " and " + bias + " must be cleared together");
        }
        ops.convolutionParameterGradient(x, grad, gradWeight, gradBias, accumulateWeight);
      }));
      if (needsGradient(x)) {
        Tensor gradIn = scope.allocate(x.dtype(), x.shape());
        ops.convolutionInputGradient(grad, w, gradIn);
        accumulate(x, gradIn);
      }
    });
  }

  /** Both operands of a product have one type: a gradient that arrives in F32 is rounded to that of the activations. */
  private Tensor productType(Tensor gradient, DType dtype) {
    if (gradient.dtype() == dtype) {
      return gradient;
    }
    Tensor converted = scope.allocate(dtype, gradient.shape());
    ops.copy(gradient, converted);
    return converted;
  }

  /**
   * Layer normalisation over the innermost dimension, statistics in 32 bits.
   *
   * @param outType type of the result
   */
  public Tensor layerNorm(Tensor x, Parameter gain, Parameter bias, double epsilon, DType outType) {
    Tensor out = scope.allocate(outType, x.shape());
    Tensor mean = scope.allocate(DType.F32, x.shape().rowCount());
    Tensor rstd = scope.allocate(DType.F32, x.shape().rowCount());
    ops.layerNorm(x, gain.value(), bias.value(), epsilon, out, mean, rstd);
    return record(out, gradOut -> {
      Tensor gradIn = scope.allocate(x.dtype(), x.shape());
      ops.layerNormGradient(x, gain.value(), mean, rstd, gradOut, gradIn, gain.gradient(), bias.gradient());
      accumulate(x, gradIn);
    });
  }

  /** Softmax over the innermost dimension. */
  public Tensor softmax(Tensor x) {
    Tensor out = scope.allocate(x.dtype(), x.shape());
    ops.softmax(x, out);
    return recordIfNeeded(out, gradOut -> {
      Tensor gradIn = scope.allocate(x.dtype(), x.shape());
      ops.softmaxGradient(out, gradOut, gradIn);
      accumulate(x, gradIn);
    }, x);
  }

  /** {@link Ops#maxPool2}. */
  public Tensor maxPool2(Tensor x) {
    Tensor out = scope.allocate(x.dtype(), x.dim(0), x.dim(1) / 2, x.dim(2) / 2, x.dim(3));
    ops.maxPool2(x, out);
    return recordIfNeeded(out, gradOut -> {
      Tensor gradIn = scope.allocate(x.dtype(), x.shape());
      ops.maxPool2Gradient(x, gradOut, gradIn);
      accumulate(x, gradIn);
    }, x);
  }

  /**
   * {@code out[b, y, x, c] = mean of x[b, 2y..2y+1, 2x..2x+1, c]}.
   *
   * @param x {@code [B, H, W, C]} with even H and W
   * @return {@code [B, H / 2, W / 2, C]}, of the type of {@code x}
   */
  public Tensor averagePool2(Tensor x) {
    Tensor out = scope.allocate(x.dtype(), x.dim(0), x.dim(1) / 2, x.dim(2) / 2, x.dim(3));
    // The sum over windows is what doubling a grid has as its gradient; a quarter of it is exact.
    ops.upsample2Gradient(x, out);
    ops.scale(out, WINDOW_SHARE, out);
    return recordIfNeeded(out, gradOut -> {
      Tensor gradIn = scope.allocate(x.dtype(), x.shape());
      ops.upsample2(gradOut, gradIn);
      ops.scale(gradIn, WINDOW_SHARE, gradIn);
      accumulate(x, gradIn);
    }, x);
  }

  /** {@link Ops#upsample2}. */
  public Tensor upsample2(Tensor x) {
    Tensor out = scope.allocate(x.dtype(), x.dim(0), x.dim(1) * 2, x.dim(2) * 2, x.dim(3));
    ops.upsample2(x, out);
    return recordIfNeeded(out, gradOut -> {
      Tensor gradIn = scope.allocate(x.dtype(), x.shape());
      ops.upsample2Gradient(gradOut, gradIn);
      accumulate(x, gradIn);
    }, x);
  }

  /**
   * Rows of a table, such as an embedding; see {@link Ops#gatherRows}.
   *
   * @param table {@code [V, C]}
   * @param indices I32 {@code [N]}; negative for a row of zeros
   * @return F32 {@code [N, C]}
   */
  public Tensor gatherRows(Parameter table, Tensor indices) {
    Tensor out = scope.allocate(DType.F32, indices.elementCount(), table.shape().dim(-1));
    ops.gatherRows(table.value(), indices, out, false);
    return record(out, gradOut -> ops.scatterAddRows(gradOut, indices, table.gradient()));
  }

  /**
   * Rows of a tensor; see {@link Ops#gatherRows}.
   *
   * @param x {@code [..., C]}, read as rows
   * @param indices I32 {@code [N]}; negative for a row of zeros
   * @return {@code [N, C]}, the type of {@code x}
   */
  public Tensor gatherRows(Tensor x, Tensor indices) {
    Tensor rows = x.reshape(x.shape().rowCount(), x.dim(-1));
    Tensor out = scope.allocate(x.dtype(), indices.elementCount(), x.dim(-1));
    ops.gatherRows(rows, indices, out, false);
    return recordIfNeeded(out, gradOut -> {
      Tensor gradIn = scope.zeros(x.dtype(), x.shape());
      ops.scatterAddRows(gradOut, indices, gradIn.reshape(rows.shape()));
      accumulate(x, gradIn);
    }, x);
  }

  /**
   * Runs a block of which only the input is kept: going backwards, it is recorded again on a tape of its own, which has this one's observers, run backwards and
   * freed.
   *
   * @param block a function of its input, its parameters and nothing that changes in between
   * @param x its input
   * @return its output
   */
  public Tensor checkpoint(Function<BlockInput, Tensor> block, Tensor x) {
    return checkpoint(block, x, BlockPasses.PLAIN);
  }

  /**
   * As {@link #checkpoint(Function, Tensor)}, with something done around either pass, such as bringing the block's parameters and taking them away again.
   *
   * @param block a function of its input, its parameters and nothing that changes in between
   * @param x its input
   * @param passes is told where each pass begins and ends
   * @return its output
   */
  public Tensor checkpoint(Function<BlockInput, Tensor> block, Tensor x, BlockPasses passes) {
    Tensor out;
    passes.beginForward();
    try (Scope inner = scope.device().newScope()) {
      Tape forward = inference(inner, computeType);
      Tensor result = block.apply(new BlockInput(forward, x));
      out = scope.allocate(result.dtype(), result.shape());
      ops.copy(result, out);
    }
    passes.endForward();
    return record(out, gradOut -> {
      passes.beginBackward();
      try (Scope inner = scope.device().newScope()) {
        Tape again = recording(inner, computeType);
        again.observeLike(this);
        Tensor input = again.watch(x.reshape(x.shape()));
        Tensor result = block.apply(new BlockInput(again, input));
        again.backward(result, gradOut);
        if (needsGradient(x)) {
          Tensor gradIn = scope.allocate(x.dtype(), x.shape());
          ops.copy(again.gradient(input), gradIn);
          accumulate(x, gradIn);
        }
      }
      passes.endBackward();
    });
  }

  /**
   * What a checkpointed block is given.
   *
   * @param tape to run on
   * @param x the input
   */
  public record BlockInput(Tape tape, Tensor x) {}
}
