package dev.dalle.dist.mpi;

import dev.dalle.bindings.mpi.MpiComm;
import dev.dalle.bindings.mpi.MpiRequest;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ObjIntConsumer;

/** Sends and receives {@link Message}s over a communicator of their own, so that they arrive whatever else is under way. Only the thread of communication. */
final class Postbox {
  private static final int TAG = 1;

  private record Letter(MpiRequest request, MemorySegment memory) {}

  private final MpiComm comm;
  private final Buffers buffers;
  private final ObjIntConsumer<Message> reader;
  private final List<Letter> outgoing = new ArrayList<>();
  private final MemorySegment incoming;
  private MpiRequest receive;

  /**
   * A box.
   *
   * @param reader gets each message and the rank that sent it
   */
  Postbox(MpiComm comm, Buffers buffers, ObjIntConsumer<Message> reader) {
    this.comm = comm;
    this.buffers = buffers;
    this.reader = reader;
    this.incoming = buffers.take(Message.BYTES);
    listen();
  }

  private void listen() {
    receive = comm.receive(incoming.asSlice(0, Message.BYTES), MpiComm.ANY_RANK, TAG);
  }

  void tell(int rank, Message message) {
    MemorySegment memory = buffers.take(Message.BYTES);
    MemorySegment letter = memory.asSlice(0, Message.BYTES);
    message.write(letter);
    outgoing.add(new Letter(comm.send(letter, rank, TAG), memory));
  }

  void tellAll(Message message) {
    for (int rank = 0; rank < comm.size(); rank++) {
      if (rank != comm.rank()) {
        tell(rank, message);
      }
    }
  }

  /** Whether something was sent or came. */
  boolean advance() {
    boolean moved = outgoing.removeIf(letter -> {
      boolean sent = letter.request().test();
      if (sent) {
        buffers.give(letter.memory());
      }
      return sent;
    });
    while (receive.test()) {
      int from = receive.source();
      Message message = Message.read(incoming);
      listen();
      reader.accept(message, from);
      moved = true;
    }
    return moved;
  }

  /** Whether everything was sent. */
  boolean isEmpty() {
    return outgoing.isEmpty();
  }

  /** Listens no more. */
  void close() {
    receive.cancel();
    while (!receive.test()) {
      Thread.onSpinWait();
    }
  }
}
