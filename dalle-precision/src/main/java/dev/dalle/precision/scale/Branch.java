package dev.dalle.precision.scale;

import dev.dalle.tensor.Tape;
import dev.dalle.tensor.Tensor;

/** What a residual block adds to the stream: {@code f(norm(x))} in {@code x + f(norm(x))}. */
@FunctionalInterface
public interface Branch {
  /**
   * Computes.
   *
   * @param tape to record on
   * @param x the stream, in practice F32
   * @return as many elements as {@code x}, in the type in which the block computes
   */
  Tensor apply(Tape tape, Tensor x);
}
