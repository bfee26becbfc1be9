package dev.dalle.attention;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Ops;
import dev.dalle.tensor.Parameter;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tensor;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/**
 * A transformer's matrices as drawing reads them, row by row of few rows: copies in the layout of {@link Ops#packWeight}, in the compute type; that of the
 * image head is F32. Takes as much memory as the model itself in F32, half of it in 16 bits. Owns the copies.
 */
public final class PackedTransformer implements AutoCloseable {
  private final Transformer model;
  private final DType type;
  private final Scope scope;
  private final Map<Parameter, Tensor> packed = new HashMap<>();
  private final Tensor headBias;

  /**
   * Packs a model, which must stay open and unchanged as long as this is.
   *
   * @param type of the products inside the resblocks: F32, F16 or BF16, whatever the device multiplies by itself
   */
  public PackedTransformer(Transformer model, DType type) {
    this.model = Objects.requireNonNull(model, "model");
    if (!type.isFloating()) {
      throw new IllegalArgumentException("compute type: expected a floating-point type, got " + type);
    }
    this.type = type;
    scope = model.parameters().scope().device().newScope();
    try {
      for (Resblock block : model.blocks()) {
        switch (block) {
          case AttentionBlock attention -> {
            pack(attention.qkvWeight, type);
            pack(attention.outWeight, type);
          }
          case MlpBlock mlp -> {
            pack(mlp.inWeight, type);
            pack(mlp.outWeight, type);
          }
        }
      }
      pack(model.imageHead.weight, DType.F32);
      headBias = model.imageHead.bias.map(Parameter::value).orElseGet(() -> {
        Tensor zeros = scope.allocate(DType.F32, model.config().imageVocabulary());
        scope.device().ops().fill(zeros, 0);
        return zeros;
      });
    } catch (Throwable t) {
      scope.close();
      throw t;
    }
  }

  private void pack(Parameter weight, DType as) {
    Ops ops = scope.device().ops();
    long rows = Math.ceilDiv(weight.shape().dim(0), (long) Ops.PACKED_ROWS) * Ops.PACKED_ROWS;
    Tensor copy = scope.allocate(as, rows, weight.shape().dim(1));
    ops.packWeight(weight.value(), copy);
    packed.put(weight, copy);
  }

  /** The model. */
  public Transformer model() {
    return model;
  }

  /** Type of the products inside the resblocks. */
  public DType type() {
    return type;
  }

  Tensor of(Parameter weight) {
    return packed.get(weight);
  }

  Tensor headBias() {
    return headBias;
  }

  @Override
  public void close() {
    scope.close();
  }
}
