package dev.dalle.attention;

import dev.dalle.tensor.Tape;
import dev.dalle.tensor.Tensor;

/** How a forward pass runs each resblock: this is where checkpointing, gradient scaling or prefetching of a block's parameters come in. */
@FunctionalInterface
public interface BlockRunner {
  /**
   * Runs one block.
   *
   * @param x F32 {@code [B, S, d]}
   * @return F32 {@code [B, S, d]}, recorded on the tape
   */
  Tensor run(Tape tape, Resblock block, Tensor x);

  /** Everything that going backwards needs is kept. */
  static BlockRunner kept() {
    return (tape, block, x) -> block.apply(tape, x);
  }

  /** Only each block's input is kept; going backwards computes the block once more. The gradients are the same. */
  static BlockRunner checkpointed() {
    return (tape, block, x) -> tape.checkpoint(input -> block.apply(input.tape(), input.x()), x);
  }
}
