package dev.dalle.tensor.internal.cpu;

import dev.dalle.bindings.onednn.ArgumentRole;
import dev.dalle.bindings.onednn.Attributes;
import dev.dalle.bindings.onednn.DataType;
import dev.dalle.bindings.onednn.LayerNormBackward;
import dev.dalle.bindings.onednn.LayerNormForward;
import dev.dalle.bindings.onednn.MemoryDesc;
import dev.dalle.bindings.onednn.OneDnn;
import dev.dalle.bindings.onednn.OneDnnException;
import dev.dalle.bindings.onednn.PoolingAlgorithm;
import dev.dalle.bindings.onednn.PoolingBackward;
import dev.dalle.bindings.onednn.PoolingForward;
import dev.dalle.bindings.onednn.PostOp;
import dev.dalle.bindings.onednn.Primitive;
import dev.dalle.bindings.onednn.PrimitiveSpec;
import dev.dalle.bindings.onednn.ResamplingForward;
import dev.dalle.bindings.onednn.SoftmaxBackward;
import dev.dalle.bindings.onednn.SoftmaxForward;
import dev.dalle.bindings.onednn.Window;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.cpu.CpuDevice;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Passes over memory, without products, for which oneDNN has code that is faster than Java's: those whose inner loops are short, so that the checks that Java
 * makes at the start of a loop over memory weigh more than the loop. Each method says whether it did the work; if not, the kernels in Java do. They stay
 * responsible for other types, for processors where oneDNN has only its reference code, and for tensors so small that making a primitive would cost more than it
 * ever saves, as in sampling, where shapes change with every token. One launch at a time, so one set of scratch buffers serves all.
 */
final class OneDnnPasses {
  private static final long FEWEST_ELEMENTS = 1 << 17;
  private static final Window TWO_BY_TWO = Window.square(2, 2, 0);

  private final CpuDevice device;
  private final OneDnn oneDnn;
  private final Scratch variances = new Scratch();
  private final Scratch sums = new Scratch();
  private final Scratch greatest = new Scratch();
  private final Scratch places = new Scratch();
  private final Set<PrimitiveSpec> slow = ConcurrentHashMap.newKeySet();

  OneDnnPasses(CpuDevice device, OneDnn oneDnn) {
    this.device = device;
    this.oneDnn = oneDnn;
  }

  boolean softmax(Tensor in, Tensor out) {
    return suits(in, out) && in.dtype() == out.dtype() && run("softmax", new SoftmaxForward(rows(in), rows(out), 1, false), in, out);
  }

  boolean softmaxGradient(Tensor out, Tensor gradOut, Tensor gradIn) {
    return suits(out, gradOut, gradIn) && out.dtype() == gradOut.dtype() && out.dtype() == gradIn.dtype()
        && run("softmaxGradient", new SoftmaxBackward(rows(out), rows(gradOut), rows(gradIn), 1, false), out, gradOut, gradIn);
  }

  /** oneDNN leaves the variance, of which {@code rstd} is made. */
  boolean layerNorm(Tensor x, Tensor gain, Tensor bias, double epsilon, Tensor out, Tensor mean, Tensor rstd) {
    if (!suits(x, out)) {
      return false;
    }
    LayerNormForward forward = new LayerNormForward(rows(x), rows(out), (float) epsilon, true, true, true);
    if (!isFast(forward)) {
      return false;
    }
    device.launch("layerNorm", (team, memory) -> {
      primitive(forward).execute(memory[0], memory[1], memory[2], memory[3], memory[4], memory[5]);
      replace(memory[5], memory[5], variance -> (float) (1 / Math.sqrt(variance + epsilon)));
    }, x, gain, bias, out, mean, rstd);
    return true;
  }

  /** oneDNN takes the variance and overwrites the gradients of gain and bias; here the variance is made of {@code rstd}, and they are added to. */
  boolean layerNormGradient(Tensor x, Tensor gain, Tensor mean, Tensor rstd, Tensor gradOut, Tensor gradIn, Tensor gradGain, Tensor gradBias) {
    if (!suits(x, gradOut, gradIn)) {
      return false;
    }
    LayerNormBackward backward = new LayerNormBackward(rows(x), rows(gradOut), rows(gradIn), 0, true, true);
    if (!isFast(backward)) {
      return false;
    }
    device.launch("layerNormGradient", (team, memory) -> {
      MemorySegment variance = variances.of(memory[3].byteSize());
      replace(memory[3], variance, r -> 1 / (r * r));
      long width = memory[6].byteSize();
      MemorySegment gains = sums.of(2 * width).asSlice(0, width);
      MemorySegment biases = sums.of(2 * width).asSlice(width);
      primitive(backward).execute(memory[0], memory[4], memory[2], variance, memory[1], memory[5], gains, biases);
      add(gains, memory[6]);
      add(biases, memory[7]);
    }, x, gain, mean, rstd, gradOut, gradIn, gradGain, gradBias);
    return true;
  }

