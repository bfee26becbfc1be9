/**
 * What turns gradients into better parameters: AdamW, the global gradient norm, scales that keep gradients inside 16-bit types, moving averages of parameters,
 * the schedules that steer them, and the small number formats in which all of that is kept.
 *
 * <p>A model takes part as residual blocks of which each has a name, parameters and a function of the stream; {@link dev.dalle.precision.scale} shows how one of
 * your own is trained in fp16, with a scale for the gradients of each block and 16-bit moments.
 *
 * <p>Run with {@code --add-modules jdk.incubator.vector}.
 *
 * @provides dev.dalle.tensor.OperationProvider the operations of the optimizer, of gradient scaling, and of packing and unpacking on the processor
 */
module dev.dalle.precision {
  requires transitive dev.dalle.tensor;
  requires jdk.incubator.vector;

  exports dev.dalle.precision.format;
  exports dev.dalle.precision.optimizer;
  exports dev.dalle.precision.scale;
  exports dev.dalle.precision.schedule;

  provides dev.dalle.tensor.OperationProvider with
      dev.dalle.precision.internal.CpuOptimizerProvider,
      dev.dalle.precision.internal.CpuGradientProvider,
      dev.dalle.precision.internal.CpuFormatProvider;
}
