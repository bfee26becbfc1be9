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
    for (int c = 0; c < channels; c++) {
      out[to + c] = Math.max(Math.max(upper[at + c], upper[at + channels + c]), Math.max(lower[at + c], lower[at + channels + c]));
    }
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

  /** The gradient goes to the first of the greatest; everything else gets zero. Written with vectors: a loop with these choices is not vectorised. */
  private static void route(float[] upper, float[] lower, int at, int channels, float[] grad, int from, float[] upperGrad,
      float[] lowerGrad) {
    int c = 0;
    for (; c <= channels - FLOATS.length(); c += FLOATS.length()) {
      int left = at + c;
      int right = left + channels;
      FloatVector a = FloatVector.fromArray(FLOATS, upper, left);
      FloatVector b = FloatVector.fromArray(FLOATS, upper, right);
      FloatVector d = FloatVector.fromArray(FLOATS, lower, left);
      FloatVector e = FloatVector.fromArray(FLOATS, lower, right);
      FloatVector g = FloatVector.fromArray(FLOATS, grad, from + c);
      FloatVector best = a.max(b).max(d.max(e));
      VectorMask<Float> notFirst = a.compare(VectorOperators.NE, best);
      VectorMask<Float> notSecond = b.compare(VectorOperators.NE, best).and(notFirst);
      VectorMask<Float> notThird = d.compare(VectorOperators.NE, best).and(notSecond);
      FloatVector zero = FloatVector.zero(FLOATS);
      g.blend(zero, notFirst).intoArray(upperGrad, left);
      zero.blend(g, notFirst.andNot(notSecond)).intoArray(upperGrad, right);
      zero.blend(g, notSecond.andNot(notThird)).intoArray(lowerGrad, left);
      zero.blend(g, notThird).intoArray(lowerGrad, right);
    }
    for (; c < channels; c++) {
      routeOne(upper, lower, at + c, channels, grad[from + c], upperGrad, lowerGrad);
    }
  }

  private static void routeOne(float[] upper, float[] lower, int left, int channels, float g, float[] upperGrad, float[] lowerGrad) {
    int right = left + channels;
    float best = Math.max(Math.max(upper[left], upper[right]), Math.max(lower[left], lower[right]));
    boolean first = upper[left] == best;
    boolean second = !first && upper[right] == best;
    boolean third = !first && !second && lower[left] == best;
    upperGrad[left] = first ? g : 0;
    upperGrad[right] = second ? g : 0;
    lowerGrad[left] = third ? g : 0;
    lowerGrad[right] = first || second || third ? 0 : g;
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
