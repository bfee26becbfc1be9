package dev.dalle.dist.shard;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Gradients of shards in F32, added up over the passes of an update. One thread at a time. */
public final class GradientShards implements GradientSink {
  private final List<List<Tensor>> sums = new ArrayList<>();
  private final List<boolean[]> empty = new ArrayList<>();

  /**
   * Empty gradients.
   *
   * @param scope owns them
   */
  public GradientShards(Scope scope, ShardedParameters parameters) {
    for (int block = 0; block < parameters.blockCount(); block++) {
      List<Tensor> ofBlock = new ArrayList<>();
      for (ShardedParameter parameter : parameters.block(block)) {
        ofBlock.add(scope.allocate(DType.F32, parameter.layout().shardShape()));
      }
      sums.add(ofBlock);
      empty.add(new boolean[ofBlock.size()]);
    }
    clear();
  }

  @Override
  public void add(int block, int parameter, Tensor gradient) {
    Tensor sum = sums.get(block).get(parameter);
    if (empty.get(block)[parameter]) {
      sum.device().ops().copy(gradient, sum);
      empty.get(block)[parameter] = false;
    } else {
      sum.device().ops().addScaled(gradient, 1, sum);
    }
  }

  /** F32, {@link ShardLayout#shardShape}: the sum since {@link #clear}, zeros if nothing was added. */
  public Tensor gradient(int block, int parameter) {
    Tensor sum = sums.get(block).get(parameter);
    if (empty.get(block)[parameter]) {
      sum.device().ops().fill(sum, 0);
      empty.get(block)[parameter] = false;
    }
    return sum;
  }

  /** Empties all; costs nothing. */
  public void clear() {
    empty.forEach(flags -> Arrays.fill(flags, true));
  }
}
