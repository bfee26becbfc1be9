package dev.dalle.dist.shard;

import dev.dalle.tensor.Tensor;

/** Where the averaged gradients of shards go: into gradients of their own, or into the error buffers of a compression. */
@FunctionalInterface
public interface GradientSink {
  /**
   * Takes one gradient; called once for each parameter and backward pass.
   *
   * @param block index of the block
   * @param parameter index of the parameter in its block
   * @param gradient F32, {@link ShardLayout#shardShape}, averaged over the ranks of the machine, zero in the padding; valid during the call and for operations
   *     posted in it
   */
  void add(int block, int parameter, Tensor gradient);
}
