package dev.dalle.tensor.internal.cpu;

import dev.dalle.tensor.Activation;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Philox;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.cpu.CpuDevice;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Operations on elements, tile by tile; see {@link dev.dalle.tensor.Ops} for what each means. */
final class ElementKernels {
  /** Below this many elements a second thread costs more than it brings. */
  private static final long GRAIN = 8 * Tiles.LENGTH;
  /** Sums are made of chunks of this many elements, added in order: the same bits for any number of threads. */
  private static final long CHUNK = 16 * Tiles.LENGTH;

  private final CpuDevice device;

  ElementKernels(CpuDevice device) {
    this.device = device;
  }

  /** {@code y[i] = f(x[i])}. */
  @FunctionalInterface
  private interface Unary {
    void run(float[] x, float[] y, int count);
  }

  /** {@code z[i] = f(x[i], y[i])}; {@code z} may be {@code x}. */
  @FunctionalInterface
  private interface Binary {
    void run(float[] x, float[] y, float[] z, int count);
  }

  private void map(String name, Tensor in, Tensor out, Unary f) {
    DType inType = in.dtype();
    DType outType = out.dtype();
    device.launch(name, (team, memory) -> team.forRanges(in.elementCount(), GRAIN, (thread, from, to) -> {
      float[] x = new float[Tiles.LENGTH];
      float[] y = new float[Tiles.LENGTH];
      for (long at = from; at < to; at += Tiles.LENGTH) {
        int count = (int) Math.min(Tiles.LENGTH, to - at);
        Tiles.load(memory[0], inType, at, x, count);
        f.run(x, y, count);
        Tiles.store(y, memory[1], outType, at, count);
      }
    }), in, out);
  }

  private void map(String name, Tensor a, Tensor b, Tensor out, Binary f) {
    DType aType = a.dtype();
    DType bType = b.dtype();
    DType outType = out.dtype();
    device.launch(name, (team, memory) -> team.forRanges(a.elementCount(), GRAIN, (thread, from, to) -> {
      float[] x = new float[Tiles.LENGTH];
      float[] y = new float[Tiles.LENGTH];
      for (long at = from; at < to; at += Tiles.LENGTH) {
        int count = (int) Math.min(Tiles.LENGTH, to - at);
        Tiles.load(memory[0], aType, at, x, count);
        Tiles.load(memory[1], bType, at, y, count);
        f.run(x, y, x, count);
        Tiles.store(x, memory[2], outType, at, count);
      }
    }), a, b, out);
  }

  void fill(Tensor out, double value) {
    DType dtype = out.dtype();
    device.launch("fill", (team, memory) -> {
      MemorySegment to = memory[0];
      switch (dtype) {
        case U8 -> to.fill((byte) (long) value);
        case I32 -> forElements(to, 4, i -> to.set(ValueLayout.JAVA_INT_UNALIGNED, i * 4, (int) value));
        case I64 -> forElements(to, 8, i -> to.set(ValueLayout.JAVA_LONG_UNALIGNED, i * 8, (long) value));
        default -> {
          if (value == 0 && 1 / value > 0) {
            to.fill((byte) 0);
            return;
          }
          team.forRanges(to.byteSize() / dtype.byteSize(), GRAIN, (thread, from, end) -> {
            float[] tile = new float[Tiles.LENGTH];
            java.util.Arrays.fill(tile, (float) value);
            for (long at = from; at < end; at += Tiles.LENGTH) {
              Tiles.store(tile, to, dtype, at, (int) Math.min(Tiles.LENGTH, end - at));
            }
          });
        }
      }
    }, out);
  }

  private static void forElements(MemorySegment memory, int byteSize, java.util.function.LongConsumer body) {
    for (long i = 0; i < memory.byteSize() / byteSize; i++) {
      body.accept(i);
    }
  }

  void copy(Tensor in, Tensor out) {
    if (in.dtype() == out.dtype()) {
      device.launch("copy", (team, memory) -> team.forRanges(memory[0].byteSize(), GRAIN * 4,
          (thread, from, to) -> MemorySegment.copy(memory[0], from, memory[1], from, to - from)), in, out);
    } else {
      DType inType = in.dtype();
      DType outType = out.dtype();
      device.launch("copy", (team, memory) -> team.forRanges(in.elementCount(), GRAIN, (thread, from, to) -> {
        float[] tile = new float[Tiles.LENGTH];
        for (long at = from; at < to; at += Tiles.LENGTH) {
          int count = (int) Math.min(Tiles.LENGTH, to - at);
          Tiles.load(memory[0], inType, at, tile, count);
          Tiles.store(tile, memory[1], outType, at, count);
        }
      }), in, out);
    }
  }

  void add(Tensor a, Tensor b, Tensor out) {
    map("add", a, b, out, ElementKernels::add);
  }

  private static void add(float[] x, float[] y, float[] z, int count) {
    for (int i = 0; i < count; i++) {
      z[i] = x[i] + y[i];
    }
  }

  void multiply(Tensor a, Tensor b, Tensor out) {
    map("multiply", a, b, out, ElementKernels::multiply);
  }

  private static void multiply(float[] x, float[] y, float[] z, int count) {
    for (int i = 0; i < count; i++) {
      z[i] = x[i] * y[i];
    }
  }

