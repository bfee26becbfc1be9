package dev.dalle.dist.shard;

import dev.dalle.tensor.Parameter;
import dev.dalle.tensor.Tensor;

/**
 * A parameter and what this rank keeps of it.
 *
 * @param parameter detached; has a value while its block is here
 * @param layout how it is split
 * @param shard of the parameter's value type, {@link ShardLayout#shardShape}, zero in the padding
 */
public record ShardedParameter(Parameter parameter, ShardLayout layout, Tensor shard) {}