  @FunctionalInterface
  private interface FloatFunction {
    float of(float value);
  }

  private static void replace(MemorySegment from, MemorySegment to, FloatFunction f) {
    for (long n = 0; n < from.byteSize(); n += 4) {
      to.set(ValueLayout.JAVA_FLOAT, n, f.of(from.get(ValueLayout.JAVA_FLOAT, n)));
    }
  }

  private static void add(MemorySegment from, MemorySegment to) {
    for (long i = 0; i < to.byteSize(); i += 4) {
      to.set(ValueLayout.JAVA_FLOAT, i, to.get(ValueLayout.JAVA_FLOAT, i) + from.get(ValueLayout.JAVA_FLOAT, i));
    }
  }

  boolean upsample2(Tensor in, Tensor out) {
    return suits(out, in) && run("upsample2", new ResamplingForward(image(in), image(out)), in, out);
  }

  /** As four times the mean, which oneDNN computes several times faster than the gradient of its resampling. */
  boolean upsample2Gradient(Tensor gradOut, Tensor gradIn) {
    return suits(gradOut, gradIn) && run("upsample2Gradient",
        new PoolingForward(PoolingAlgorithm.AVERAGE, image(gradOut), image(gradIn), TWO_BY_TWO, false, Attributes.of(PostOp.scale(4))), gradOut, gradIn);
  }

  /** Finds the greatest once more, into memory that is thrown away, because oneDNN's gradient wants to be told where they were. */
  boolean maxPool2Gradient(Tensor in, Tensor gradOut, Tensor gradIn) {
    if (!suits(in, gradOut, gradIn)) {
      return false;
    }
    PoolingForward forward = new PoolingForward(PoolingAlgorithm.MAX, image(in), image(gradOut), TWO_BY_TWO, true, Attributes.NONE);
    PoolingBackward backward = new PoolingBackward(PoolingAlgorithm.MAX, image(gradIn), image(gradOut), TWO_BY_TWO);
    if (!isFast(forward) || !isFast(backward)) {
      return false;
    }
    device.launch("maxPool2Gradient", (team, memory) -> {
      MemorySegment workspace = places.of(primitive(forward).argument(ArgumentRole.WORKSPACE).byteSize());
      primitive(forward).execute(memory[0], greatest.of(memory[1].byteSize()), workspace);
      primitive(backward).execute(memory[1], workspace, memory[2]);
    }, in, gradOut, gradIn);
    return true;
  }

  private boolean suits(Tensor largest, Tensor... others) {
    boolean suits = largest.elementCount() >= FEWEST_ELEMENTS && computes(largest.dtype());
    for (Tensor other : others) {
      suits &= computes(other.dtype());
    }
    return suits;
  }

  private boolean computes(DType dtype) {
    return dtype == DType.F32 || dtype == DType.BF16 && oneDnn.supports(DataType.BF16);
  }

  private boolean run(String name, PrimitiveSpec spec, Tensor... tensors) {
    if (!isFast(spec)) {
      return false;
    }
    device.launch(name, (team, memory) -> primitive(spec).execute(memory), tensors);
    return true;
  }

  private Primitive primitive(PrimitiveSpec spec) {
    return oneDnn.primitive(spec, device.threads());
  }

  /** Whether oneDNN has more than its reference code for this here, or anything at all. */
  private boolean isFast(PrimitiveSpec spec) {
    if (slow.contains(spec)) {
      return false;
    }
    try {
      if (!primitive(spec).isReference()) {
        return true;
      }
    } catch (OneDnnException e) {
      if (e.status() != OneDnnException.Status.UNIMPLEMENTED) {
        throw e;
      }
    }
    slow.add(spec);
    return false;
  }

  private static DataType type(Tensor tensor) {
    return tensor.dtype() == DType.F32 ? DataType.F32 : DataType.BF16;
  }

  private static MemoryDesc rows(Tensor tensor) {
    return MemoryDesc.of(type(tensor), tensor.shape().rowCount(), tensor.dim(-1));
  }

  private static MemoryDesc image(Tensor tensor) {
    return MemoryDesc.nhwc(type(tensor), tensor.dim(0), tensor.dim(1), tensor.dim(2), tensor.dim(3));
  }
}
