package dev.dalle.attention;

import dev.dalle.tensor.Parameter;
import dev.dalle.tensor.Tape;
import dev.dalle.tensor.Tensor;
import java.util.List;

/**
 * {@code y = x + f(layernorm(x))}: x and y F32, f in the tape's compute type. A layer is two of them, attention and perceptron. Source: Ramesh et
 * al. 2021, arXiv 2102.12092, Figure 4.
 */
public sealed interface Resblock permits AttentionBlock, MlpBlock {
  /** The path that starts its parameters' names, such as {@code layer3.mlp}. */
  String name();

  /** What it is trained by. */
  List<Parameter> parameters();

  /**
   * {@code f(layernorm(x))}: what the block adds to the stream.
   *
   * @param x F32 {@code [B, S, d]}
   * @return {@code [B, S, d]} in the tape's compute type
   */
  Tensor branch(Tape tape, Tensor x);

  /**
   * The whole block.
   *
   * @param x F32 {@code [B, S, d]}
   * @return F32 {@code [B, S, d]}
   */
  default Tensor apply(Tape tape, Tensor x) {
    return tape.add(x, branch(tape, x));
  }
}
