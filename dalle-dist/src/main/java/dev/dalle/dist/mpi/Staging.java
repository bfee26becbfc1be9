package dev.dalle.dist.mpi;

import dev.dalle.dist.Collective;
import dev.dalle.tensor.Completion;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Copies of one rank's tensors of a collective in the host's memory, which MPI reads and writes: never the tensors themselves, because MPI may still write after a
 * failure, when they have long been freed.
 */
final class Staging {
  private final Buffers buffers;
  private final Device device;
  private final List<MemorySegment> taken = new ArrayList<>();
  private final MemorySegment input;
  private final MemorySegment output;
  private final Optional<Tensor> written;
  private final Optional<Completion> arrival;
  private boolean here;

  private Staging(Buffers buffers, Device device, Optional<Tensor> read, long at, long inputBytes, Optional<Tensor> written, boolean same) {
    this.buffers = buffers;
    this.device = device;
    this.written = written;
    input = take(inputBytes);
    output = same ? input : take(written.map(Tensor::byteSize).orElse(0L));
    arrival = read.map(tensor -> device.downloadLater(tensor, input.asSlice(at, tensor.byteSize())));
    // The host's own memory is copied at once.
    here = read.isEmpty() || device.isHost();
    if (device.isHost()) {
      arrival.ifPresent(Completion::await);
    }
  }

  static Staging of(Buffers buffers, Device device, Collective collective, int rank) {
    return switch (collective) {
      case Collective.AllReduce all -> inPlace(buffers, device, all.tensor(), true, true);
      case Collective.AllReduceCodes all -> inPlace(buffers, device, all.codes(), true, true);
      case Collective.AllGather gather -> new Staging(buffers, device, Optional.of(gather.in()), rank * gather.in().byteSize(), gather.out().byteSize(),
          Optional.of(gather.out()), true);
      case Collective.ReduceScatter scatter -> new Staging(buffers, device, Optional.of(scatter.in()), 0, scatter.in().byteSize(), Optional.of(scatter.out()), false);
      case Collective.Broadcast broadcast -> inPlace(buffers, device, broadcast.tensor(), rank == broadcast.root(), rank != broadcast.root());
      case Collective.Barrier barrier -> new Staging(buffers, device, Optional.empty(), 0, 0, Optional.empty(), true);
      case Collective.Send send -> inPlace(buffers, device, send.tensor(), true, false);
      case Collective.Receive receive -> inPlace(buffers, device, receive.tensor(), false, true);
    };
  }

  private static Staging inPlace(Buffers buffers, Device device, Tensor tensor, boolean reads, boolean writes) {
    return new Staging(buffers, device, Optional.of(tensor).filter(any -> reads), 0, tensor.byteSize(), Optional.of(tensor).filter(any -> writes), true);
  }

  private MemorySegment take(long bytes) {
    MemorySegment memory = buffers.take(bytes);
    taken.add(memory);
    return memory.asSlice(0, bytes);
  }

  /** What is read, and what is written where both are the same. */
  MemorySegment input() {
    return input;
  }

  /** What is written. */
  MemorySegment output() {
    return output;
  }

  /** Whether what is read has arrived. */
  synchronized boolean isHere() {
    return here;
  }

  /** Waits until what is read has arrived. */
  void awaitArrival() {
    if (!isHere()) {
      arrival.ifPresent(Completion::await);
      synchronized (this) {
        here = true;
      }
    }
  }

  /** Sends what was written to the device, on the thread that posts to it, and gives the memory back. */
  void giveBack() {
    written.ifPresent(tensor -> device.upload(output, tensor));
    taken.forEach(buffers::give);
  }
}
