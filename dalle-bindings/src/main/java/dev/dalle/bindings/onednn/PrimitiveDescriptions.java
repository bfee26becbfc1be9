package dev.dalle.bindings.onednn;

import static dev.dalle.bindings.onednn.OneDnnException.check;

import dev.dalle.bindings.internal.onednn.Dnnl;
import java.lang.foreign.MemorySegment;

/** Turns a specification into oneDNN's primitive descriptor, which the caller destroys. */
final class PrimitiveDescriptions {
  private final MemorySegment engine;

  PrimitiveDescriptions(MemorySegment engine) {
    this.engine = engine;
  }

  MemorySegment create(PrimitiveSpec spec, Descriptors d) {
    MemorySegment attr = d.attributes(spec.attributes());
    MemorySegment out = d.result();
    switch (spec) {
      case Matmul s -> check(Dnnl.dnnl_matmul_primitive_desc_create(out, engine, d.memory(s.src()), d.memory(s.weights()),
          d.memory(s.bias()), d.memory(s.dst()), attr), "dnnl_matmul_primitive_desc_create", s);
      case ConvolutionForward s -> check(Dnnl.dnnl_convolution_forward_primitive_desc_create(out, engine, Dnnl.dnnl_forward_training(),
          Dnnl.dnnl_convolution_direct(), d.memory(s.src()), d.memory(s.weights()), d.memory(s.bias()), d.memory(s.dst()),
          strides(d, s.window()), dilations(d, s.window()), padBegin(d, s.window()), padEnd(d, s.window()), attr),
          "dnnl_convolution_forward_primitive_desc_create", s);
      case ConvolutionBackwardData s -> check(Dnnl.dnnl_convolution_backward_data_primitive_desc_create(out, engine,
          Dnnl.dnnl_convolution_direct(), d.memory(s.diffSrc()), d.memory(s.weights()), d.memory(s.diffDst()), strides(d, s.window()),
          dilations(d, s.window()), padBegin(d, s.window()), padEnd(d, s.window()), MemorySegment.NULL, attr),
          "dnnl_convolution_backward_data_primitive_desc_create", s);
      case ConvolutionBackwardWeights s -> check(Dnnl.dnnl_convolution_backward_weights_primitive_desc_create(out, engine,
          Dnnl.dnnl_convolution_direct(), d.memory(s.src()), d.memory(s.diffWeights()), d.memory(s.diffBias()), d.memory(s.diffDst()),
          strides(d, s.window()), dilations(d, s.window()), padBegin(d, s.window()), padEnd(d, s.window()), MemorySegment.NULL, attr),
          "dnnl_convolution_backward_weights_primitive_desc_create", s);
      case PoolingForward s -> pooling(out, d, attr, s);
      case PoolingBackward s -> {
        // The workspace's layout is the forward's choice, and oneDNN refuses this one backward without it.
        PoolingForward forward = new PoolingForward(s.algorithm(), s.diffSrc(), s.diffDst(), s.window(), true, Attributes.NONE);
        MemorySegment hintOut = d.result();
        pooling(hintOut, d, attr, forward);
        MemorySegment hint = d.temporary(Descriptors.value(hintOut));
        Window w = s.window();
        check(Dnnl.dnnl_pooling_backward_primitive_desc_create(out, engine, s.algorithm().code(), d.memory(s.diffSrc()),
            d.memory(s.diffDst()), strides(d, w), d.dims(w.kernelH(), w.kernelW()), dilations(d, w), padBegin(d, w), padEnd(d, w), hint, attr),
            "dnnl_pooling_backward_primitive_desc_create", s);
      }
      case EltwiseForward s -> check(Dnnl.dnnl_eltwise_forward_primitive_desc_create(out, engine, Dnnl.dnnl_forward_training(),
          s.algorithm().code(), d.memory(s.src()), d.memory(s.dst()), s.alpha(), s.beta(), attr),
          "dnnl_eltwise_forward_primitive_desc_create", s);
      case EltwiseBackward s -> check(Dnnl.dnnl_eltwise_backward_primitive_desc_create(out, engine, s.algorithm().code(),
          d.memory(s.diffSrc()), d.memory(s.diffDst()), d.memory(s.data()), s.alpha(), s.beta(), MemorySegment.NULL, attr),
          "dnnl_eltwise_backward_primitive_desc_create", s);
      case LayerNormForward s -> check(Dnnl.dnnl_layer_normalization_forward_primitive_desc_create(out, engine, propagation(s.training()),
          d.memory(s.src()), d.memory(s.dst()), d.memory(LayerNormForward.statistics(s.src())), s.epsilon(),
          flags(s.scale(), s.shift()), attr), "dnnl_layer_normalization_forward_primitive_desc_create", s);
      case LayerNormBackward s -> check(Dnnl.dnnl_layer_normalization_backward_primitive_desc_create(out, engine, Dnnl.dnnl_backward(),
          d.memory(s.diffSrc()), d.memory(s.diffDst()), d.memory(s.src()), d.memory(LayerNormForward.statistics(s.src())),
          s.epsilon(), flags(s.scale(), s.shift()), MemorySegment.NULL, attr),
          "dnnl_layer_normalization_backward_primitive_desc_create", s);
      case SoftmaxForward s -> check(Dnnl.dnnl_softmax_forward_primitive_desc_create(out, engine, Dnnl.dnnl_forward_training(),
          softmax(s.logarithm()), d.memory(s.src()), d.memory(s.dst()), s.axis(), attr), "dnnl_softmax_forward_primitive_desc_create", s);
      case SoftmaxBackward s -> check(Dnnl.dnnl_softmax_backward_primitive_desc_create(out, engine, softmax(s.logarithm()),
          d.memory(s.diffSrc()), d.memory(s.diffDst()), d.memory(s.dst()), s.axis(), MemorySegment.NULL, attr),
          "dnnl_softmax_backward_primitive_desc_create", s);
      case ResamplingForward s -> check(Dnnl.dnnl_resampling_forward_primitive_desc_create(out, engine, Dnnl.dnnl_forward_training(),
          Dnnl.dnnl_resampling_nearest(), MemorySegment.NULL, d.memory(s.src()), d.memory(s.dst()), attr),
          "dnnl_resampling_forward_primitive_desc_create", s);
      case ResamplingBackward s -> check(Dnnl.dnnl_resampling_backward_primitive_desc_create(out, engine, Dnnl.dnnl_resampling_nearest(),
          MemorySegment.NULL, d.memory(s.diffSrc()), d.memory(s.diffDst()), MemorySegment.NULL, attr),
          "dnnl_resampling_backward_primitive_desc_create", s);
      case Reorder s -> check(Dnnl.dnnl_reorder_primitive_desc_create(out, d.memory(s.src()), engine, d.memory(s.dst()), engine, attr),
          "dnnl_reorder_primitive_desc_create", s);
      case Binary s -> check(Dnnl.dnnl_binary_primitive_desc_create(out, engine, s.algorithm().code(), d.memory(s.src0()),
          d.memory(s.src1()), d.memory(s.dst()), attr), "dnnl_binary_primitive_desc_create", s);
      case Reduction s -> check(Dnnl.dnnl_reduction_primitive_desc_create(out, engine, s.algorithm().code(), d.memory(s.src()),
          d.memory(s.dst()), 0, 0, attr), "dnnl_reduction_primitive_desc_create", s);
    }
    return Descriptors.value(out);
  }

