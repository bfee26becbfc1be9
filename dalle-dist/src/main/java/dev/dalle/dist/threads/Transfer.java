package dev.dalle.dist.threads;

import dev.dalle.dist.Collective;
import dev.dalle.tensor.Tensor;
import java.util.OptionalInt;

/** What one rank sends another, once both have posted it. */
final class Transfer implements Step {
  private final Hub hub;
  private final int from;
  private final int to;
  private Collective sent;
  private Collective received;
  private HostTensors source;
  private HostTensors target;
  private boolean done;

  Transfer(Hub hub, int from, int to) {
    this.hub = hub;
    this.from = from;
    this.to = to;
  }

  boolean has(boolean sends) {
    return (sends ? sent : received) != null;
  }

  void join(boolean sends, Collective end, HostTensors tensors) {
    if (sends) {
      sent = end;
      source = tensors;
    } else {
      received = end;
      target = tensors;
    }
  }

  boolean isComplete() {
    return sent != null && received != null;
  }

  void start() {
    Tensor in = sent.tensors().getFirst();
    Tensor out = received.tensors().getFirst();
    if (in.dtype() != out.dtype() || in.elementCount() != out.elementCount()) {
      hub.world().fail(hub.member(to), "posted " + received.description() + " from rank " + from + ", which posted " + sent.description());
      return;
    }
    hub.world().submit(hub.member(to), () -> {
      source.awaitArrival();
      hub.world().submitMove(hub.member(to), this::move);
    });
  }

  private void move() {
    target.output().copyFrom(source.input());
    synchronized (hub.world()) {
      done = true;
      hub.world().notifyAll();
    }
  }

  @Override
  public boolean isDone() {
    return done;
  }

  @Override
  public OptionalInt missing() {
    return sent == null ? OptionalInt.of(from) : received == null ? OptionalInt.of(to) : OptionalInt.empty();
  }
}
