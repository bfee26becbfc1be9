package dev.dalle.dist.mpi;

import dev.dalle.bindings.mpi.MpiComm;
import dev.dalle.bindings.mpi.MpiRequest;
import dev.dalle.dist.Collective;
import dev.dalle.dist.Reduction;
import dev.dalle.dist.internal.HostReduction;
import dev.dalle.precision.format.FloatFormat;
import dev.dalle.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Optional;

/**
 * The way in which one collective is done: a chain of requests, each of which is started when the one before is done. Arrays go in pieces, so that the memory in
 * which other ranks' values arrive stays small, and counts stay within MPI's ints.
 */
abstract class Exchange {
  private static final long PIECE_BYTES = 32L << 20;
  // Up to here one request for all of it is faster than two for a share each.
  private static final long SMALL_BYTES = 32L << 10;

  final MpiComm comm;
  final int rank;
  final int size;

  private Exchange(MpiComm comm) {
    this.comm = comm;
    this.rank = comm.rank();
    this.size = comm.size();
  }

  /** Uses what the last request brought, and starts the next one; empty if all is done. */
  abstract Optional<MpiRequest> next();

  /** Gives back memory of its own, once all is done. */
  void end() {}

  static Exchange of(Collective collective, Staging staging, MpiComm comm, HostReduction sums, Buffers buffers) {
    return switch (collective) {
      case Collective.AllReduce all ->
          reduce(comm, sums, buffers, staging.input(), all.tensor().dtype(), Optional.empty(), all.reduction(), all.tensor().elementCount());
      case Collective.AllReduceCodes all ->
          reduce(comm, sums, buffers, staging.input(), all.codes().dtype(), Optional.of(all.format()), all.reduction(), all.codes().elementCount());
      case Collective.AllGather gather -> new Gather(comm, staging.output(), gather.in().dtype().byteSize(), gather.in().elementCount());
      case Collective.ReduceScatter scatter -> new Scatter(comm, sums, buffers, staging, scatter);
      case Collective.Broadcast broadcast -> new Broadcast(comm, staging.input(), broadcast.root());
      // The header has been exchanged, so everyone has posted it.
      case Collective.Barrier barrier -> new Nothing(comm);
      case Collective.Send send -> throw new IllegalStateException("a transfer in a round: " + send);
      case Collective.Receive receive -> throw new IllegalStateException("a transfer in a round: " + receive);
    };
  }

  private static Exchange reduce(MpiComm comm, HostReduction sums, Buffers buffers, MemorySegment memory, DType dtype, Optional<FloatFormat> format,
      Reduction reduction, long count) {
    // Of one rank nothing becomes something else, save for codes that encoding never gives.
    if (comm.size() == 1 && format.isEmpty()) {
      return new Nothing(comm);
    }
    Sum sum = new Sum(sums, dtype, format, reduction);
    return memory.byteSize() * comm.size() <= SMALL_BYTES ? new SmallReduce(comm, buffers, memory, sum, count) : new Reduce(comm, buffers, memory, sum, count);
  }

  /** How values become one. */
  private record Sum(HostReduction sums, DType dtype, Optional<FloatFormat> format, Reduction reduction) {
    int bytes() {
      return dtype.byteSize();
    }

    /** The reduction of parts that lie one behind the other. */
    void of(MemorySegment parts, int ranks, long count, MemorySegment out) {
      MemorySegment[] inputs = new MemorySegment[ranks];
      Arrays.setAll(inputs, i -> parts.asSlice(i * count * bytes(), count * bytes()));
      sums.reduce(dtype, format, reduction, inputs, new MemorySegment[] {out}, 0, count);
    }
  }

  final MpiComm.Parts equal(long count, long stride, long from) {
    int[] counts = new int[size];
    int[] places = new int[size];
    for (int i = 0; i < size; i++) {
      counts[i] = Math.toIntExact(count);
      places[i] = Math.toIntExact(i * stride + from);
    }
    return new MpiComm.Parts(counts, places);
  }

  private static final class Nothing extends Exchange {
    Nothing(MpiComm comm) {
      super(comm);
    }

    @Override
    Optional<MpiRequest> next() {
      return Optional.empty();
    }
  }

  /** Everyone gets everything and adds it. */
  private static final class SmallReduce extends Exchange {
    private final Buffers buffers;
    private final MemorySegment memory;
    private final MemorySegment all;
    private final Sum sum;
    private final long count;
    private boolean started;

    SmallReduce(MpiComm comm, Buffers buffers, MemorySegment memory, Sum sum, long count) {
      super(comm);
      this.buffers = buffers;
      this.memory = memory;
      this.sum = sum;
      this.count = count;
      this.all = buffers.take(memory.byteSize() * size);
    }

