package dev.dalle.dist.shard;

import dev.dalle.dist.Collective;
import dev.dalle.dist.Communicator;
import dev.dalle.dist.Reduction;
import dev.dalle.precision.scale.Replicas;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tensor;
import java.util.List;
import java.util.Objects;

/** Ranks of which each holds other shards of the same gradients: what one finds not finite is so for all, and squares add up in the order of ranks. */
public final class ShardReplicas implements Replicas {
  private final Communicator machine;

  /** Over the ranks that the parameters are split over. */
  public ShardReplicas(Communicator machine) {
    this.machine = Objects.requireNonNull(machine, "machine");
  }

  /**
   * {@inheritDoc}
   *
   * @throws dev.dalle.dist.CommunicationException if a rank failed or is late
   */
  @Override
  public double combine(boolean[] nonfinite, double squares) {
    if (machine.size() == 1) {
      return squares;
    }
    try (Scope scope = machine.device().newScope()) {
      int[] flags = new int[nonfinite.length];
      for (int i = 0; i < flags.length; i++) {
        flags[i] = nonfinite[i] ? 1 : 0;
      }
      long bits = Double.doubleToRawLongBits(squares);
      Tensor any = scope.of(flags, flags.length);
      Tensor own = scope.of(new int[] {(int) bits, (int) (bits >>> 32)}, 2);
      Tensor all = scope.allocate(DType.I32, 2L * machine.size());
      machine.post(List.of(new Collective.AllReduce(any, Reduction.MAXIMUM), new Collective.AllGather(own, all))).await();
      flags = any.toInts();
      for (int i = 0; i < flags.length; i++) {
        nonfinite[i] = flags[i] != 0;
      }
      int[] words = all.toInts();
      double sum = 0;
      for (int rank = 0; rank < machine.size(); rank++) {
        sum += Double.longBitsToDouble((long) words[2 * rank + 1] << 32 | words[2 * rank] & 0xFFFF_FFFFL);
      }
      return sum;
    }
  }
}
