package dev.dalle.dist.mpi;

import dev.dalle.bindings.mpi.Mpi;
import dev.dalle.bindings.mpi.MpiComm;
import dev.dalle.bindings.mpi.MpiRequest;
import dev.dalle.bindings.mpi.MpiThreads;
import dev.dalle.dist.internal.HostReduction;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;

/**
 * The thread that makes all calls of MPI of this process, from start to end. It drives on what was posted, answers other ranks whatever the thread that posts is
 * at, and sleeps a little where nothing moves, so that more processes than cores get along. What several threads share is guarded by this object's monitor.
 */
final class Engine {
  /**
   * Why the world is of no further use.
   *
   * @param rank of the world that is to blame
   * @param found what it did, as the end of a sentence about it
   */
  record Failure(int rank, String found) {}

  /** How long a thread of communication may take to answer; it does nothing long but adding a piece. */
  static final Duration ANSWER = Duration.ofSeconds(3);

  private static final int YIELDS = 50;
  private static final long SHORTEST_NAP_NANOS = 20_000;
  private static final long BUSY_NAP_NANOS = 200_000;
  private static final long IDLE_NAP_NANOS = 2_000_000;

  private final Duration deadline;
  private final Buffers buffers = new Buffers();
  private final HostReduction sums = new HostReduction();
  private final Queue<Runnable> commands = new ConcurrentLinkedQueue<>();
  private final Map<String, Channel> channels = new HashMap<>();
  private final List<Channel> order = new ArrayList<>();
  private final Map<Long, Inquiry> inquiries = new HashMap<>();
  private final Deque<Posted> leaving = new ArrayDeque<>();
  private final BitSet closed = new BitSet();
  private final BitSet ended = new BitSet();
  private final Thread thread;
  private Optional<Channel> world = Optional.empty();
  private Optional<RuntimeException> startFailure = Optional.empty();
  private Optional<Failure> failure = Optional.empty();
  private Optional<Thread> poster = Optional.empty();
  private String last = "";
  private long postedGroups;
  private boolean closing;
  private boolean failureTold;
  private boolean processEnds;
  private boolean endTold;
  private long processEndNanos;
  private long tickets;

  // Of the thread of communication alone
  private Mpi mpi;
  private Postbox postbox;
  private int rank;
  private int size;
  private int machine;

  Engine(Duration deadline) {
    this.deadline = deadline;
    thread = Thread.ofPlatform().daemon().name("communication").unstarted(this::run);
  }

  Duration deadline() {
    return deadline;
  }

  Buffers buffers() {
    return buffers;
  }

  /** Only for the thread of communication. */
  HostReduction sums() {
    return sums;
  }

  /** The lowest rank of the world on this machine. */
  int machine() {
    return machine;
  }

  // Start

