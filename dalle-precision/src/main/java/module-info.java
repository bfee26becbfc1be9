/**
 * What turns gradients into better parameters: AdamW, the global gradient norm, scales that keep gradients inside 16-bit types, moving averages of parameters,
 * and the schedules that steer them.
 *
 * <p>Run with {@code --add-modules jdk.incubator.vector}.
 *
 * @provides dev.dalle.tensor.OperationProvider the operations of the optimizer and of gradient scaling on the processor
 */
module dev.dalle.precision {
  requires transitive dev.dalle.tensor;
  requires jdk.incubator.vector;

  exports dev.dalle.precision.format;
  exports dev.dalle.precision.optimizer;
  exports dev.dalle.precision.scale;
  exports dev.dalle.precision.schedule;

  provides dev.dalle.tensor.OperationProvider
      with dev.dalle.precision.internal.CpuOptimizerProvider, dev.dalle.precision.internal.CpuGradientProvider;
}
