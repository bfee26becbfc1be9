package dev.dalle.tensor.internal.cpu;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.cpu.CpuDevice;
import dev.dalle.tensor.cpu.CpuTeam;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.stream.Stream;

/**
 * Convolutions of F32 images, NHWC, with 3 x 3 kernels by Winograd's minimal filtering F(2 x 2, 3 x 3), with 2.25 times fewer multiplications than by the
 * definition. Each tile of 2 x 2 results depends on a tile d of 4 x 4 inputs (the tiles of inputs overlap, and are filled up with zeros at the edges):
 * <pre>
 * Y = A^T [ sum over inputs of (G g G^T) * (B^T d B) ] A + bias     with * by elements, g the kernel
 * </pre>
 * so that for each of the 16 elements there is one product of matrices, [tiles, inputs] by [inputs, outputs]. The matrices A, B and G are with the loops in
 * {@link WinogradKernels}. The gradient of the input is the same computation with the kernel turned by 180 degrees, and inputs and outputs exchanged. Source: Lavin
 * and Gray 2015, arXiv 1509.09308, sections 3 and 4.
 *
 * <p>Kernels are transformed at every call, for they change at every step. Then each thread takes its share of the tiles block by block, and of a block's results
 * {@link WinogradKernels#PANEL} outputs at a time, so that all that is between the image and the result stays in the caches. A result is made of the same sums in
 * the same order whatever the number of threads and the rest of the batch: the bits are the same.
 *
 * <p>Error: B holds only 0, 1 and -1, and G halves, so little is lost. The root mean square of the errors is 2e-7 of that of the results for 64 inputs and 4e-7 for
 * 512 to 2048 (uniform random numbers), against 4e-7 and 1.1e-6 with oneDNN's direct convolution, whose sums are longer. What is not finite spreads:
 * an infinity or NaN in the image can make all four results of a tile that it is in NaN, also those that do not depend on it.
 *
 * <p>When it is chosen ({@link #pays}), from measurements on Zen 4 with two threads, against oneDNN's direct convolution at 215 GF/s: with 256 positions it was 1.2
 * to 1.4 times as fast, with 128 slower, since transforming kernels takes as long as some 100 positions; with 16 inputs the gain was below 1.15, with 32 it was 1.2 to
 * 1.4, with 64 1.5 and from 128 on 1.6 to 1.9. With AVX2 alone it was no faster, as the sums do not fit in the registers. Not measured: more than two threads.
 */
final class WinogradConvolution {
  private static final int PANEL = WinogradKernels.PANEL;
  private static final int MATRICES = 16;
  private static final int WEIGHTS = 9;
  /** Floats from the end of a matrix to the next, lest equal places of all 16 fall into one set of the first-level cache. */
  private static final int GAP = 16;
  /** Inputs whose kernels are transformed together: 18 KB before, 32 KB after. */
  private static final int TOGETHER = 8;

  private final CpuDevice device;
  private final Scratch weights = new Scratch();
  private final Scratch zeros = new Scratch();
  private final Working[] workings;

  WinogradConvolution(CpuDevice device) {
    this.device = device;
    this.workings = Stream.generate(Working::new).limit(device.threads()).toArray(Working[]::new);
  }

  /** What one thread writes and only itself reads. */
  private static final class Working {
    private final Scratch inputTile = new Scratch();
    private final Scratch outputTile = new Scratch();
    private final float[] run = new float[PANEL * WEIGHTS];
    private final float[] turned = new float[TOGETHER * WEIGHTS * PANEL];
    private float[] v = new float[0];
    private float[] m = new float[0];

    void grow(Sizes sizes) {
      if (v.length < MATRICES * sizes.vStep) {
        v = new float[MATRICES * sizes.vStep];
      }
      if (m.length < MATRICES * sizes.mStep) {
        m = new float[MATRICES * sizes.mStep];
      }
    }
  }

  /**
   * One convolution.
   *
   * @param block tiles that are worked on together: their transformed inputs take 2 MB, or more for more than 1024 inputs, since it takes 32 tiles to pay for
   *     fetching the weights
   * @param vStep floats from one matrix of transformed inputs, [block, inputs], to the next
   * @param mStep floats from one matrix of products, [block, PANEL], to the next
   */
  private record Sizes(int batch, int height, int width, int inputs, int outputs, int block, int vStep, int mStep) {
    static Sizes of(Tensor from, Tensor to) {
      int inputs = Math.toIntExact(from.dim(3));
      int block = Math.clamp(32_768 / inputs / WinogradKernels.ROWS * WinogradKernels.ROWS, 32, 128);
      return new Sizes(Math.toIntExact(from.dim(0)), Math.toIntExact(from.dim(1)), Math.toIntExact(from.dim(2)), inputs, Math.toIntExact(to.dim(3)), block,
          Math.addExact(Math.multiplyExact(block, inputs), GAP), block * PANEL + GAP);
    }