    @Override
    Optional<MpiRequest> next() {
      if (!started) {
        started = true;
        return Optional.of(comm.gather(memory, all));
      }
      sum.of(all, size, count, memory);
      return Optional.empty();
    }

    @Override
    void end() {
      buffers.give(all);
    }
  }

  /** Everyone gets a share of all, adds it and tells it. */
  private static final class Reduce extends Exchange {
    private final Buffers buffers;
    private final MemorySegment memory;
    private final MemorySegment shares;
    private final Sum sum;
    private final long count;
    private final long pieceCount;
    private long from;
    private boolean exchanged;

    Reduce(MpiComm comm, Buffers buffers, MemorySegment memory, Sum sum, long count) {
      super(comm);
      this.buffers = buffers;
      this.memory = memory;
      this.sum = sum;
      this.count = count;
      this.pieceCount = Math.min(count, PIECE_BYTES / sum.bytes());
      this.shares = buffers.take((pieceCount / size + 1) * size * sum.bytes());
    }

    @Override
    Optional<MpiRequest> next() {
      if (from == count) {
        return Optional.empty();
      }
      long piece = Math.min(pieceCount, count - from);
      MemorySegment part = memory.asSlice(from * sum.bytes(), piece * sum.bytes());
      int[] counts = new int[size];
      int[] places = new int[size];
      for (int i = 0; i < size; i++) {
        places[i] = Math.toIntExact(piece * i / size);
        counts[i] = Math.toIntExact(piece * (i + 1) / size) - places[i];
      }
      MpiComm.Parts cut = new MpiComm.Parts(counts, places);
      if (!exchanged) {
        exchanged = true;
        return Optional.of(comm.exchange(part, cut, shares, equal(counts[rank], counts[rank], 0), sum.bytes()));
      }
      sum.of(shares, size, counts[rank], part.asSlice((long) places[rank] * sum.bytes(), (long) counts[rank] * sum.bytes()));
      exchanged = false;
      from += piece;
      return Optional.of(comm.gatherInPlace(part, sum.bytes(), cut));
    }

    @Override
    void end() {
      buffers.give(shares);
    }
  }

  private static final class Scatter extends Exchange {
    private final Buffers buffers;
    private final Staging staging;
    private final MemorySegment parts;
    private final Sum sum;
    private final long count;
    private final long pieceCount;
    private long from;
    private long exchanged;

    Scatter(MpiComm comm, HostReduction sums, Buffers buffers, Staging staging, Collective.ReduceScatter scatter) {
      super(comm);
      this.buffers = buffers;
      this.staging = staging;
      this.sum = new Sum(sums, scatter.in().dtype(), Optional.empty(), scatter.reduction());
      this.count = scatter.out().elementCount();
      this.pieceCount = Math.min(count, Math.max(1, PIECE_BYTES / sum.bytes() / size));
      this.parts = buffers.take(pieceCount * size * sum.bytes());
    }

    @Override
    Optional<MpiRequest> next() {
      if (size == 1) {
        staging.output().copyFrom(staging.input());
        return Optional.empty();
      }
      if (exchanged > 0) {
        sum.of(parts, size, exchanged, staging.output().asSlice(from * sum.bytes(), exchanged * sum.bytes()));
        from += exchanged;
        exchanged = 0;
      }
      if (from == count) {
        return Optional.empty();
      }
      exchanged = Math.min(pieceCount, count - from);
      return Optional.of(comm.exchange(staging.input(), equal(exchanged, count, from), parts, equal(exchanged, exchanged, 0), sum.bytes()));
    }

    @Override
    void end() {
      buffers.give(parts);
    }
  }

  private static final class Gather extends Exchange {
    private final MemorySegment out;
    private final int bytes;
    private final long count;
    private final long pieceCount;
    private long from;

    Gather(MpiComm comm, MemorySegment out, int bytes, long count) {
      super(comm);
      this.out = out;
      this.bytes = bytes;
      this.count = count;
      this.pieceCount = PIECE_BYTES / bytes;
    }

    @Override
    Optional<MpiRequest> next() {
      if (from == count) {
        return Optional.empty();
      }
      long piece = Math.min(pieceCount, count - from);
      MpiComm.Parts places = equal(piece, count, from);
      from += piece;
      return Optional.of(comm.gatherInPlace(out, bytes, places));
    }
  }

  private static final class Broadcast extends Exchange {
    private final MemorySegment memory;
    private final int root;
    private long from;

    Broadcast(MpiComm comm, MemorySegment memory, int root) {
      super(comm);
      this.memory = memory;
      this.root = root;
    }

    @Override
    Optional<MpiRequest> next() {
      if (from == memory.byteSize()) {
        return Optional.empty();
      }
      long piece = Math.min(PIECE_BYTES, memory.byteSize() - from);
      MemorySegment part = memory.asSlice(from, piece);
      from += piece;
      return Optional.of(comm.broadcast(part, root));
    }
  }
}
