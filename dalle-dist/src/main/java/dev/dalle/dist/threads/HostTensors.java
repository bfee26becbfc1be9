package dev.dalle.dist.threads;

import dev.dalle.dist.Collective;
import dev.dalle.tensor.Completion;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * One rank's tensors of a collective in the host's memory: themselves where the host reaches them, else copies that are on their way from the device, and go back to
 * it when all is done.
 */
final class HostTensors {
  private final Device device;
  private final List<Tensor> written = new ArrayList<>();
  private final List<MemorySegment> copies = new ArrayList<>();
  private Optional<Completion> arrival = Optional.empty();
  private final MemorySegment input;
  private final MemorySegment output;

  private HostTensors(Device device, Optional<Tensor> read, Optional<Tensor> write) {
    this.device = device;
    boolean same = read.isPresent() && write.isPresent() && read.get() == write.get();
    input = read.map(tensor -> reached(tensor, true, same)).orElse(MemorySegment.NULL);
    output = same ? input : write.map(tensor -> reached(tensor, false, true)).orElse(MemorySegment.NULL);
  }

  static HostTensors of(Device device, Collective collective, int rank) {
    return switch (collective) {
      case Collective.AllReduce all -> new HostTensors(device, Optional.of(all.tensor()), Optional.of(all.tensor()));
      case Collective.AllReduceCodes all -> new HostTensors(device, Optional.of(all.codes()), Optional.of(all.codes()));
      case Collective.AllGather gather -> new HostTensors(device, Optional.of(gather.in()), Optional.of(gather.out()));
      case Collective.ReduceScatter scatter -> new HostTensors(device, Optional.of(scatter.in()), Optional.of(scatter.out()));
      case Collective.Broadcast broadcast -> rank == broadcast.root() ? new HostTensors(device, Optional.of(broadcast.tensor()), Optional.empty())
          : new HostTensors(device, Optional.empty(), Optional.of(broadcast.tensor()));
      case Collective.Barrier barrier -> new HostTensors(device, Optional.empty(), Optional.empty());
      case Collective.Send send -> new HostTensors(device, Optional.of(send.tensor()), Optional.empty());
      case Collective.Receive receive -> new HostTensors(device, Optional.empty(), Optional.of(receive.tensor()));
    };
  }

  private MemorySegment reached(Tensor tensor, boolean reads, boolean writes) {
    Optional<MemorySegment> view = device.hostView(tensor);
    if (view.isPresent()) {
      return view.get();
    }
    // Left to the garbage collector: a group that nobody waits for has no end of its own.
    MemorySegment copy = Arena.ofAuto().allocate(Math.max(1, tensor.byteSize()), 64).asSlice(0, tensor.byteSize());
    if (reads) {
      arrival = Optional.of(device.downloadLater(tensor, copy));
    }
    if (writes) {
      written.add(tensor);
      copies.add(copy);
    }
    return copy;
  }

  /** What is read; waits for nothing. */
  MemorySegment input() {
    return input;
  }

  /** What is written. */
  MemorySegment output() {
    return output;
  }

  /** Waits until what is read is there. */
  void awaitArrival() {
    arrival.ifPresent(Completion::await);
  }

  /** Whether there is nothing to wait for. */
  boolean isHere() {
    return arrival.isEmpty();
  }

  /** Sends what was written to the device. On the thread that posts to it. */
  void giveBack() {
    for (int i = 0; i < written.size(); i++) {
      device.upload(copies.get(i), written.get(i));
    }
  }
}
