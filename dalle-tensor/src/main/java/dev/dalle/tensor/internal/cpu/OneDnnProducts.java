package dev.dalle.tensor.internal.cpu;

import dev.dalle.bindings.onednn.ArgumentRole;
import dev.dalle.bindings.onednn.Attributes;
import dev.dalle.bindings.onednn.ConvolutionBackwardData;
import dev.dalle.bindings.onednn.ConvolutionBackwardWeights;
import dev.dalle.bindings.onednn.ConvolutionForward;
import dev.dalle.bindings.onednn.DataType;
import dev.dalle.bindings.onednn.Matmul;
import dev.dalle.bindings.onednn.MemoryDesc;
import dev.dalle.bindings.onednn.OneDnn;
import dev.dalle.bindings.onednn.PostOp;
import dev.dalle.bindings.onednn.Primitive;
import dev.dalle.bindings.onednn.PrimitiveSpec;
import dev.dalle.bindings.onednn.Reorder;
import dev.dalle.bindings.onednn.Window;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.cpu.CpuDevice;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * Matrix products and convolutions of F32 and BF16 by oneDNN. Images stay NHWC; convolution weights, which change at every step, are reordered to the layout
 * oneDNN likes (some twenty microseconds). Convolutions for which {@link WinogradConvolution} is faster are left to it. One launch at a time, so one set of scratch
 * buffers serves all.
 */
final class OneDnnProducts implements Products {
  private final CpuDevice device;
  private final OneDnn oneDnn;
  private final Scratch weightScratch = new Scratch();
  private final Scratch biasScratch = new Scratch();
  private final WinogradConvolution winograd;

  OneDnnProducts(CpuDevice device, OneDnn oneDnn) {
    this.device = device;
    this.oneDnn = oneDnn;
    this.winograd = new WinogradConvolution(device);
  }

  private DataType type(Tensor tensor) {
    DataType type = switch (tensor.dtype()) {
      case F32 -> DataType.F32;
      case BF16 -> DataType.BF16;
      default -> throw new IllegalStateException("not a type for oneDNN: " + tensor);
    };
    if (!oneDnn.supports(type)) {
      throw new UnsupportedOperationException("products of " + tensor.dtype() + " are not computed on this processor (" + oneDnn.isa()
          + "): ask Device.computesIn and convert to " + DType.F32);
    }
    return type;
  }

  private Primitive primitive(PrimitiveSpec spec) {
    return oneDnn.primitive(spec, device.threads());
  }

  private static MemoryDesc matrix(DataType type, Tensor tensor, boolean transposed) {
    MemoryDesc desc = MemoryDesc.of(type, tensor.shape().toArray());
    return transposed ? desc.transposed() : desc;
  }

  @Override
  public void matmul(Tensor a, boolean transposeA, Tensor b, boolean transposeB, double alpha, Tensor out, boolean accumulate) {
    if (out.elementCount() == 0) {
      return;
    }
    long inner = transposeA ? a.dim(-2) : a.dim(-1);
    if (inner == 0) {
      if (!accumulate) {
        device.ops().fill(out, 0);
      }
      return;
    }
    List<PostOp> postOps = new ArrayList<>();
    if (alpha != 1) {
      postOps.add(PostOp.scale((float) alpha));
    }
    if (accumulate) {
      postOps.add(PostOp.accumulate());
    }
    Attributes attributes = postOps.isEmpty() ? Attributes.NONE : new Attributes(postOps, Attributes.FloatMath.STRICT);
    Matmul spec = Matmul.of(matrix(type(a), a, transposeA), matrix(type(b), b, transposeB), matrix(type(out), out, false))
        .with(attributes);
    device.launch("matmul", (team, memory) -> primitive(spec).execute(memory), a, b, out);
  }

  @Override
  public void linear(Tensor x, Tensor weight, Tensor bias, Tensor out) {
    if (out.elementCount() == 0) {
      return;
    }
    if (x.dim(1) == 0) {
      device.ops().fill(out, 0);
      device.ops().addRow(out, bias, out);
      return;
    }
    Matmul spec = Matmul.of(matrix(type(x), x, false), matrix(type(weight), weight, true), matrix(type(out), out, false))
        .withBias(MemoryDesc.of(DataType.F32, 1, bias.elementCount()));
    device.launch("linear", (team, memory) -> primitive(spec).execute(memory), x, weight, bias, out);
  }

  private MemoryDesc image(Tensor tensor) {
    return MemoryDesc.nhwc(type(tensor), tensor.dim(0), tensor.dim(1), tensor.dim(2), tensor.dim(3));
  }

