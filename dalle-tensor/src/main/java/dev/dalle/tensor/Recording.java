package dev.dalle.tensor;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * What a {@link Tape} remembers of how results came about, and how gradients flow back through it. Gradients are counted: memory that several results
 * read is never written to, and goes back to the scope as soon as nothing needs it.
 */
abstract sealed class Recording permits Tape {
  private final Scope scope;
  private final Ops ops;
  private final boolean recording;
  private final List<Node> nodes = new ArrayList<>();
  private final Map<Tensor, Slot> slots = new IdentityHashMap<>();
  /** How many slots read a gradient's memory; only a sole holder writes to it. */
  private final Map<DeviceMemory, Integer> holders = new IdentityHashMap<>();
  private final List<GradientObserver> observers = new ArrayList<>();
  private boolean finished;

  Recording(Scope scope, boolean recording) {
    this.scope = scope;
    this.ops = scope.device().ops();
    this.recording = recording;
  }

  /** Owner of the results. */
  public Scope scope() {
    return scope;
  }

  /** Where it computes. */
  public Device device() {
    return scope.device();
  }

  /** The device's operations, for those that write an operation of their own. */
  public Ops ops() {
    return ops;
  }

  /** Whether it can run backwards. */
  public boolean isRecording() {
    return recording;
  }

  /** Has an observer look at the gradient of every result from now on; one that does so already is not told twice. */
  public void observe(GradientObserver observer) {
    Objects.requireNonNull(observer, "observer");
    if (!observers.contains(observer)) {
      observers.add(observer);
    }
  }

  final void observeLike(Recording other) {
    other.observers.forEach(this::observe);
  }

  /** Asks for the gradient of a tensor that does not come from this tape; returns the tensor. */
  public Tensor watch(Tensor leaf) {
    if (recording) {
      slots.computeIfAbsent(leaf, key -> new Slot()).watched = true;
    }
    return leaf;
  }

  /** Whether going backwards will need the gradient of this tensor: it is watched or depends on something that is, or on a parameter. */
  public boolean needsGradient(Tensor tensor) {
    return recording && slots.containsKey(tensor);
  }

  /**
   * Records how a result came about. Called after the forward computation.
   *
   * @param output the result, a tensor object that was not recorded before
   * @param backward is given the gradient of {@code output} (its shape and type) and passes gradients on with {@link #accumulate},
   *     {@link #accumulateShared} and {@link Parameter#addGradient}; not called if nothing depends on the output
   * @return {@code output}
   */
  public Tensor record(Tensor output, Consumer<Tensor> backward) {
    if (recording) {
      slots.put(output, new Slot());
      nodes.add(new Node(output, backward));
    }
    return output;
  }

  /** As {@link #record}, if one of the inputs needs a gradient; otherwise the output is a constant. */
  public Tensor recordIfNeeded(Tensor output, Consumer<Tensor> backward, Tensor... inputs) {
    for (Tensor input : inputs) {
      if (needsGradient(input)) {
        return record(output, backward);
      }
    }
    return output;
  }

  /**
   * Passes a gradient on to an input. The tape takes the gradient over: the caller must not write to it again.
   *
   * @param input whose gradient it is; ignored if nobody needs it
   * @param gradient of the input's shape and type, in the tape's scope
   */
  public void accumulate(Tensor input, Tensor gradient) {
    accumulate(input, gradient, false);
  }

  /** As {@link #accumulate}, for a gradient whose memory something else also reads: the one that is being handled, or a view of it. */
  public void accumulateShared(Tensor input, Tensor gradient) {
    accumulate(input, gradient, true);
  }

  private void accumulate(Tensor input, Tensor gradient, boolean shared) {
    Slot slot = slots.get(input);
    if (slot == null) {
      if (!shared) {
        hold(gradient);
        letGo(gradient);
      }
      return;
    }
    if (gradient.dtype() != input.dtype() || gradient.elementCount() != input.elementCount()) {
      throw new ShapeException("gradient: expected " + input.dtype() + input.shape() + ", got " + gradient.dtype() + gradient.shape());
    }
    if (slot.gradient == null) {
      hold(gradient);
      slot.gradient = gradient;
      return;
    }
    Tensor sum = slot.gradient;
    if (holders.get(sum.memory()) > 1) {
      sum = scope.allocate(input.dtype(), input.shape());
      hold(sum);
      ops.add(slot.gradient, gradient, sum);
      letGo(slot.gradient);
      slot.gradient = sum;
    } else {
      ops.add(sum, gradient, sum);
    }
    if (!shared) {
      hold(gradient);
      letGo(gradient);
    }
  }

  private void hold(Tensor gradient) {
    holders.merge(gradient.memory(), 1, Integer::sum);
  }

  /** Memory of gradients goes back as soon as nothing on the tape holds it, unless somebody else owns it. */
  private void letGo(Tensor gradient) {
    if (holders.merge(gradient.memory(), -1, Integer::sum) == 0) {
      holders.remove(gradient.memory());
      if (scope.owns(gradient)) {
        scope.release(gradient);
      }
    }
  }

  /**
   * Runs backwards from one result.
   *
   * @param output recorded on this tape
   * @param gradient of its shape and type
   * @throws IllegalStateException if the tape does not record or has run backwards already
   */
  public void backward(Tensor output, Tensor gradient) {
    if (!recording) {
      throw new IllegalStateException("backward: this tape does not record; use Tape.recording");
    }
    if (!slots.containsKey(output)) {
      throw new IllegalArgumentException("backward: " + output + " does not depend on a parameter or a watched tensor of this tape");
    }
    // Held once more for the caller, so that it is neither written to nor released.
    hold(gradient);
    accumulateShared(output, gradient);
    backward();
  }

  /** Runs backwards from the gradients given with {@link #accumulate} and {@link #accumulateShared}, for several results at once. */
  public void backward() {
    if (finished) {
      throw new IllegalStateException("backward: this tape has run backwards already; record a new one");
    }
    finished = true;
    for (int i = nodes.size() - 1; i >= 0; i--) {
      Node node = nodes.get(i);
      Slot slot = slots.get(node.output);
      if (slot.gradient != null) {
        for (GradientObserver observer : observers) {
          observer.observe(node.output, slot.gradient);
        }
        node.backward.accept(slot.gradient);
        if (!slot.watched) {
          letGo(slot.gradient);
          slot.gradient = null;
        }
      }
      nodes.set(i, null);
    }
    nodes.clear();
  }

  /**
   * The gradient of a watched tensor after {@link #backward}.
   *
   * @throws IllegalArgumentException if it was not watched
   */
  public Tensor gradient(Tensor leaf) {
    Slot slot = slots.get(leaf);
    if (slot == null || !slot.watched) {
      throw new IllegalArgumentException("gradient: " + leaf + " was not watched");
    }
    return slot.gradient != null ? slot.gradient : scope.zeros(leaf.dtype(), leaf.shape());
  }

  private static final class Slot {
    private boolean watched;
    private Tensor gradient;
  }

  private record Node(Tensor output, Consumer<Tensor> backward) {}
}
