package dev.dalle.dist.mpi;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * What processes tell one another about themselves, beside their work.
 *
 * @param rank of the world, to blame for a failure
 * @param ticket of a question, given back with the answer
 * @param rounds how many groups with collectives were posted to the communicator that was asked about
 * @param sends how many sends to the rank that asks
 * @param receives how many receives from the rank that asks
 * @param gone whether nothing will be posted any more
 * @param text name of the communicator that is asked about, what was posted last, or what happened
 */
record Message(Kind kind, int rank, long ticket, long rounds, long sends, long receives, boolean gone, String text) {
  /** Bytes of every message; longer text is cut. */
  static final int BYTES = 1024;

  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final int TEXT = 44;

  enum Kind {
    /** What have you posted? */
    QUESTION,
    ANSWER,
    /** The world is of no further use. */
    FAILURE,
    /** The communicator was closed. */
    CLOSED,
    /** After a failure: the process has said what it has to say. */
    ENDED
  }

  static Message question(long ticket, String channel) {
    return new Message(Kind.QUESTION, 0, ticket, 0, 0, 0, false, channel);
  }

  static Message failure(int rank, String found) {
    return new Message(Kind.FAILURE, rank, 0, 0, 0, 0, false, found);
  }

  static Message plain(Kind kind) {
    return new Message(kind, 0, 0, 0, 0, 0, false, "");
  }

  void write(MemorySegment memory) {
    memory.set(INT, 0, kind.ordinal());
    memory.set(INT, 4, rank);
    memory.set(LONG, 8, ticket);
    memory.set(LONG, 16, rounds);
    memory.set(LONG, 24, sends);
    memory.set(LONG, 32, receives);
    memory.set(INT, 40, gone ? 1 : 0);
    Header.writeText(memory, TEXT, text);
  }

  static Message read(MemorySegment memory) {
    return new Message(Kind.values()[memory.get(INT, 0)], memory.get(INT, 4), memory.get(LONG, 8), memory.get(LONG, 16), memory.get(LONG, 24),
        memory.get(LONG, 32), memory.get(INT, 40) != 0, Header.readText(memory, TEXT));
  }
}
