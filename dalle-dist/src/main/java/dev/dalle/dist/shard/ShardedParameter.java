package dev.dalle.dist.shard;

import dev.dalle.tensor.Parameter;
import dev.dalle.tensor.Tensor;

/**
 * A parameter and what this rank keeps of it.
 *
 * @param whole detached; has a value while its block is here
 * @param layout how it is split
 * @param shard of the same name, kind and value type, zero in the padding; its gradient is that of the shard, averaged over the machine
 * @param gradient the memory of that gradient; F32
 */
public record ShardedParameter(Parameter whole, ShardLayout layout, Parameter shard, Tensor gradient) {}
