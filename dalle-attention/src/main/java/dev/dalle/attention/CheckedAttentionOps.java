package dev.dalle.attention;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Shape;
import dev.dalle.tensor.ShapeException;
import dev.dalle.tensor.Tensor;
import java.util.Objects;

/** Checks every argument of {@link AttentionOps} before an implementation sees it, so that all refuse the same things in the same words. */
public final class CheckedAttentionOps implements AttentionOps {
  private final Device device;
  private final AttentionOps ops;

  /** In front of an implementation for one device. */
  public CheckedAttentionOps(Device device, AttentionOps ops) {
    this.device = Objects.requireNonNull(device, "device");
    this.ops = Objects.requireNonNull(ops, "ops");
  }

  @Override
  public void forward(Tensor qkv, AttentionPattern pattern, Tensor out, Tensor logSumExp) {
    whole(qkv, pattern, out, logSumExp);
    ops.forward(qkv, pattern, out, logSumExp);
  }

  @Override
  public void backward(Tensor qkv, AttentionPattern pattern, Tensor out, Tensor logSumExp, Tensor gradOut, Tensor gradQkv) {
    whole(qkv, pattern, out, logSumExp);
    like("gradOut", gradOut, qkv.dtype(), out.shape(), "like out");
    like("gradQkv", gradQkv, qkv.dtype(), qkv.shape(), "like qkv");
    ops.backward(qkv, pattern, out, logSumExp, gradOut, gradQkv);
  }

  private void whole(Tensor qkv, AttentionPattern pattern, Tensor out, Tensor logSumExp) {
    Objects.requireNonNull(pattern, "pattern");
    packed("qkv", qkv, "[sequences, states, 3, heads, numbers a head]", 5, 2);
    long states = qkv.dim(1);
    if (states > pattern.length()) {
      throw new ShapeException("qkv: expected at most the " + pattern.length() + " states of " + pattern + ", got " + qkv);
    }
    like("out", out, qkv.dtype(), Shape.of(qkv.dim(0), states, qkv.dim(3) * qkv.dim(4)), "sequences, states, heads times numbers a head");
    like("logSumExp", logSumExp, DType.F32, Shape.of(qkv.dim(0), qkv.dim(3), states), "sequences, heads, states");
  }

  @Override
  public void decode(Tensor qkv, AttentionPattern pattern, int position, Tensor prompts, Tensor promptOf, Tensor cache, Tensor out) {
    Objects.requireNonNull(pattern, "pattern");
    if (pattern instanceof AttentionPattern.Bidirectional) {
      throw new IllegalArgumentException("pattern: expected a causal one, got " + pattern + ", whose states read others that are not there yet");
    }
    packed("qkv", qkv, "[sequences, 3, heads, numbers a head]", 4, 1);
    long count = qkv.dim(0);
    long heads = qkv.dim(2);
    long depth = qkv.dim(3);
    packed("prompts", prompts, "[prompts, states, 3, heads, numbers a head]", 5, 2);
    like("prompts", prompts, qkv.dtype(), Shape.of(prompts.dim(0), prompts.dim(1), 3, heads, depth), "packed states like qkv");
    like("promptOf", promptOf, DType.I32, Shape.of(count), "one for each sequence");
    here("cache", cache);
    if (cache.shape().rank() != 5) {
      throw new ShapeException("cache: expected [sequences, states, 2, heads, numbers a head], got " + cache);
    }
    like("cache", cache, qkv.dtype(), Shape.of(count, cache.dim(1), 2, heads, depth), "keys and values like those of qkv");
    like("out", out, qkv.dtype(), Shape.of(count, heads * depth), "sequences, heads times numbers a head");
    long states = prompts.dim(1);
    if (position < states || position >= pattern.length()) {
      throw new ShapeException("position: expected " + states + " to " + (pattern.length() - 1) + " (prompts " + prompts.shape() + ", " + pattern + "), got "
          + position);
    }
    // Text is read by all that follows; without it among the prompts, nothing may be overwritten.
    long needed = Math.min(position - states, states < pattern.textLength() ? Long.MAX_VALUE : pattern.greatestReach()) + 1;
    if (cache.dim(1) < needed) {
      throw new ShapeException("cache: expected at least " + needed + " states for position " + position + " after prompts " + prompts.shape() + " with "
          + pattern + ", got " + cache);
    }
    ops.decode(qkv, pattern, position, prompts, promptOf, cache, out);
  }

  private void packed(String name, Tensor tensor, String form, int rank, int threeAt) {
    here(name, tensor);
    if (!tensor.dtype().isFloating()) {
      throw new ShapeException(name + ": expected a floating-point tensor, got " + tensor);
    }
    if (tensor.shape().rank() != rank || tensor.dim(threeAt) != 3 || tensor.dim(-1) < 1) {
      throw new ShapeException(name + ": expected " + form + ", got " + tensor);
    }
  }

  private void like(String name, Tensor tensor, DType dtype, Shape shape, String why) {
    here(name, tensor);
    if (tensor.dtype() != dtype || !tensor.shape().equals(shape)) {
      throw new ShapeException(name + ": expected " + dtype + shape + " (" + why + "), got " + tensor);
    }
  }

  private void here(String name, Tensor tensor) {
    Objects.requireNonNull(tensor, name);
    if (tensor.device() != device) {
      throw new ShapeException(name + ": expected a tensor on " + device.name() + ", got " + tensor + "; copy it over first");
    }
  }
}
