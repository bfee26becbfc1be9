package dev.dalle.dist.internal;

import dev.dalle.dist.shard.ShardLayout;
import dev.dalle.dist.shard.ShardOps;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.cpu.CpuDevice;
import dev.dalle.tensor.cpu.CpuTeam;
import java.lang.foreign.MemorySegment;

/** Cutting and joining on the processor, run by run. Arguments are checked before. */
final class CpuShardOps implements ShardOps {
  /** Bytes below which a second thread costs more than it saves. */
  private static final long GRAIN = 65_536;

  private final CpuDevice device;

  CpuShardOps(CpuDevice device) {
    this.device = device;
  }

  @Override
  public void cut(Tensor whole, ShardLayout layout, Tensor shards) {
    Runs runs = Runs.of(layout, whole.dtype().byteSize());
    device.launch("cut", (team, memory) -> {
      for (int rank = 0; rank < layout.ranks(); rank++) {
        runs.cut(team, memory[0], rank, memory[1], rank * runs.shardBytes());
      }
    }, whole, shards);
  }

  @Override
  public void cutOne(Tensor whole, ShardLayout layout, int rank, Tensor shard) {
    Runs runs = Runs.of(layout, whole.dtype().byteSize());
    device.launch("cutOne", (team, memory) -> runs.cut(team, memory[0], rank, memory[1], 0), whole, shard);
  }

  @Override
  public void join(Tensor shards, ShardLayout layout, Tensor whole) {
    Runs runs = Runs.of(layout, whole.dtype().byteSize());
    device.launch("join", (team, memory) -> {
      for (int rank = 0; rank < layout.ranks(); rank++) {
        runs.join(team, memory[0], rank * runs.shardBytes(), rank, memory[1]);
      }
    }, shards, whole);
  }

  /**
   * A layout in bytes.
   *
   * @param run bytes that each group has in a shard, padding included
   * @param stride bytes of a group in the whole
   * @param entry bytes of an entry of the split dimension
   */
  private record Runs(ShardLayout layout, long run, long stride, long entry) {
    static Runs of(ShardLayout layout, long elementBytes) {
      long entry = layout.inner() * elementBytes;
      return new Runs(layout, layout.chunk() * entry, layout.axis() * entry, entry);
    }

    long shardBytes() {
      return layout.groups() * run;
    }

    private long grain() {
      return Math.max(1, GRAIN / run);
    }

    void cut(CpuTeam team, MemorySegment whole, int rank, MemorySegment shards, long at) {
      long real = layout.entries(rank) * entry;
      team.forRanges(layout.groups(), grain(), (thread, from, to) -> {
        for (long group = from; group < to; group++) {
          if (real > 0) {
            MemorySegment.copy(whole, group * stride + rank * run, shards, at + group * run, real);
          }
          shards.asSlice(at + group * run + real, run - real).fill((byte) 0);
        }
      });
    }

    void join(CpuTeam team, MemorySegment shards, long at, int rank, MemorySegment whole) {
      long real = layout.entries(rank) * entry;
      if (real == 0) {
        return;
      }
      team.forRanges(layout.groups(), grain(), (thread, from, to) -> {
        for (long group = from; group < to; group++) {
          MemorySegment.copy(shards, at + group * run, whole, group * stride + rank * run, real);
        }
      });
    }
  }
}