    int tileRows() {
      return (height + 1) / 2;
    }

    int tileColumns() {
      return (width + 1) / 2;
    }

    long tiles() {
      return (long) batch * tileRows() * tileColumns();
    }

    int panels() {
      return outputs / PANEL;
    }

    /** Bytes of a matrix of transformed kernels, [inputs, PANEL]. */
    long uStep() {
      return 4L * PANEL * inputs;
    }

    /** The pixel, counted over the batch, that begins a row of an image. */
    long pixel(long image, int row) {
      return (image * height + row) * width;
    }
  }

  /** Whether a convolution from the first to the last of these is done here, and done faster than by its definition. */
  boolean pays(Tensor from, Tensor weight, Tensor to) {
    return from.dtype() == DType.F32 && to.dtype() == DType.F32 && weight.dim(3) == 3
        && pays(from.dim(0), from.dim(1), from.dim(2), from.dim(3), to.dim(3), device.threads());
  }

  /** Whether it pays for images of these sizes: channels fill vectors, kernels are used often enough, and few results of tiles fall over the edge. */
  static boolean pays(long batch, long height, long width, long inputs, long outputs, int threads) {
    long positions = batch * height * width;
    long tiles = batch * ((height + 1) / 2) * ((width + 1) / 2);
    return WinogradKernels.WIDE && inputs >= 32 && inputs % 16 == 0 && outputs % PANEL == 0 && positions >= 256 && tiles >= 16L * threads
        && 16 * tiles <= 5 * positions;
  }

  /** {@link dev.dalle.tensor.Ops#convolution}; inputs are a multiple of 16, outputs of {@link WinogradKernels#PANEL}. */
  void convolution(Tensor x, Tensor weight, Tensor bias, Tensor out) {
    Sizes sizes = Sizes.of(x, out);
    device.launch("convolution by tiles", (team, memory) -> {
      MemorySegment u = transformWeights(team, sizes, memory[1], false);
      convolve(team, sizes, memory[0], u, memory[2], memory[3]);
    }, x, weight, bias, out);
  }

  /** {@link dev.dalle.tensor.Ops#convolutionInputGradient}; channels of gradOut are a multiple of 16, of gradIn of {@link WinogradKernels#PANEL}. */
  void inputGradient(Tensor gradOut, Tensor weight, Tensor gradIn) {
    Sizes sizes = Sizes.of(gradOut, gradIn);
    device.launch("convolutionInputGradient by tiles", (team, memory) -> {
      MemorySegment u = transformWeights(team, sizes, memory[1], true);
      convolve(team, sizes, memory[0], u, zeros.of(4L * sizes.outputs), memory[2]);
    }, gradOut, weight, gradIn);
  }

  /**
   * The transformed kernels: panel by panel 16 matrices [inputs, PANEL].
   *
   * @param weight [outputs, inputs, 3, 3], or [inputs, outputs, 3, 3], to be turned by 180 degrees
   */
  private MemorySegment transformWeights(CpuTeam team, Sizes sizes, MemorySegment weight, boolean reversed) {
    MemorySegment u = weights.of(sizes.panels() * MATRICES * sizes.uStep());
    int groups = (sizes.inputs + TOGETHER - 1) / TOGETHER;
    team.forRanges((long) groups * sizes.panels(), 1, (thread, from, to) -> {
      for (long i = from; i < to; i++) {
        transformWeights(sizes, weight, reversed, (int) (i / groups), (int) (i % groups) * TOGETHER, workings[thread], u);
      }
    });
    return u;
  }

  private static void transformWeights(Sizes sizes, MemorySegment weight, boolean reversed, int panel, int input, Working working, MemorySegment u) {
    int count = Math.min(TOGETHER, sizes.inputs - input);
    float[] turned = working.turned;
    if (reversed) {
      for (int i = 0; i < count; i++) {
        Tiles.load(weight, DType.F32, WEIGHTS * ((long) (input + i) * sizes.outputs + (long) panel * PANEL), working.run, WEIGHTS * PANEL);
        turnReversed(working.run, turned, i * WEIGHTS * PANEL);
      }
    } else {
      for (int o = 0; o < PANEL; o++) {
        Tiles.load(weight, DType.F32, WEIGHTS * ((long) (panel * PANEL + o) * sizes.inputs + input), working.run, WEIGHTS * count);
        turn(working.run, WEIGHTS * count, turned, o);
      }
    }
    long to = panel * MATRICES * sizes.uStep() + 4L * PANEL * input;
    for (int i = 0; i < count; i++) {
      WinogradKernels.transformWeights(turned, i * WEIGHTS * PANEL, u, to + 4L * PANEL * i, sizes.uStep());
    }
  }

