package dev.dalle.dist.mpi;

import dev.dalle.bindings.mpi.MpiComm;
import dev.dalle.bindings.mpi.MpiRequest;
import dev.dalle.dist.Collective;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/** Collectives of one group, or a split: first all ranks compare what they have posted, then one after the other is done. */
final class Round {
  private final Engine engine;
  private final Channel channel;
  private final long number;
  private final Header header;
  private final List<Collective> group;
  private final List<Staging> stages;
  private final MemorySegment own;
  private final MemorySegment all;
  private Optional<MpiRequest> request = Optional.empty();
  private Optional<Exchange> exchange = Optional.empty();
  private Optional<Channel> part = Optional.empty();
  private boolean begun;
  private boolean compared;
  private int index;
  private boolean finished;
  private boolean done;

  Round(Engine engine, Channel channel, long number, Header header, List<Collective> group, List<Staging> stages) {
    this.engine = engine;
    this.channel = channel;
    this.number = number;
    this.header = header;
    this.group = group;
    this.stages = stages;
    own = engine.buffers().take(Header.BYTES);
    all = engine.buffers().take((long) Header.BYTES * channel.size());
  }

  long number() {
    return number;
  }

  /** Goes on as far as it can; whether anything moved. */
  boolean advance(MpiComm lane) {
    if (!begun) {
      begun = true;
      MemorySegment mine = own.asSlice(0, Header.BYTES);
      header.write(mine);
      request = Optional.of(lane.gather(mine, all));
    }
    boolean moved = false;
    while (!finished) {
      if (request.isPresent()) {
        if (!request.get().test()) {
          return moved;
        }
        request = Optional.empty();
        moved = true;
      }
      if (!compared && !compare()) {
        return true;
      }
      if (!stages.stream().allMatch(Staging::isHere)) {
        return moved;
      }
      go(lane);
    }
    return moved;
  }

  private void go(MpiComm lane) {
    if (index == group.size()) {
      engine.buffers().give(own);
      engine.buffers().give(all);
      finished = true;
      return;
    }
    if (exchange.isEmpty()) {
      exchange = Optional.of(Exchange.of(group.get(index), stages.get(index), lane, engine.sums(), engine.buffers()));
    }
    request = exchange.get().next();
    if (request.isEmpty()) {
      exchange.get().end();
      exchange = Optional.empty();
      index++;
    }
  }

  private Header of(int rank) {
    return Header.read(all.asSlice((long) rank * Header.BYTES, Header.BYTES));
  }

  /** Whether all posted the same; else the world has failed. */
  private boolean compare() {
    Header first = of(0);
    for (int rank = 1; rank < channel.size(); rank++) {
      Header other = of(rank);
      if (other.hash() != first.hash()) {
        engine.fail(channel.member(rank), "posted " + other.text() + " where rank 0 posted " + first.text());
        return false;
      }
    }
    compared = true;
    if (header.hash() == Header.ofSplit(0, 0).hash()) {
      split();
    }
    return true;
  }

  private void split() {
    int[] members = java.util.stream.IntStream.range(0, channel.size()).filter(rank -> of(rank).colour() == header.colour()).boxed()
        .sorted(java.util.Comparator.<Integer>comparingInt(rank -> of(rank).key()).thenComparingInt(rank -> rank)).mapToInt(channel::member).toArray();
    Optional<MpiComm> comm = channel.transferComm().split(header.colour(), header.key());
    part = comm.map(made -> engine.open(new Channel(channel.name() + "." + header.colour(), members, made)));
  }

  /** The communicator that came of a split, if this rank is in one. */
  Optional<Channel> part() {
    return part;
  }

  /** Whether all of it was done. */
  boolean isFinished() {
    return finished;
  }

  /** Lets those who wait have it. */
  void release() {
    engine.change(() -> done = true);
  }

  /** Whether it was released; with the engine's monitor. */
  boolean isDone() {
    return done;
  }
}
