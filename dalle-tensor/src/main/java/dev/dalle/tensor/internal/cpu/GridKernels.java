package dev.dalle.tensor.internal.cpu;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.cpu.CpuDevice;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** Pooling and upsampling of image grids {@code [B, H, W, C]}, one row of the smaller grid at a time. */
final class GridKernels {
  private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;

  private final CpuDevice device;

  GridKernels(CpuDevice device) {
    this.device = device;
  }

  /** What a kernel is given of the two grids: a row of the small one and the two rows of the large one that belong to it. */
  @FunctionalInterface
  private interface RowKernel {
    void run(long smallRow, long firstLargeRow, int smallWidth, int channels, float[][] buffers);
  }

  /** Rows of the small grid over the team; large row 2r and 2r + 1 belong to small row r of the flattened batch, since H is even. */
  private void forRows(String name, Tensor small, java.util.function.Function<java.lang.foreign.MemorySegment[], RowKernel> kernel,
      Tensor... tensors) {
    int width = Math.toIntExact(small.dim(2));
    int channels = Math.toIntExact(small.dim(3));
    long rows = small.dim(0) * small.dim(1);
    device.launch(name, (team, memory) -> {
      RowKernel body = kernel.apply(memory);
      team.forRanges(rows, TableKernels.grain(4 * width * channels), (thread, from, to) -> {
        float[][] buffers = {new float[width * channels], new float[2 * width * channels], new float[2 * width * channels],
            new float[2 * width * channels], new float[2 * width * channels]};
        for (long row = from; row < to; row++) {
          body.run(row, 2 * row, width, channels, buffers);
        }
      });
    }, tensors);
  }

  void maxPool2(Tensor in, Tensor out) {
    DType dtype = in.dtype();
    forRows("maxPool2", out, memory -> (row, large, width, channels, buffers) -> {
      int span = 2 * width * channels;
      Tiles.load(memory[0], dtype, large * span, buffers[1], span);
      Tiles.load(memory[0], dtype, (large + 1) * span, buffers[2], span);
      for (int x = 0; x < width; x++) {
        max(buffers[1], buffers[2], 2 * x * channels, channels, buffers[0], x * channels);
      }
      Tiles.store(buffers[0], memory[1], dtype, row * width * channels, width * channels);
    }, in, out);
  }

  private static void max(float[] upper, float[] lower, int at, int channels, float[] out, int to) {
    int c = 0;
    for (; c <= channels - FLOATS.length(); c += FLOATS.length()) {
      FloatVector top = greater(FloatVector.fromArray(FLOATS, upper, at + c), FloatVector.fromArray(FLOATS, upper, at + channels + c));
      FloatVector bottom = greater(FloatVector.fromArray(FLOATS, lower, at + c), FloatVector.fromArray(FLOATS, lower, at + channels + c));
      greater(top, bottom).intoArray(out, to + c);
    }
    for (; c < channels; c++) {
      out[to + c] = greater(greater(upper[at + c], upper[at + channels + c]), greater(lower[at + c], lower[at + channels + c]));
    }
  }

  /** The second where it is greater or NaN, else the first, so that a NaN is not lost. Cheaper than max, which also tells zeros apart. */
  private static FloatVector greater(FloatVector first, FloatVector second) {
    return first.blend(second, first.compare(VectorOperators.LT, second).or(second.test(VectorOperators.IS_NAN)));
  }

  private static float greater(float first, float second) {
    return first < second || Float.isNaN(second) ? second : first;
  }

  void maxPool2Gradient(Tensor in, Tensor gradOut, Tensor gradIn) {
    DType dtype = in.dtype();
    DType gradType = gradOut.dtype();
    forRows("maxPool2Gradient", gradOut, memory -> (row, large, width, channels, buffers) -> {
      int span = 2 * width * channels;
      Tiles.load(memory[0], dtype, large * span, buffers[1], span);
      Tiles.load(memory[0], dtype, (large + 1) * span, buffers[2], span);
      Tiles.load(memory[1], gradType, row * width * channels, buffers[0], width * channels);
      for (int x = 0; x < width; x++) {
        route(buffers[1], buffers[2], 2 * x * channels, channels, buffers[0], x * channels, buffers[3], buffers[4]);
      }
      Tiles.store(buffers[3], memory[2], dtype, large * span, span);
      Tiles.store(buffers[4], memory[2], dtype, (large + 1) * span, span);
    }, in, gradOut, gradIn);
  }