  private static void turn(float[] run, int count, float[] turned, int output) {
    for (int i = 0; i < count; i++) {
      turned[i * PANEL + output] = run[i];
    }
  }

  private static void turnReversed(float[] run, float[] turned, int to) {
    for (int j = 0; j < WEIGHTS; j++) {
      int row = to + (WEIGHTS - 1 - j) * PANEL;
      for (int o = 0; o < PANEL; o++) {
        turned[row + o] = run[o * WEIGHTS + j];
      }
    }
  }

  private void convolve(CpuTeam team, Sizes sizes, MemorySegment x, MemorySegment u, MemorySegment bias, MemorySegment out) {
    team.forRanges(sizes.tiles(), WinogradKernels.ROWS, (thread, from, to) -> {
      Working working = workings[thread];
      working.grow(sizes);
      for (long tile = from; tile < to; tile += sizes.block) {
        convolve(sizes, tile, (int) Math.min(sizes.block, to - tile), x, u, bias, out, working);
      }
    });
  }

  /** A block of tiles. If they do not fill the last group of rows, that has leftovers of earlier blocks, whose products nobody reads. */
  private static void convolve(Sizes sizes, long first, int count, MemorySegment x, MemorySegment u, MemorySegment bias, MemorySegment out, Working working) {
    for (int t = 0; t < count; t++) {
      loadTile(sizes, first + t, x, working, t * sizes.inputs);
    }
    int rows = (count + WinogradKernels.ROWS - 1) / WinogradKernels.ROWS * WinogradKernels.ROWS;
    for (int panel = 0; panel < sizes.panels(); panel++) {
      for (int i = 0; i < MATRICES; i++) {
        WinogradKernels.multiply(working.v, i * sizes.vStep, sizes.inputs, rows, u, (panel * MATRICES + i) * sizes.uStep(), working.m, i * sizes.mStep);
      }
      for (int t = 0; t < count; t++) {
        storeTile(sizes, first + t, panel, working, t * PANEL, bias, out);
      }
    }
  }

  private static void loadTile(Sizes sizes, long tile, MemorySegment x, Working working, int to) {
    long tileRow = tile / sizes.tileColumns();
    long image = tileRow / sizes.tileRows();
    int top = 2 * (int) (tileRow % sizes.tileRows()) - 1;
    int left = 2 * (int) (tile % sizes.tileColumns()) - 1;
    long pixel = 4L * sizes.inputs;
    if (top >= 0 && left >= 0 && top + 4 <= sizes.height && left + 4 <= sizes.width) {
      WinogradKernels.transformInput(x, pixel * (sizes.pixel(image, top) + left), pixel * sizes.width, pixel, sizes.inputs, working.v, to, sizes.vStep);
      return;
    }
    MemorySegment whole = working.inputTile.of(MATRICES * pixel);
    whole.fill((byte) 0);
    int begin = Math.max(0, left);
    int end = Math.min(sizes.width, left + 4);
    for (int row = Math.max(0, top); row < Math.min(sizes.height, top + 4); row++) {
      MemorySegment.copy(x, pixel * (sizes.pixel(image, row) + begin), whole, pixel * (4 * (row - top) + begin - left), pixel * (end - begin));
    }
    WinogradKernels.transformInput(whole, 0, 4 * pixel, pixel, sizes.inputs, working.v, to, sizes.vStep);
  }

  private static void storeTile(Sizes sizes, long tile, int panel, Working working, int from, MemorySegment bias, MemorySegment out) {
    long tileRow = tile / sizes.tileColumns();
    long image = tileRow / sizes.tileRows();
    int top = 2 * (int) (tileRow % sizes.tileRows());
    int left = 2 * (int) (tile % sizes.tileColumns());
    long pixel = 4L * sizes.outputs;
    long row = pixel * sizes.width;
    long firstOutput = 4L * PANEL * panel;
    long to = pixel * (sizes.pixel(image, top) + left) + firstOutput;
    if (top + 2 <= sizes.height && left + 2 <= sizes.width) {
      WinogradKernels.transformOutput(working.m, from, sizes.mStep, bias, firstOutput, out, to, row, pixel);
      return;
    }
    long run = 4L * PANEL;
    MemorySegment whole = working.outputTile.of(4 * run);
    WinogradKernels.transformOutput(working.m, from, sizes.mStep, bias, firstOutput, whole, 0, 2 * run, run);
    for (int r = 0; r < Math.min(2, sizes.height - top); r++) {
      for (int c = 0; c < Math.min(2, sizes.width - left); c++) {
        MemorySegment.copy(whole, run * (2 * r + c), out, to + r * row + c * pixel, run);
      }
    }
  }
}
