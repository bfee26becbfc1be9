package dev.dalle.bindings.onednn;

import java.util.List;

/**
 * What a primitive computes: operation, types, dimensions and layouts. A value, and with the number of threads the key of the
 * cache in {@link OneDnn}. Constructors check that dimensions agree; whether oneDNN computes the types on this processor is
 * found out when the primitive is made.
 */
public sealed interface PrimitiveSpec permits Matmul, ConvolutionForward, ConvolutionBackwardData, ConvolutionBackwardWeights,
    PoolingForward, PoolingBackward, EltwiseForward, EltwiseBackward, LayerNormForward, LayerNormBackward, SoftmaxForward,
    SoftmaxBackward, ResamplingForward, ResamplingBackward, Reorder, Binary, Reduction {

  /** The memory arguments in the order of {@link Primitive#execute}, absent ones left out. The scratchpad is not among them. */
  List<Argument> arguments();

  /** How it is done. */
  default Attributes attributes() {
    return Attributes.NONE;
  }
}
