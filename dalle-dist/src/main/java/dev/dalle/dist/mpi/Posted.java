package dev.dalle.dist.mpi;

import dev.dalle.dist.CommunicationException;
import dev.dalle.dist.Pending;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** What was posted together: waits for it, and finds out who is late. */
final class Posted implements Pending {
  private static final long POLL_MILLIS = 50;

  private final Engine engine;
  private final Channel channel;
  private final String what;
  private final long number;
  private final long order;
  private final Optional<Round> round;
  private final List<Transfer> transfers;
  private final List<Staging> stages;
  private int closedSeen;
  private boolean givenBack;

  Posted(Engine engine, Channel channel, String what, long number, long order, Optional<Round> round, List<Transfer> transfers,
      List<Staging> stages) {
    this.engine = engine;
    this.channel = channel;
    this.what = what;
    this.number = number;
    this.order = order;
    this.round = round;
    this.transfers = transfers;
    this.stages = stages;
  }

  /** Among all that this rank has posted. */
  long order() {
    return order;
  }

  Optional<Round> round() {
    return round;
  }

  List<Transfer> transfers() {
    return transfers;
  }

  /** Other ranks need what is on its way from the device, though nobody waits here yet. */
  void watchArrival() {
    if (!stages.stream().allMatch(Staging::isHere)) {
      engine.posted(this);
      Thread.ofVirtual().name("arrival").start(() -> {
        try {
          awaitArrival();
        } catch (RuntimeException e) {
          engine.fail(channel.member(channel.rank()), "failed: " + e);
        }
      });
    }
  }

  void awaitArrival() {
    stages.forEach(Staging::awaitArrival);
    engine.submit(() -> {});
  }

  static CommunicationException exception(Channel channel, Engine.Failure failure, String what, long number) {
    Optional<Integer> culprit = channel.rankOf(failure.rank());
    String found = culprit.isPresent() ? failure.found() : "rank " + failure.rank() + " of world " + failure.found();
    return new CommunicationException(channel.name(), channel.rank(), culprit.map(OptionalInt::of).orElse(OptionalInt.empty()), what, number, found, null);
  }

  @Override
  public void await() {
    await(engine.deadline());
  }

  @Override
  public void await(Duration deadline) {
    if (givenBack) {
      return;
    }
    long end = System.nanoTime() + deadline.toNanos();
    engine.awaitArrival(this);
    while (!awaitUntil(end)) {
      boolean late = System.nanoTime() >= end;
      closedSeen = engine.closedCount();
      Optional<Inquiry> inquiry = inquire();
      if (inquiry.isPresent()) {
        blame(inquiry.get(), late, deadline);
      }
    }
    givenBack = true;
    stages.forEach(Staging::giveBack);
  }

  /** Whether it is done; false at the deadline, and when a rank has closed its communicator. */
  private boolean awaitUntil(long end) {
    synchronized (engine) {
      while (!isFinished()) {
        throwFailure();
        long left = end - System.nanoTime();
        if (left <= 0 || engine.closedCount() != closedSeen) {
          return false;
        }
        pause(Math.min(POLL_MILLIS, left / 1_000_000 + 1));
      }
      return true;
    }
  }

  private void throwFailure() {
    engine.failure().ifPresent(failure -> {
      throw exception(channel, failure, what, number);
    });
  }

  private void pause(long millis) {
    try {
      engine.wait(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      engine.fail(channel.member(channel.rank()), "was interrupted");
    }
  }

  private boolean isFinished() {
    return round.stream().allMatch(Round::isDone) && transfers.stream().allMatch(Transfer::isDone);
  }

  /** What all ranks answer; empty if it was done meanwhile. */
  private Optional<Inquiry> inquire() {
    Inquiry inquiry = engine.inquire(channel);
    long end = System.nanoTime() + Engine.ANSWER.toNanos();
    synchronized (engine) {
      while (!isFinished()) {
        throwFailure();
        if (inquiry.isComplete() || System.nanoTime() >= end) {
          break;
        }
        pause(POLL_MILLIS);
      }
      engine.forget(inquiry);
      return isFinished() ? Optional.empty() : Optional.of(inquiry);
    }
  }

  /** Fails the world if somebody does not answer, is late, or is gone. */
  private void blame(Inquiry inquiry, boolean late, Duration deadline) {
    if (!inquiry.isAsked()) {
      engine.fail(channel.member(channel.rank()), "does not get back from MPI; its thread of communication has not answered for " + Engine.ANSWER.toMillis() + " ms");
      return;
    }
    for (int rank = 0; late && rank < channel.size(); rank++) {
      if (rank != channel.rank() && inquiry.answer(rank).isEmpty()) {
        engine.fail(channel.member(rank), "does not answer; its process is stopped, its machine is overloaded, or nothing reaches it (asked after " + deadline.toMillis()
            + " ms, waited for " + Engine.ANSWER.toMillis() + " ms)");
        return;
      }
    }
    for (int rank = 0; rank < channel.size(); rank++) {
      Optional<Message> answer = inquiry.answer(rank);
      if (answer.isPresent() && isMissing(rank, answer.get())) {
        if (answer.get().gone()) {
          engine.fail(channel.member(rank), answer.get().text());
          return;
        }
        if (late) {
          engine.fail(channel.member(rank), "has not posted it within " + deadline.toMillis() + " ms; " + answer.get().text());
          return;
        }
      }
    }
    if (late) {
      engine.fail(channel.member(channel.rank()), "and all others have posted it, and it was not done within " + deadline.toMillis()
          + " ms; the machine is too busy, or the deadline too short");
    }
  }

  /** Whether a rank has not posted its part. */
  private boolean isMissing(int rank, Message answer) {
    boolean missing = round.isPresent() && answer.rounds() < round.get().number();
    for (Transfer transfer : transfers) {
      missing |= transfer.peer() == rank && (transfer.sends() ? answer.receives() : answer.sends()) < transfer.number();
    }
    return missing;
  }

  @Override
  public boolean isDone() {
    synchronized (engine) {
      return givenBack || isFinished() || engine.failure().isPresent();
    }
  }
}
