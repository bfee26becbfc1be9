package dev.dalle.bench;

import dev.dalle.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.bytedeco.javacpp.BoolPointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** libtorch's side: settings, tensors from and to arrays. Tensors made outside of a {@link PointerScope} live as long as their Java object. */
final class Torch {
  private Torch() {}

  /** Sets the number of threads. Call it before anything else of libtorch. */
  static void prepare() {
    torch.set_num_threads(Settings.threads());
    torch.manual_seed(1);
  }

  static ScalarType type(DType dtype) {
    return switch (dtype) {
      case F32 -> ScalarType.Float;
      case BF16 -> ScalarType.BFloat16;
      case F16 -> ScalarType.Half;
      default -> throw new IllegalArgumentException("dtype: expected F32, F16 or BF16, got " + dtype);
    };
  }

  /** A tensor of given numbers, rounded to the type. */
  static Tensor of(DType dtype, float[] values, long... dims) {
    return Tensor.create(values, dims).to(type(dtype));
  }

  /** A tensor of 64-bit indices. */
  static Tensor of(int[] values, long... dims) {
    long[] wide = new long[values.length];
    for (int i = 0; i < values.length; i++) {
      wide[i] = values[i];
    }
    return Tensor.create(wide, dims);
  }

  /** An image batch given as {@code [B, H, W, C]}, seen as {@code [B, C, H, W]} in the channels-last layout, which its convolutions like best. */
  static Tensor image(DType dtype, float[] values, long batch, long height, long width, long channels) {
    return of(dtype, values, batch, height, width, channels).permute(0, 3, 1, 2);
  }

  /** A convolution's weight {@code [O, I, k, k]} in the channels-last layout. */
  static Tensor kernel(DType dtype, float[] values, long outputs, long inputs, long size) {
    return of(dtype, values, outputs, inputs, size, size).contiguous(MemoryFormat.ChannelsLast);
  }

  /** The elements in row-major order of the dimensions, whatever the layout. */
  static float[] floats(Tensor tensor) {
    Tensor plain = tensor.detach().to(ScalarType.Float).contiguous();
    float[] values = new float[Math.toIntExact(plain.numel())];
    new FloatPointer(plain.data_ptr_float()).get(values);
    return values;
  }

  /** The elements of {@code [B, C, H, W]} in the order {@code [B, H, W, C]}. */
  static float[] imageFloats(Tensor tensor) {
    return floats(tensor.permute(0, 2, 3, 1));
  }

  static TensorOptional optional(Tensor tensor) {
    return new TensorOptional(tensor);
  }

  static TensorVector vector(List<Tensor> tensors) {
    return new TensorVector(tensors.toArray(Tensor[]::new));
  }

  /** Three flags. */
  static BoolPointer mask(boolean first, boolean second, boolean third) {
    BoolPointer mask = new BoolPointer(3);
    return mask.put(0, first).put(1, second).put(2, third);
  }

  /**
   * Runs operations without recording gradients. Java objects of temporary tensors are closed after each run, not by the garbage collector: libtorch gets its
   * memory back as promptly as in a C++ program.
   *
   * @param body computes
   * @param outputs computes and returns what came out
   */
  static Formulation of(Runnable body, Supplier<List<float[]>> outputs) {
    return new Formulation() {
      @Override
      public void run() {
        try (PointerScope scope = new PointerScope(); NoGradGuard guard = new NoGradGuard()) {
          body.run();
        }
      }

      @Override
      public List<float[]> results() {
        try (PointerScope scope = new PointerScope(); NoGradGuard guard = new NoGradGuard()) {
          return outputs.get();
        }
      }

      @Override
      public void close() {
        // libtorch's tensors go with their Java objects.
      }
    };
  }

  /** As {@link #of(Runnable, Supplier)} for operations that write into given tensors. */
  static Formulation into(Runnable body, Tensor... outputs) {
    return of(body, () -> {
      body.run();
      List<float[]> results = new ArrayList<>();
      for (Tensor output : outputs) {
        results.add(floats(output));
      }
      return results;
    });
  }

  /** As {@link #of(Runnable, Supplier)} for operations that return new tensors. */
  static Formulation returning(Supplier<List<Tensor>> body) {
    return of(body::get, () -> body.get().stream().map(Torch::floats).toList());
  }
}
