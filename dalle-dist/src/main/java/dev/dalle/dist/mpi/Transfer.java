package dev.dalle.dist.mpi;

import dev.dalle.bindings.mpi.MpiComm;
import dev.dalle.bindings.mpi.MpiRequest;
import dev.dalle.dist.Collective;
import dev.dalle.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** One end of a transfer: a header, and the bytes behind it. MPI keeps the order of what has the same tag. */
final class Transfer {
  private static final int HEADER = 1;
  private static final int BYTES = 2;
  private static final long PIECE_BYTES = 1L << 30;

  private final Engine engine;
  private final Channel channel;
  private final Collective collective;
  private final Staging staging;
  private final boolean sends;
  private final int peer;
  private final long number;
  private final MemorySegment header;
  private final List<MpiRequest> requests = new ArrayList<>();
  private boolean compared;
  private boolean done;

  /**
   * An end.
   *
   * @param number among those of the same direction with the same rank, from 1
   */
  Transfer(Engine engine, Channel channel, Collective collective, Staging staging, long number) {
    this.engine = engine;
    this.channel = channel;
    this.collective = collective;
    this.staging = staging;
    this.number = number;
    sends = collective instanceof Collective.Send;
    peer = switch (collective) {
      case Collective.Send send -> send.to();
      case Collective.Receive receive -> receive.from();
      default -> throw new IllegalArgumentException("collective: expected a send or a receive, got " + collective);
    };
    header = engine.buffers().take(Header.BYTES);
  }

  boolean sends() {
    return sends;
  }

  int peer() {
    return peer;
  }

  long number() {
    return number;
  }

  boolean isHere() {
    return staging.isHere();
  }

  private long hash() {
    Tensor tensor = collective.tensors().getFirst();
    return Header.hash(tensor.elementCount() + " " + tensor.dtype());
  }

  void start(MpiComm comm) {
    MemorySegment head = header.asSlice(0, Header.BYTES);
    if (sends) {
      new Header(hash(), 0, 0, collective.description()).write(head);
    }
    requests.add(sends ? comm.send(head, peer, HEADER) : comm.receive(head, peer, HEADER));
    MemorySegment memory = staging.input();
    for (long from = 0; from < memory.byteSize(); from += PIECE_BYTES) {
      MemorySegment piece = memory.asSlice(from, Math.min(PIECE_BYTES, memory.byteSize() - from));
      requests.add(sends ? comm.send(piece, peer, BYTES) : comm.receive(piece, peer, BYTES));
    }
  }

  /** Whether it is done. */
  boolean advance() {
    for (MpiRequest request : requests) {
      if (!request.test()) {
        return false;
      }
      // Before the bytes, of which there may be more than there is room for.
      if (!compared && !compare()) {
        return false;
      }
    }
    engine.buffers().give(header);
    engine.change(() -> done = true);
    return true;
  }

  private boolean compare() {
    compared = true;
    Header other = Header.read(header);
    if (!sends && other.hash() != hash()) {
      engine.fail(channel.member(channel.rank()), "posted " + collective.description() + " from rank " + peer + ", which posted " + other.text());
      return false;
    }
    return true;
  }

  /** Whether it is done; with the engine's monitor. */
  boolean isDone() {
    return done;
  }
}
