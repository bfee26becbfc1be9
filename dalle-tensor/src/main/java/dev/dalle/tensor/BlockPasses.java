package dev.dalle.tensor;

/** Is told where the passes of a checkpointed block begin and end, see {@link Tape#checkpoint}. A pass that fails has no end. */
public interface BlockPasses {
  /** Does nothing. */
  BlockPasses PLAIN = new BlockPasses() {};

  /** Before the block runs without a record. */
  default void beginForward() {}

  /** After it ran, and everything but its output was given back. */
  default void endForward() {}

  /** Before the block is recorded again and runs backwards; not called if nothing depends on its output. */
  default void beginBackward() {}

  /** After the gradients of its parameters and its input are complete, and everything else was given back. */
  default void endBackward() {}
}