  private void pooling(MemorySegment out, Descriptors d, MemorySegment attr, PoolingForward s) {
    Window w = s.window();
    check(Dnnl.dnnl_pooling_forward_primitive_desc_create(out, engine, propagation(s.training()), s.algorithm().code(), d.memory(s.src()),
        d.memory(s.dst()), strides(d, w), d.dims(w.kernelH(), w.kernelW()), dilations(d, w), padBegin(d, w), padEnd(d, w), attr),
        "dnnl_pooling_forward_primitive_desc_create", s);
  }

  private static int propagation(boolean training) {
    return training ? Dnnl.dnnl_forward_training() : Dnnl.dnnl_forward_inference();
  }

  private static int softmax(boolean logarithm) {
    return logarithm ? Dnnl.dnnl_softmax_log() : Dnnl.dnnl_softmax_accurate();
  }

  private static int flags(boolean scale, boolean shift) {
    return (scale ? Dnnl.dnnl_use_scale() : 0) | (shift ? Dnnl.dnnl_use_shift() : 0);
  }

  private static MemorySegment strides(Descriptors d, Window w) {
    return d.dims(w.strideH(), w.strideW());
  }

  /** oneDNN counts the rows left out, we the rows from one element to the next. */
  private static MemorySegment dilations(Descriptors d, Window w) {
    return d.dims(w.dilationH() - 1, w.dilationW() - 1);
  }

  private static MemorySegment padBegin(Descriptors d, Window w) {
    return d.dims(w.padTop(), w.padLeft());
  }

  private static MemorySegment padEnd(Descriptors d, Window w) {
    return d.dims(w.padBottom(), w.padRight());
  }
}
