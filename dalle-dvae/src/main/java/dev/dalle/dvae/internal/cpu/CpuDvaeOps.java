package dev.dalle.dvae.internal.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.dalle.dvae.DvaeOps;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.cpu.CpuDevice;
import java.lang.foreign.MemorySegment;

/** Launches the processor's kernels; arguments were checked before. */
final class CpuDvaeOps implements DvaeOps {
  /** Elements of element-wise work that a thread does at a time: 8 KiB stay in its first cache. */
  private static final int CHUNK = 2048;

  private final CpuDevice device;

  CpuDvaeOps(CpuDevice device) {
    this.device = device;
  }

  private static int width(Tensor tensor) {
    return Math.toIntExact(tensor.dim(-1));
  }

  @Override
  public void affine(Tensor in, double factor, double shift, Tensor out) {
    long count = in.elementCount();
    DType type = out.dtype();
    device.launch("affine", (team, memory) -> team.forRanges(count, CHUNK, (thread, from, to) -> {
      float[] values = new float[CHUNK];
      short[] bits = new short[type == DType.F32 ? 0 : CHUNK];
      for (long begin = from; begin < to; begin += CHUNK) {
        int length = (int) Math.min(CHUNK, to - begin);
        MemorySegment.copy(memory[0], JAVA_FLOAT, 4 * begin, values, 0, length);
        affine(values, (float) factor, (float) shift, length);
        if (type == DType.F32) {
          MemorySegment.copy(values, 0, memory[1], JAVA_FLOAT, 4 * begin, length);
          continue;
        }
        if (type == DType.BF16) {
          toBf16(values, bits, length);
        } else {
          toF16(values, bits, length);
        }
        MemorySegment.copy(bits, 0, memory[1], JAVA_SHORT, 2 * begin, length);
      }
    }), in, out);
  }

  private static void affine(float[] values, float factor, float shift, int length) {
    for (int i = 0; i < length; i++) {
      values[i] = values[i] * factor + shift;
    }
  }

  /** Rounds to nearest, ties to even; NaN stays NaN whatever its payload. */
  private static void toBf16(float[] values, short[] out, int length) {
    for (int i = 0; i < length; i++) {
      int bits = Float.floatToRawIntBits(values[i]);
      out[i] = (short) (values[i] != values[i] ? 0x7FC0 : (bits + 0x7FFF + (bits >>> 16 & 1)) >>> 16);
    }
  }

  /** As {@link #toBf16}; what is too great becomes infinite. */
  private static void toF16(float[] values, short[] out, int length) {
    for (int i = 0; i < length; i++) {
      out[i] = Float.floatToFloat16(values[i]);
    }
  }

  @Override
  public void gumbelSoftmax(Tensor logits, double temperature, long seed, long stream, Tensor code) {
    int width = width(logits);
    device.launch("gumbelSoftmax", (team, memory) -> team.forRanges(logits.shape().rowCount(), 1, (thread, from, to) -> {
      RowWork work = new RowWork(width);
      for (long row = from; row < to; row++) {
        work.gumbelSoftmax(memory[0], row, 1 / temperature, seed, stream, memory[1]);
      }
    }), logits, code);
  }

  @Override
  public void gumbelSoftmaxGradient(Tensor code, Tensor gradCode, double temperature, Tensor gradLogits) {
    int width = width(code);
    device.launch("gumbelSoftmaxGradient", (team, memory) -> team.forRanges(code.shape().rowCount(), 1, (thread, from, to) -> {
      RowWork work = new RowWork(width);
      for (long row = from; row < to; row++) {
        work.softmaxGradient(memory[0], memory[1], row, 1 / temperature, memory[2]);
      }
    }), code, gradCode, gradLogits);
  }

  @Override
  public void uniformDivergence(Tensor logits, Tensor divergences) {
    int width = width(logits);
    device.launch("uniformDivergence", (team, memory) -> team.forRanges(logits.shape().rowCount(), 1, (thread, from, to) -> {
      RowWork work = new RowWork(width);
      for (long row = from; row < to; row++) {
        work.divergence(memory[0], row, memory[1]);
      }
    }), logits, divergences);
  }

  @Override
  public void uniformDivergenceGradient(Tensor logits, Tensor gradSum, Tensor gradLogits) {
    int width = width(logits);
    device.launch("uniformDivergenceGradient", (team, memory) -> team.forRanges(logits.shape().rowCount(), 1, (thread, from, to) -> {
      RowWork work = new RowWork(width);
      float factor = memory[1].get(JAVA_FLOAT, 0);
      for (long row = from; row < to; row++) {
        work.divergenceGradient(memory[0], row, factor, memory[2]);
      }
    }), logits, gradSum, gradLogits);
  }