  /** The gradient goes to the first of the greatest; everything else gets zero. */
  private static void route(float[] upper, float[] lower, int at, int channels, float[] grad, int from, float[] upperGrad,
      float[] lowerGrad) {
    FloatVector zero = FloatVector.zero(FLOATS);
    int c = 0;
    for (; c <= channels - FLOATS.length(); c += FLOATS.length()) {
      FloatVector a = FloatVector.fromArray(FLOATS, upper, at + c);
      FloatVector b = FloatVector.fromArray(FLOATS, upper, at + channels + c);
      FloatVector d = FloatVector.fromArray(FLOATS, lower, at + c);
      FloatVector e = FloatVector.fromArray(FLOATS, lower, at + channels + c);
      VectorMask<Float> aboveRight = b.compare(VectorOperators.GT, a);
      VectorMask<Float> belowRight = e.compare(VectorOperators.GT, d);
      VectorMask<Float> below = d.blend(e, belowRight).compare(VectorOperators.GT, a.blend(b, aboveRight));
      FloatVector g = FloatVector.fromArray(FLOATS, grad, from + c);
      FloatVector above = g.blend(zero, below);
      FloatVector under = zero.blend(g, below);
      above.blend(zero, aboveRight).intoArray(upperGrad, at + c);
      zero.blend(above, aboveRight).intoArray(upperGrad, at + channels + c);
      under.blend(zero, belowRight).intoArray(lowerGrad, at + c);
      zero.blend(under, belowRight).intoArray(lowerGrad, at + channels + c);
    }
    for (; c < channels; c++) {
      float a = upper[at + c];
      float b = upper[at + channels + c];
      float d = lower[at + c];
      float e = lower[at + channels + c];
      float g = grad[from + c];
      boolean aboveRight = b > a;
      boolean belowRight = e > d;
      boolean below = (belowRight ? e : d) > (aboveRight ? b : a);
      upperGrad[at + c] = !below && !aboveRight ? g : 0;
      upperGrad[at + channels + c] = !below && aboveRight ? g : 0;
      lowerGrad[at + c] = below && !belowRight ? g : 0;
      lowerGrad[at + channels + c] = below && belowRight ? g : 0;
    }
  }

  void upsample2(Tensor in, Tensor out) {
    DType dtype = in.dtype();
    forRows("upsample2", in, memory -> (row, large, width, channels, buffers) -> {
      int span = 2 * width * channels;
      Tiles.load(memory[0], dtype, row * width * channels, buffers[0], width * channels);
      for (int x = 0; x < width; x++) {
        System.arraycopy(buffers[0], x * channels, buffers[1], 2 * x * channels, channels);
        System.arraycopy(buffers[0], x * channels, buffers[1], (2 * x + 1) * channels, channels);
      }
      Tiles.store(buffers[1], memory[1], dtype, large * span, span);
      Tiles.store(buffers[1], memory[1], dtype, (large + 1) * span, span);
    }, in, out);
  }

  void upsample2Gradient(Tensor gradOut, Tensor gradIn) {
    DType dtype = gradOut.dtype();
    forRows("upsample2Gradient", gradIn, memory -> (row, large, width, channels, buffers) -> {
      int span = 2 * width * channels;
      Tiles.load(memory[0], dtype, large * span, buffers[1], span);
      Tiles.load(memory[0], dtype, (large + 1) * span, buffers[2], span);
      for (int x = 0; x < width; x++) {
        sum(buffers[1], buffers[2], 2 * x * channels, channels, buffers[0], x * channels);
      }
      Tiles.store(buffers[0], memory[1], dtype, row * width * channels, width * channels);
    }, gradOut, gradIn);
  }

  private static void sum(float[] upper, float[] lower, int at, int channels, float[] out, int to) {
    for (int c = 0; c < channels; c++) {
      out[to + c] = (upper[at + c] + upper[at + channels + c]) + (lower[at + c] + lower[at + channels + c]);
    }
  }
}
