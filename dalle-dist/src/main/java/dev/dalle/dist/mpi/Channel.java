package dev.dalle.dist.mpi;

import dev.dalle.bindings.mpi.MpiComm;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.stream.IntStream;

/**
 * The side of a communicator that the thread of communication works on. Groups take turns on a few communicators of MPI, one at a time on each, because what is
 * started on one must be started in the same order by all ranks; so several are under way, though none knows how far the others are.
 */
final class Channel {
  private static final int LANES = 3;

  private final String name;
  private final int[] members;
  private final MpiComm transferComm;
  private final MpiComm[] lanes = new MpiComm[LANES];
  @SuppressWarnings({"unchecked", "rawtypes"})
  private final Deque<Round>[] rounds = new Deque[LANES];
  private final Deque<Round> unfinished = new ArrayDeque<>();
  private final Deque<Transfer> waiting = new ArrayDeque<>();
  private final Deque<Transfer> started = new ArrayDeque<>();

  /** How many groups with collectives were posted; counted by the thread that posts, told to other ranks. */
  final AtomicLong postedRounds = new AtomicLong();
  /** How many sends to each rank were posted. */
  final AtomicLongArray postedSends;
  /** How many receives from each rank were posted. */
  final AtomicLongArray postedReceives;

  /**
   * A channel; all ranks make it together, and it waits for them.
   *
   * @param members ranks of the world
   */
  Channel(String name, int[] members, MpiComm comm) {
    this.name = name;
    this.members = members;
    transferComm = comm;
    for (int i = 0; i < LANES; i++) {
      lanes[i] = comm.duplicate();
      rounds[i] = new ArrayDeque<>();
    }
    postedSends = new AtomicLongArray(members.length);
    postedReceives = new AtomicLongArray(members.length);
  }

  String name() {
    return name;
  }

  int rank() {
    return transferComm.rank();
  }

  int size() {
    return members.length;
  }

  /** The rank in the world of a rank here. */
  int member(int rank) {
    return members[rank];
  }

  /** The rank here of a rank of the world, if it is one. */
  Optional<Integer> rankOf(int member) {
    return IntStream.range(0, members.length).filter(rank -> members[rank] == member).boxed().findFirst();
  }

  /** The communicator for transfers and splits. */
  MpiComm transferComm() {
    return transferComm;
  }

  void add(Round round) {
    rounds[(int) (round.number() % LANES)].add(round);
    unfinished.add(round);
  }

  void add(Transfer transfer) {
    waiting.add(transfer);
  }

  boolean isIdle() {
    return unfinished.isEmpty() && waiting.isEmpty() && started.isEmpty();
  }

  /** Drives everything on; whether anything moved. */
  boolean advance() {
    boolean moved = false;
    for (int i = 0; i < LANES; i++) {
      Round round = rounds[i].peek();
      if (round != null) {
        moved |= round.advance(lanes[i]);
        if (round.isFinished()) {
          rounds[i].remove();
        }
      }
    }
    // Told to be done in the order of posting.
    while (!unfinished.isEmpty() && unfinished.peek().isFinished()) {
      unfinished.remove().release();
    }
    while (!waiting.isEmpty() && waiting.peek().isHere()) {
      Transfer transfer = waiting.remove();
      transfer.start(transferComm);
      started.add(transfer);
      moved = true;
    }
    moved |= started.removeIf(Transfer::advance);
    return moved;
  }

  @Override
  public String toString() {
    return name + Arrays.toString(members);
  }
}