  @Override
  public void logitLaplace(Tensor pixels, Tensor maps, double minLogScale, Tensor losses) {
    int channels = width(pixels);
    device.launch("logitLaplace", (team, memory) -> {
      int chunk = rowsAtATime(channels);
      team.forRanges(pixels.shape().rowCount(), chunk, (thread, from, to) -> {
        LaplaceWork work = new LaplaceWork(channels, chunk);
        for (long row = from; row < to; row += chunk) {
          work.losses(memory[0], memory[1], row, (int) Math.min(chunk, to - row), (float) minLogScale, memory[2]);
        }
      });
    }, pixels, maps, losses);
  }

  @Override
  public void logitLaplaceGradient(Tensor pixels, Tensor maps, double minLogScale, Tensor gradSum, Tensor gradMaps) {
    int channels = width(pixels);
    device.launch("logitLaplaceGradient", (team, memory) -> {
      int chunk = rowsAtATime(channels);
      float factor = memory[2].get(JAVA_FLOAT, 0);
      team.forRanges(pixels.shape().rowCount(), chunk, (thread, from, to) -> {
        LaplaceWork work = new LaplaceWork(channels, chunk);
        for (long row = from; row < to; row += chunk) {
          work.gradients(memory[0], memory[1], row, (int) Math.min(chunk, to - row), (float) minLogScale, factor, memory[3]);
        }
      });
    }, pixels, maps, gradSum, gradMaps);
  }

  @Override
  public void pixels(Tensor maps, Tensor pixels) {
    int channels = width(pixels);
    device.launch("pixels", (team, memory) -> {
      int chunk = rowsAtATime(channels);
      team.forRanges(pixels.shape().rowCount(), chunk, (thread, from, to) -> {
        LaplaceWork work = new LaplaceWork(channels, chunk);
        for (long row = from; row < to; row += chunk) {
          work.pixels(memory[0], row, (int) Math.min(chunk, to - row), memory[1]);
        }
      });
    }, maps, pixels);
  }

  private static int rowsAtATime(int channels) {
    return Math.max(1, CHUNK / channels);
  }

  @Override
  public void roundingNorms(Tensor x, Tensor norms) {
    int width = width(x);
    device.launch("roundingNorms", (team, memory) -> team.forRanges(x.shape().rowCount(), 1, (thread, from, to) -> {
      ScreeningWork work = new ScreeningWork(width, 0);
      for (long row = from; row < to; row++) {
        work.norms(memory[0], row, memory[1]);
      }
    }), x, norms);
  }

  @Override
  public void argmaxLinear(Tensor x, Tensor xNorms, Tensor weight, Tensor weightNorms, Tensor bias, Tensor products, Tensor ids) {
    int width = width(x);
    int codes = width(products);
    device.launch("argmaxLinear", (team, memory) -> team.forRanges(x.shape().rowCount(), 1, (thread, from, to) -> {
      ScreeningWork work = new ScreeningWork(width, codes);
      work.codes(memory[3], memory[4]);
      for (long row = from; row < to; row++) {
        memory[6].setAtIndex(JAVA_INT, row, work.argmax(memory[0], memory[1], memory[2], memory[5], row));
      }
    }), x, xNorms, weight, weightNorms, bias, products, ids);
  }

  @Override
  public void gatherColumns(Tensor weight, Tensor bias, Tensor ids, Tensor out) {
    int outputs = width(out);
    int codes = width(weight);
    device.launch("gatherColumns", (team, memory) -> team.forRanges(ids.elementCount(), 1, (thread, from, to) -> {
      for (long row = from; row < to; row++) {
        int id = memory[2].getAtIndex(JAVA_INT, row);
        if (id < 0 || id >= codes) {
          throw new IndexOutOfBoundsException("id " + id + " at row " + row + ", there are " + codes + " codes");
        }
        for (long o = 0; o < outputs; o++) {
          float value = memory[0].getAtIndex(JAVA_FLOAT, o * codes + id) + memory[1].getAtIndex(JAVA_FLOAT, o);
          memory[3].setAtIndex(JAVA_FLOAT, row * outputs + o, value);
        }
      }
    }), weight, bias, ids, out);
  }
}