  void scale(Tensor in, double factor, Tensor out) {
    float f = (float) factor;
    map("scale", in, out, (x, y, count) -> scale(x, f, y, count));
  }

  private static void scale(float[] x, float factor, float[] y, int count) {
    for (int i = 0; i < count; i++) {
      y[i] = factor * x[i];
    }
  }

  void addScaled(Tensor in, double factor, Tensor out) {
    float f = (float) factor;
    map("addScaled", in, out, out, (x, y, z, count) -> addScaled(x, f, y, z, count));
  }

  private static void addScaled(float[] x, float factor, float[] y, float[] z, int count) {
    for (int i = 0; i < count; i++) {
      z[i] = y[i] + factor * x[i];
    }
  }

  void activation(Activation f, Tensor in, Tensor out) {
    map("activation " + f, in, out, switch (f) {
      case RELU -> ElementKernels::relu;
      case QUICK_GELU -> ElementKernels::quickGelu;
      case SIGMOID -> (x, y, count) -> VectorMath.sigmoid(x, 1, y, count);
    });
  }

  private static void relu(float[] x, float[] y, int count) {
    for (int i = 0; i < count; i++) {
      y[i] = Math.max(x[i], 0);
    }
  }

  private static void quickGelu(float[] x, float[] y, int count) {
    VectorMath.sigmoid(x, 1.702f, y, count);
    multiply(x, y, y, count);
  }

  void activationGradient(Activation f, Tensor in, Tensor gradOut, Tensor gradIn) {
    map("activationGradient " + f, in, gradOut, gradIn, switch (f) {
      case RELU -> ElementKernels::reluGradient;
      case QUICK_GELU -> (x, g, z, count) -> {
        float[] s = new float[count];
        VectorMath.sigmoid(x, 1.702f, s, count);
        quickGeluGradient(x, s, g, z, count);
      };
      case SIGMOID -> (x, g, z, count) -> {
        float[] s = new float[count];
        VectorMath.sigmoid(x, 1, s, count);
        sigmoidGradient(s, g, z, count);
      };
    });
  }

  private static void reluGradient(float[] x, float[] g, float[] z, int count) {
    for (int i = 0; i < count; i++) {
      z[i] = x[i] > 0 ? g[i] : 0;
    }
  }

  private static void quickGeluGradient(float[] x, float[] s, float[] g, float[] z, int count) {
    for (int i = 0; i < count; i++) {
      z[i] = g[i] * s[i] * (1 + 1.702f * x[i] * (1 - s[i]));
    }
  }

  private static void sigmoidGradient(float[] s, float[] g, float[] z, int count) {
    for (int i = 0; i < count; i++) {
      z[i] = g[i] * s[i] * (1 - s[i]);
    }
  }

  void sum(Tensor in, Tensor out, boolean accumulate) {
    total("sum", in, out, accumulate, VectorMath::sum);
  }

  void sumOfSquares(Tensor in, Tensor out, boolean accumulate) {
    total("sumOfSquares", in, out, accumulate, (x, count) -> VectorMath.dot(x, x, count));
  }

  @FunctionalInterface
  private interface Total {
    double of(float[] x, int count);
  }

  private void total(String name, Tensor in, Tensor out, boolean accumulate, Total total) {
    DType inType = in.dtype();
    long elements = in.elementCount();
    device.launch(name, (team, memory) -> {
      double[] partial = new double[Math.toIntExact((elements + CHUNK - 1) / CHUNK)];
      team.forRanges(partial.length, 1, (thread, from, to) -> {
        float[] x = new float[Tiles.LENGTH];
        for (long chunk = from; chunk < to; chunk++) {
          double sum = 0;
          long end = Math.min(elements, (chunk + 1) * CHUNK);
          for (long at = chunk * CHUNK; at < end; at += Tiles.LENGTH) {
            int count = (int) Math.min(Tiles.LENGTH, end - at);
            Tiles.load(memory[0], inType, at, x, count);
            sum += total.of(x, count);
          }
          partial[(int) chunk] = sum;
        }
      });
      double sum = accumulate ? memory[1].get(ValueLayout.JAVA_FLOAT, 0) : 0;
      for (double part : partial) {
        sum += part;
      }
      memory[1].set(ValueLayout.JAVA_FLOAT, 0, (float) sum);
    }, in, out);
  }

  void uniform(long seed, long stream, Tensor out) {
    random("uniform", seed, stream, out, (words, lane) -> Philox.toUniform(words[lane]));
  }

  void normal(long seed, long stream, double deviation, Tensor out) {
    random("normal", seed, stream, out, (words, lane) -> (float) (deviation * Philox.toNormal(words, lane)));
  }

  @FunctionalInterface
  private interface Draw {
    float of(int[] words, int lane);
  }

  private void random(String name, long seed, long stream, Tensor out, Draw draw) {
    device.launch(name, (team, memory) -> team.forRanges(out.elementCount(), GRAIN, (thread, from, to) -> {
      int[] words = new int[4];
      for (long i = from; i < to; i++) {
        if (i == from || (i & 3) == 0) {
          Philox.block(seed, stream, i >>> 2, words);
        }
        memory[0].set(ValueLayout.JAVA_FLOAT_UNALIGNED, i * 4, draw.of(words, (int) (i & 3)));
      }
    }), out);
  }
}