  private static MemoryDesc anyKernel(DataType type, Tensor weight) {
    return MemoryDesc.any(type, weight.shape().toArray());
  }

  private static MemoryDesc plainKernel(DataType type, Tensor weight) {
    return MemoryDesc.of(type, weight.shape().toArray());
  }

  private static Window window(Tensor weight) {
    return Window.same(Math.toIntExact(weight.dim(3)));
  }

  /** The weights in the layout that the primitive asks for. */
  private MemorySegment reordered(MemorySegment weight, MemoryDesc plain, Primitive primitive) {
    MemoryDesc wanted = primitive.argument(ArgumentRole.WEIGHTS);
    if (wanted.equals(plain)) {
      return weight;
    }
    MemorySegment scratch = weightScratch.of(wanted.byteSize());
    primitive(Reorder.of(plain, wanted)).execute(weight, scratch);
    return scratch;
  }

  @Override
  public void convolution(Tensor x, Tensor weight, Tensor bias, Tensor out) {
    if (out.elementCount() == 0) {
      return;
    }
    if (winograd.pays(x, weight, out)) {
      winograd.convolution(x, weight, bias, out);
    } else {
      directConvolution(x, weight, bias, out);
    }
  }

  /** By oneDNN, whatever the sizes; not empty. */
  void directConvolution(Tensor x, Tensor weight, Tensor bias, Tensor out) {
    DataType type = type(x);
    MemoryDesc plain = plainKernel(type, weight);
    ConvolutionForward spec = new ConvolutionForward(image(x), anyKernel(type, weight),
        MemoryDesc.of(DataType.F32, bias.elementCount()), image(out), window(weight), Attributes.NONE);
    device.launch("convolution", (team, memory) -> {
      Primitive primitive = primitive(spec);
      primitive.execute(memory[0], reordered(memory[1], plain, primitive), memory[2], memory[3]);
    }, x, weight, bias, out);
  }

  @Override
  public void convolutionInputGradient(Tensor gradOut, Tensor weight, Tensor gradIn) {
    if (gradIn.elementCount() == 0) {
      return;
    }
    if (winograd.pays(gradOut, weight, gradIn)) {
      winograd.inputGradient(gradOut, weight, gradIn);
    } else {
      directInputGradient(gradOut, weight, gradIn);
    }
  }

  /** By oneDNN, whatever the sizes; not empty. */
  void directInputGradient(Tensor gradOut, Tensor weight, Tensor gradIn) {
    DataType type = type(gradOut);
    MemoryDesc plain = plainKernel(type, weight);
    ConvolutionBackwardData spec = new ConvolutionBackwardData(image(gradIn), anyKernel(type, weight), image(gradOut), window(weight),
        Attributes.NONE);
    device.launch("convolutionInputGradient", (team, memory) -> {
      Primitive primitive = primitive(spec);
      primitive.execute(memory[0], reordered(memory[1], plain, primitive), memory[2]);
    }, gradOut, weight, gradIn);
  }

  @Override
  public void convolutionParameterGradient(Tensor x, Tensor gradOut, Tensor gradWeight, Tensor gradBias, boolean accumulate) {
    if (x.elementCount() == 0 || gradOut.elementCount() == 0) {
      if (!accumulate) {
        device.ops().fill(gradWeight, 0);
        device.ops().fill(gradBias, 0);
      }
      return;
    }
    ConvolutionBackwardWeights spec = new ConvolutionBackwardWeights(image(x), anyKernel(DataType.F32, gradWeight),
        MemoryDesc.of(DataType.F32, gradBias.elementCount()), image(gradOut), window(gradWeight), Attributes.NONE);
    MemoryDesc plain = plainKernel(DataType.F32, gradWeight);
    Attributes sum = accumulate ? Attributes.of(PostOp.accumulate()) : Attributes.NONE;
    device.launch("convolutionParameterGradient", (team, memory) -> {
      Primitive primitive = primitive(spec);
      MemoryDesc written = primitive.argument(ArgumentRole.DIFF_WEIGHTS);
      if (!accumulate && written.equals(plain)) {
        primitive.execute(memory);
        return;
      }
      MemorySegment weights = weightScratch.of(written.byteSize());
      MemorySegment biases = accumulate ? biasScratch.of(memory[3].byteSize()) : memory[3];
      primitive.execute(memory[0], memory[1], weights, biases);
      primitive(new Reorder(written, plain, sum)).execute(weights, memory[2]);
      if (accumulate) {
        MemoryDesc row = MemoryDesc.of(DataType.F32, gradBias.elementCount());
        primitive(new Reorder(row, row, sum)).execute(biases, memory[3]);
      }
    }, x, gradOut, gradWeight, gradBias);
  }
}
