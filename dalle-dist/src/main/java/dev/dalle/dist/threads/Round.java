package dev.dalle.dist.threads;

import dev.dalle.dist.Collective;
import dev.dalle.dist.internal.HostReduction;
import dev.dalle.dist.internal.Signatures;
import dev.dalle.dist.Reduction;
import dev.dalle.precision.format.FloatFormat;
import dev.dalle.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Collectives that all ranks do together: each rank's thread of communication does its share of each, once all have posted the same. */
final class Round implements Step {
  /** Each thread of communication has its own. */
  private static final ThreadLocal<HostReduction> REDUCTION = ThreadLocal.withInitial(HostReduction::new);

  private final Hub hub;
  private final List<Collective>[] groups;
  private final List<HostTensors>[] tensors;
  private final boolean[] splitting;
  private int joined;
  private int arrived;
  private int done;

  @SuppressWarnings({"unchecked", "rawtypes"})
  Round(Hub hub) {
    this.hub = hub;
    groups = new List[hub.size()];
    tensors = new List[hub.size()];
    splitting = new boolean[hub.size()];
  }

  void join(int rank, List<Collective> group, List<HostTensors> own, boolean splits) {
    groups[rank] = group;
    tensors[rank] = own;
    splitting[rank] = splits;
    joined++;
  }

  boolean isComplete() {
    return joined == hub.size();
  }

  /** Compares what was posted, and has everyone begin. */
  void start() {
    for (int rank = 1; rank < groups.length; rank++) {
      if (splitting[0] != splitting[rank]) {
        hub.world().fail(hub.member(rank), "posted " + (splitting[rank] ? "split" : all(rank)) + " where rank 0 posted " + (splitting[0] ? "split" : all(0)));
        return;
      }
      Optional<String> difference = Signatures.difference(groups[0], groups[rank]);
      if (difference.isPresent()) {
        hub.world().fail(hub.member(rank), "posted " + difference.get());
        return;
      }
    }
    for (int rank = 0; rank < groups.length; rank++) {
      int own = rank;
      if (tensors[rank].stream().allMatch(HostTensors::isHere)) {
        arrive();
      } else {
        hub.world().submit(hub.member(rank), () -> {
          tensors[own].forEach(HostTensors::awaitArrival);
          arrive();
        });
      }
    }
  }

  private String all(int rank) {
    return groups[rank].stream().map(Collective::description).collect(Collectors.joining(", "));
  }

  private void arrive() {
    synchronized (hub.world()) {
      arrived++;
      if (arrived == groups.length) {
        for (int rank = 0; rank < groups.length; rank++) {
          int own = rank;
          hub.world().submitMove(hub.member(rank), () -> work(own));
        }
      }
    }
  }

  private void work(int share) {
    for (int i = 0; i < groups[0].size(); i++) {
      work(share, i);
    }
    synchronized (hub.world()) {
      done++;
      if (done == groups.length) {
        hub.world().notifyAll();
      }
    }
  }

  private void work(int share, int index) {
    switch (groups[share].get(index)) {
      case Collective.AllReduce all -> reduce(share, index, all.tensor().dtype(), Optional.empty(), all.reduction(), all.tensor().elementCount());
      case Collective.AllReduceCodes all -> reduce(share, index, all.codes().dtype(), Optional.of(all.format()), all.reduction(), all.codes().elementCount());
      case Collective.AllGather gather -> gather(share, index, gather.in().byteSize());
      case Collective.ReduceScatter scatter -> scatter(share, index, scatter);
      case Collective.Broadcast broadcast -> {
        if (share != broadcast.root()) {
          copy(tensors[broadcast.root()].get(index).input(), tensors[share].get(index).output());
        }
      }
      case Collective.Barrier barrier -> {}
      case Collective.Send send -> throw new IllegalStateException("a transfer in a round: " + send);
      case Collective.Receive receive -> throw new IllegalStateException("a transfer in a round: " + receive);
    }
  }

  private MemorySegment[] inputs(int index) {
    return IntStream.range(0, tensors.length).mapToObj(rank -> tensors[rank].get(index).input()).toArray(MemorySegment[]::new);
  }

  private void reduce(int share, int index, DType dtype, Optional<FloatFormat> format, Reduction reduction, long count) {
    // Of one rank nothing becomes something else, save for codes that encoding never gives.
    if (groups.length == 1 && format.isEmpty()) {
      return;
    }
    MemorySegment[] all = inputs(index);
    REDUCTION.get().reduce(dtype, format, reduction, all, all, count * share / groups.length, count * (share + 1) / groups.length);
  }

  private void scatter(int share, int index, Collective.ReduceScatter scatter) {
    long bytes = scatter.out().byteSize();
    MemorySegment[] parts = inputs(index);
    for (int rank = 0; rank < parts.length; rank++) {
      parts[rank] = parts[rank].asSlice(share * bytes, bytes);
    }
    MemorySegment[] out = {tensors[share].get(index).output()};
    if (groups.length == 1) {
      copy(parts[0], out[0]);
    } else {
      REDUCTION.get().reduce(scatter.in().dtype(), Optional.empty(), scatter.reduction(), parts, out, 0, scatter.out().elementCount());
    }
  }

  private void gather(int share, int index, long bytes) {
    MemorySegment out = tensors[share].get(index).output();
    for (int rank = 0; rank < groups.length; rank++) {
      copy(tensors[rank].get(index).input(), out.asSlice(rank * bytes, bytes));
    }
  }

  private static void copy(MemorySegment from, MemorySegment to) {
    if (from.address() != to.address()) {
      to.copyFrom(from);
    }
  }

  @Override
  public boolean isDone() {
    return done == groups.length;
  }

  @Override
  public OptionalInt missing() {
    return IntStream.range(0, groups.length).filter(rank -> groups[rank] == null).findFirst();
  }
}
