package dev.dalle.bench;

import dev.dalle.bench.GridBenchmark.Resizing;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Ops;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tensor;
import java.util.List;
import java.util.function.Supplier;
import org.bytedeco.pytorch.T_TensorTensor_T;
import org.bytedeco.pytorch.global.torch;

/** Pooling and upsampling on both sides. */
final class GridComparison implements Comparison {
  private final DType dtype;
  private final Resizing resizing;
  private final boolean gradient;
  private final int batch;
  private final int height;
  private final int width;
  private final int channels;
  private final float[] large;
  private final float[] small;

  GridComparison(String shape, DType dtype, Resizing resizing, boolean gradient) {
    int[] dims = Dims.parse(shape, 4);
    this.dtype = dtype;
    this.resizing = resizing;
    this.gradient = gradient;
    batch = dims[0];
    height = dims[1];
    width = dims[2];
    channels = dims[3];
    long count = (long) batch * height * width * channels;
    large = Inputs.normal(1, 1, count);
    small = Inputs.normal(2, 1, count / 4);
  }

  @Override
  public double tolerance() {
    return Tolerances.of(dtype, 4);
  }

  @Override
  public Formulation ours() {
    Scope scope = Ours.device().newScope();
    Ops ops = scope.device().ops();
    Tensor big = Ours.of(scope, dtype, large, batch, height, width, channels);
    Tensor little = Ours.of(scope, dtype, small, batch, height / 2, width / 2, channels);
    Tensor bigOut = scope.allocate(dtype, big.shape());
    Tensor littleOut = scope.allocate(dtype, little.shape());
    return switch (resizing) {
      case MAX_POOL -> gradient ? Ours.of(scope, () -> ops.maxPool2Gradient(big, little, bigOut), bigOut)
          : Ours.of(scope, () -> ops.maxPool2(big, littleOut), littleOut);
      case UPSAMPLE -> gradient ? Ours.of(scope, () -> ops.upsample2Gradient(big, littleOut), littleOut)
          : Ours.of(scope, () -> ops.upsample2(little, bigOut), bigOut);
    };
  }

  /** Channels-last. Pooling goes with the indices that its gradient needs, as autograd has it. */
  @Override
  public Formulation libtorch() {
    Torch.prepare();
    long[] two = {2, 2};
    long[] none = {0, 0};
    long[] ones = {1, 1};
    long[] largeSize = {height, width};
    long[] smallShape = {batch, channels, height / 2, width / 2};
    org.bytedeco.pytorch.Tensor big = Torch.image(dtype, large, batch, height, width, channels);
    org.bytedeco.pytorch.Tensor little = Torch.image(dtype, small, batch, height / 2, width / 2, channels);
    if (resizing == Resizing.UPSAMPLE) {
      return gradient ? returning(() -> torch.upsample_nearest2d_backward(big, largeSize, smallShape))
          : returning(() -> torch.upsample_nearest2d(little, largeSize));
    }
    if (!gradient) {
      return returning(() -> torch.max_pool2d_with_indices(big, two, two, none, ones, false).get0());
    }
    T_TensorTensor_T pooled = torch.max_pool2d_with_indices(big, two, two, none, ones, false);
    org.bytedeco.pytorch.Tensor indices = new org.bytedeco.pytorch.Tensor(pooled.get1());
    return returning(() -> torch.max_pool2d_with_indices_backward(little, big, two, two, none, ones, false, indices));
  }

  private static Formulation returning(Supplier<org.bytedeco.pytorch.Tensor> body) {
    return Torch.of(body::get, () -> List.of(Torch.imageFloats(body.get())));
  }
}