  /** Starts MPI and waits until all ranks have. */
  Channel start() {
    thread.start();
    boolean interrupted = false;
    Channel started;
    synchronized (this) {
      while (world.isEmpty() && startFailure.isEmpty()) {
        try {
          wait();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
      startFailure.ifPresent(failed -> {
        throw failed;
      });
      started = world.orElseThrow();
    }
    Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().name("end of communication").unstarted(this::atProcessEnd));
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return started;
  }

  private void run() {
    try {
      mpi = Mpi.start(MpiThreads.SERIALIZED);
      if (mpi.threads() == MpiThreads.SINGLE) {
        mpi.end();
        throw new IllegalStateException("MPI allows no thread beside the first of a process, and a Java process has many; use an MPI that was built with threads ("
            + Mpi.version() + ")");
      }
      MpiComm all = mpi.world();
      rank = all.rank();
      size = all.size();
      Launch.checkSize(size, System.getenv());
      MpiComm own = all.duplicate();
      postbox = new Postbox(all.duplicate(), buffers, this::read);
      machine = machine(own);
      int[] members = new int[size];
      java.util.Arrays.setAll(members, i -> i);
      Channel channel = open(new Channel("world", members, own));
      change(() -> world = Optional.of(channel));
    } catch (RuntimeException e) {
      change(() -> startFailure = Optional.of(e));
      return;
    }
    while (turn()) {
      // Each turn says whether there is another.
    }
  }

  private int machine(MpiComm own) {
    MpiComm neighbours = own.splitByMachine();
    MemorySegment lowest = buffers.take(Integer.BYTES);
    lowest.set(ValueLayout.JAVA_INT, 0, rank);
    MpiRequest told = neighbours.broadcast(lowest.asSlice(0, Integer.BYTES), 0);
    while (!told.test()) {
      Thread.yield();
    }
    return lowest.get(ValueLayout.JAVA_INT, 0);
  }

  Channel open(Channel channel) {
    synchronized (this) {
      channels.put(channel.name(), channel);
      order.add(channel);
    }
    return channel;
  }

  // Turns of the thread of communication

  private int idleTurns;

  private boolean turn() {
    boolean moved = false;
    try {
      for (Runnable command = commands.poll(); command != null; command = commands.poll()) {
        command.run();
        moved = true;
      }
      moved |= postbox.advance();
      if (failure().isEmpty()) {
        for (int i = 0; i < order.size(); i++) {
          moved |= order.get(i).advance();
        }
      }
      tellFailure();
      if (isOver()) {
        return false;
      }
    } catch (RuntimeException | Error e) {
      if (failure().isPresent()) {
        // Nobody can be told of it, nor needs to.
        change(() -> ended.set(0, size));
      }
      fail(rank, "failed: " + e);
    }
    rest(moved);
    return true;
  }

  private void rest(boolean moved) {
    idleTurns = moved ? 0 : idleTurns + 1;
    if (idleTurns == 0) {
      return;
    }
    if (idleTurns <= YIELDS) {
      Thread.yield();
      return;
    }
    boolean idle = order.stream().allMatch(Channel::isIdle) || failure().isPresent();
    long nap = SHORTEST_NAP_NANOS << Math.min(20, (idleTurns - YIELDS) / 8);
    LockSupport.parkNanos(Math.min(nap, idle ? IDLE_NAP_NANOS : BUSY_NAP_NANOS));
  }

  private void tellFailure() {
    Optional<Failure> found = failure();
    if (found.isPresent() && !failureTold) {
      failureTold = true;
      postbox.tellAll(Message.failure(found.get().rank(), found.get().found()));
    }
  }

  /** Ends MPI once nobody needs this rank any more. */
  private boolean isOver() {
    boolean ends;
    boolean broken;
    synchronized (this) {
      broken = failure.isPresent();
      ends = processEnds;
      if (!broken && closed.cardinality() < size || broken && !ends || !postbox.isEmpty() && !broken) {
        if (ends && !broken && System.nanoTime() - processEndNanos > deadline.toNanos()) {
          int open = closed.nextClearBit(0);
          failure = Optional.of(new Failure(open, "has not closed its communicator within " + deadline.toMillis() + " ms of this process's end"));
        }
        return false;
      }
    }
    if (!broken) {
      postbox.close();
      mpi.end();
      return true;
    }
    if (!endTold) {
      endTold = true;
      postbox.tellAll(Message.plain(Message.Kind.ENDED));
      change(() -> ended.set(rank));
    }
    boolean all;
    synchronized (this) {
      all = ended.cardinality() == size && postbox.isEmpty();
    }
    if (all || System.nanoTime() - processEndNanos > ANSWER.toNanos()) {
      // What other ranks still wait for in MPI will not come, so that it cannot end in order.
      mpi.abort(1);
    }
    return false;
  }

  private void read(Message message, int from) {
    switch (message.kind()) {
      case QUESTION -> postbox.tell(from, answer(message, from));
      case ANSWER -> change(() -> Optional.ofNullable(inquiries.get(message.ticket())).ifPresent(inquiry -> inquiry.answer(from, message)));
      case FAILURE -> {
        change(() -> {
          if (failure.isEmpty()) {
            failure = Optional.of(new Failure(message.rank(), message.text()));
            failureTold = true;
          }
        });
      }
      case CLOSED -> change(() -> closed.set(from));
      case ENDED -> change(() -> ended.set(from));
    }
  }

  private synchronized Message answer(Message question, int from) {
    Channel channel = channels.get(question.text());
    boolean threadEnded = poster.isPresent() && !poster.get().isAlive() && !closing;
    String text = (closing ? "has closed its communicator; " : threadEnded ? "has ended without closing its communicator; " : "")
        + (last.isEmpty() ? "it has posted nothing yet" : "the last that it posted was " + last);
    boolean gone = closing || threadEnded;
    if (channel == null) {
      return new Message(Message.Kind.ANSWER, 0, question.ticket(), 0, 0, 0, gone, text);
    }
    int asker = channel.rankOf(from).orElseThrow();
    return new Message(Message.Kind.ANSWER, 0, question.ticket(), channel.postedRounds.get(), channel.postedSends.get(asker), channel.postedReceives.get(asker), gone,
        text);
  }

  // For other threads

  /** Remembers a group whose tensors are on their way. For the thread that posts. */
  void posted(Posted group) {
    leaving.add(group);
  }

  /**
   * Waits until the tensors of all groups up to one have arrived: a device may work only while somebody waits, and another rank may need what was posted before.
   * For the thread that posts.
   */
  void awaitArrival(Posted last) {
    while (!leaving.isEmpty() && leaving.peek().order() <= last.order()) {
      leaving.remove().awaitArrival();
    }
  }

  /** Has the thread of communication do something. */
  void submit(Runnable command) {
    commands.add(command);
    LockSupport.unpark(thread);
  }

  /** Changes what threads share, and tells those who wait. */
  synchronized void change(Runnable change) {
    change.run();
    notifyAll();
  }

  /** Remembers the thread that posts, and what it posted; gives a number that grows. */
  synchronized long posted(String what) {
    poster = Optional.of(Thread.currentThread());
    last = what;
    postedGroups++;
    return postedGroups;
  }

  synchronized Optional<Failure> failure() {
    return failure;
  }

  /** The first failure stays; all ranks are told. */
  void fail(int culprit, String found) {
    change(() -> {
      if (failure.isEmpty()) {
        failure = Optional.of(new Failure(culprit, found));
      }
    });
    LockSupport.unpark(thread);
  }

  /** How many ranks have closed their communicators. */
  synchronized int closedCount() {
    return closed.cardinality();
  }

  /** Asks all ranks of a communicator; answers come in later. */
  Inquiry inquire(Channel channel) {
    Inquiry inquiry;
    synchronized (this) {
      tickets++;
      inquiry = new Inquiry(tickets, channel);
      inquiries.put(tickets, inquiry);
    }
    submit(() -> {
      for (int other = 0; other < channel.size(); other++) {
        if (other != channel.rank()) {
          postbox.tell(channel.member(other), Message.question(inquiry.ticket(), channel.name()));
        }
      }
      change(inquiry::asked);
    });
    return inquiry;
  }

  synchronized void forget(Inquiry inquiry) {
    inquiries.remove(inquiry.ticket());
  }

  void close() {
    synchronized (this) {
      if (closing) {
        return;
      }
      closing = true;
    }
    // Closed once the others have been told: MPI may end as soon as all are.
    submit(() -> {
      postbox.tellAll(Message.plain(Message.Kind.CLOSED));
      change(() -> closed.set(rank));
    });
  }

  /** Waits for MPI's end where that can come, so that launchers see the process end in order. */
  private void atProcessEnd() {
    synchronized (this) {
      boolean threadEnded = poster.isPresent() && !poster.get().isAlive();
      if (failure.isEmpty() && !closing) {
        if (!threadEnded) {
          // Ended from outside, or in the middle of something: the launcher ends the others, and says so.
          return;
        }
        failure = Optional.of(new Failure(rank, "has ended without closing its communicator"));
      }
      processEnds = true;
      processEndNanos = System.nanoTime();
    }
    LockSupport.unpark(thread);
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
