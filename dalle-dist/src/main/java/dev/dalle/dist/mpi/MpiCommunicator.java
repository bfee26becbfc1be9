package dev.dalle.dist.mpi;

import dev.dalle.dist.Collective;
import dev.dalle.dist.Communicator;
import dev.dalle.dist.Pending;
import dev.dalle.dist.internal.Signatures;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.ShapeException;
import dev.dalle.tensor.Tensor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** The side of a communicator that posts and waits. */
final class MpiCommunicator implements Communicator {
  private final Engine engine;
  private final Channel channel;
  private final Device device;
  private long posted;
  private long order;

  MpiCommunicator(Engine engine, Channel channel, Device device) {
    this.engine = engine;
    this.channel = channel;
    this.device = device;
  }

  @Override
  public String name() {
    return channel.name();
  }

  @Override
  public int rank() {
    return channel.rank();
  }

  @Override
  public int size() {
    return channel.size();
  }

  @Override
  public Device device() {
    return device;
  }

  @Override
  public Duration deadline() {
    return engine.deadline();
  }

  int machine() {
    return engine.machine();
  }

  @Override
  public Pending post(List<Collective> group) {
    if (group.isEmpty()) {
      throw new IllegalArgumentException("post: expected at least one operation, got none");
    }
    group.forEach(this::check);
    String what = group.stream().map(Collective::description).collect(Collectors.joining(", "));
    long number = begin(what);
    List<Staging> all = new ArrayList<>();
    List<Transfer> transfers = new ArrayList<>();
    List<Collective> together = new ArrayList<>();
    List<Staging> stages = new ArrayList<>();
    for (Collective collective : group) {
      Staging staging = Staging.of(engine.buffers(), device, collective, rank());
      all.add(staging);
      switch (collective) {
        case Collective.Send send -> transfers.add(new Transfer(engine, channel, send, staging, channel.postedSends.incrementAndGet(send.to())));
        case Collective.Receive receive -> transfers.add(new Transfer(engine, channel, receive, staging, channel.postedReceives.incrementAndGet(receive.from())));
        default -> {
          together.add(collective);
          stages.add(staging);
        }
      }
    }
    Optional<Round> round = Optional.empty();
    if (!together.isEmpty()) {
      round = Optional.of(new Round(engine, channel, channel.postedRounds.incrementAndGet(), Header.of(Signatures.text(together)), together, stages));
    }
    return start(new Posted(engine, channel, what, number, order, round, transfers, all));
  }

  private void check(Collective collective) {
    collective.check(rank(), size());
    for (Tensor tensor : collective.tensors()) {
      if (tensor.device() != device) {
        throw new ShapeException(collective.operation() + ": expected a tensor on this rank's device " + device.name() + ", got " + tensor);
      }
      boolean whole = collective instanceof Collective.AllGather || collective instanceof Collective.ReduceScatter;
      if (whole && tensor.elementCount() > Integer.MAX_VALUE) {
        throw new ShapeException(collective.operation() + " over MPI: expected at most " + Integer.MAX_VALUE + " elements of all ranks together, got " + tensor
            + "; do it in several operations");
      }
    }
  }

  private long begin(String what) {
    long number = posted + 1;
    engine.failure().ifPresent(failure -> {
      throw Posted.exception(channel, failure, what, number);
    });
    posted = number;
    order = engine.posted(what + " (number " + number + " of " + name() + ")");
    return number;
  }

  private Posted start(Posted group) {
    engine.submit(() -> {
      group.round().ifPresent(channel::add);
      group.transfers().forEach(channel::add);
    });
    group.watchArrival();
    return group;
  }

  @Override
  public Optional<Communicator> split(int colour, int key) {
    long number = begin("split");
    Round round = new Round(engine, channel, channel.postedRounds.incrementAndGet(), Header.ofSplit(colour, key), List.of(), List.of());
    start(new Posted(engine, channel, "split", number, order, Optional.of(round), List.of(), List.of())).await();
    return round.part().map(part -> new MpiCommunicator(engine, part, device));
  }

  @Override
  public void abort(String reason) {
    engine.fail(channel.member(rank()), reason);
  }

  @Override
  public void close() {
    if (name().equals("world")) {
      engine.close();
    }
  }

  @Override
  public String toString() {
    return name() + ", rank " + rank() + " of " + size() + " over MPI";
  }
}
