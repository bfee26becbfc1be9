package dev.dalle.dist.threads;

import dev.dalle.dist.Collective;
import dev.dalle.dist.CommunicationException;
import dev.dalle.dist.Communicator;
import dev.dalle.dist.Pending;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.ShapeException;
import dev.dalle.tensor.Tensor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;

/** One rank's end of a hub. */
final class ThreadCommunicator implements Communicator {
  private final Hub hub;
  private final int rank;
  private final Device device;
  private long posted;
  private long rounds;
  private long splits;

  ThreadCommunicator(Hub hub, int rank, Device device) {
    this.hub = hub;
    this.rank = rank;
    this.device = device;
  }

  @Override
  public String name() {
    return hub.name();
  }

  @Override
  public int rank() {
    return rank;
  }

  @Override
  public int size() {
    return hub.size();
  }

  @Override
  public Device device() {
    return device;
  }

  @Override
  public Duration deadline() {
    return hub.world().deadline();
  }

  @Override
  public Pending post(List<Collective> group) {
    return post(group, group.stream().map(Collective::description).collect(Collectors.joining(", ")), false);
  }

  private Pending post(List<Collective> group, String what, boolean splits) {
    if (group.isEmpty()) {
      throw new IllegalArgumentException("post: expected at least one operation, got none");
    }
    for (Collective collective : group) {
      collective.check(rank, size());
      for (Tensor tensor : collective.tensors()) {
        if (tensor.device() != device) {
          throw new ShapeException(collective.operation() + ": expected a tensor on this rank's device " + device.name() + ", got " + tensor);
        }
      }
    }
    if (hub.world().isClosed(hub.member(rank))) {
      throw new IllegalStateException(name() + ", rank " + rank + ": " + what + ": expected a communicator that is open, but this rank has closed it");
    }
    long number = posted + 1;
    hub.world().failure().ifPresent(failure -> {
      throw exception(failure, what, number);
    });
    posted = number;
    hub.world().posted(hub.member(rank), what + " (number " + number + " of " + name() + ")");
    return new Posted(what, number, group, splits);
  }

  private CommunicationException exception(World.Failure failure, String what, long number) {
    Optional<Integer> culprit = hub.rankOf(failure.rank());
    String found = culprit.isPresent() ? failure.found() : "rank " + failure.rank() + " of world " + failure.found();
    return new CommunicationException(name(), rank, culprit.map(OptionalInt::of).orElse(OptionalInt.empty()), what, number, found, null);
  }

  @Override
  public Optional<Communicator> split(int colour, int key) {
    splits++;
    Hub.Split split = hub.split(splits);
    split.tell(rank, colour, key);
    meet();
    Optional<Communicator> made = Optional.empty();
    if (colour >= 0) {
      Hub part = split.of(colour);
      made = Optional.of(new ThreadCommunicator(part, part.rankOf(hub.member(rank)).orElseThrow(), device));
    }
    meet();
    hub.forget(splits);
    return made;
  }

  private void meet() {
    post(List.of(new Collective.Barrier()), "split", true).await();
  }

  @Override
  public void abort(String reason) {
    hub.world().fail(hub.member(rank), reason);
    hub.world().awaitStillness();
  }

  @Override
  public void close() {
    if (hub.name().equals("world")) {
      hub.world().close(hub.member(rank));
    }
  }

  /** What was posted together. */
  private final class Posted implements Pending {
    private static final long POLL_MILLIS = 20;

    private final String what;
    private final long number;
    private final List<HostTensors> all = new ArrayList<>();
    private final List<Step> steps = new ArrayList<>();
    private boolean givenBack;

    Posted(String what, long number, List<Collective> group, boolean splits) {
      this.what = what;
      this.number = number;
      List<Collective> together = new ArrayList<>();
      List<HostTensors> tensors = new ArrayList<>();
      for (Collective collective : group) {
        HostTensors host = HostTensors.of(device, collective, rank);
        all.add(host);
        if (!host.isHere()) {
          hub.world().expect(hub.member(rank), host);
        }
        switch (collective) {
          case Collective.Send send -> steps.add(hub.transfer(rank, send.to(), true, send, host));
          case Collective.Receive receive -> steps.add(hub.transfer(receive.from(), rank, false, receive, host));
          default -> {
            together.add(collective);
            tensors.add(host);
          }
        }
      }
      if (!together.isEmpty()) {
        rounds++;
        steps.add(hub.join(rounds, rank, together, tensors, splits));
      }
    }

    @Override
    public void await() {
      await(deadline());
    }

    @Override
    public void await(Duration deadline) {
      if (givenBack) {
        return;
      }
      long end = System.nanoTime() + deadline.toNanos();
      World world = hub.world();
      world.awaitArrivals(hub.member(rank));
      synchronized (world) {
        while (!isFinished()) {
          world.failure().ifPresent(failure -> {
            world.awaitStillness();
            throw exception(failure, what, number);
          });
          blame(end - System.nanoTime(), deadline);
          try {
            world.wait(POLL_MILLIS);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            world.fail(hub.member(rank), "was interrupted");
          }
        }
      }
      givenBack = true;
      all.forEach(HostTensors::giveBack);
    }

    private boolean isFinished() {
      return steps.stream().allMatch(Step::isDone);
    }

    /** Fails the world if somebody is late or gone. */
    private void blame(long left, Duration deadline) {
      World world = hub.world();
      for (Step step : steps) {
        OptionalInt missing = step.missing();
        if (missing.isPresent()) {
          int member = hub.member(missing.getAsInt());
          world.gone(member).ifPresent(found -> world.fail(member, found));
          if (left <= 0) {
            world.fail(member, "has not posted it within " + deadline.toMillis() + " ms; " + world.progress(member));
          }
        } else if (left <= 0 && !step.isDone()) {
          world.fail(hub.member(rank), "does not see it done within " + deadline.toMillis() + " ms, although everybody has posted it; the machine is "
              + "too busy, or the deadline too short");
        }
      }
    }

    @Override
    public boolean isDone() {
      synchronized (hub.world()) {
        return givenBack || isFinished() || hub.world().failure().isPresent();
      }
    }
  }
}
