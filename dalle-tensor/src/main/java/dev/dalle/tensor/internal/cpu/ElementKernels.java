package dev.dalle.tensor.internal.cpu;

import dev.dalle.tensor.Activation;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Philox;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.cpu.CpuDevice;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import jdk.incubator.vector.FloatVector;

/** Operations on elements, in one pass where the types are one, else tile by tile; see {@link dev.dalle.tensor.Ops} for what each means. */
final class ElementKernels {
  /** Below this many elements a second thread costs more than it brings. */
  private static final long GRAIN = 8 * Tiles.LENGTH;
  /** Elements of a vector; divides the grain. */
  private static final int VECTOR = FloatVector.SPECIES_PREFERRED.length();
  /** Sums are made of chunks of this many elements, added in order: the same bits for any number of threads. */
  private static final long CHUNK = 16 * Tiles.LENGTH;

  private final CpuDevice device;

  ElementKernels(CpuDevice device) {
    this.device = device;
  }

  /** {@code y[i] = f(x[i])}; {@code y} may be {@code x}. */
  @FunctionalInterface
  private interface Unary {
    void run(float[] x, float[] y, int count);
  }

  /** {@code z[i] = f(x[i], y[i])}; {@code z} may be {@code x}. */
  @FunctionalInterface
  private interface Binary {
    void run(float[] x, float[] y, float[] z, int count);
  }

  /** {@code out[i] = f(a[i])} for i of a range whose length is a multiple of a vector's. */
  @FunctionalInterface
  private interface DirectUnary {
    void run(MemorySegment a, MemorySegment out, long from, long to);
  }

  /** {@code out[i] = f(a[i], b[i])}; as {@link DirectUnary}. */
  @FunctionalInterface
  private interface DirectBinary {
    void run(MemorySegment a, MemorySegment b, MemorySegment out, long from, long to);
  }

  /** Where the last whole vector of a range ends. */
  private static long vectorEnd(long from, long to) {
    return to - (to - from) % VECTOR;
  }

  /** By {@code direct} if it is there, what is left of a vector and all else by {@code f} on tiles. */
  private void map(String name, Tensor in, Tensor out, Unary f, Optional<DirectUnary> direct) {
    DType inType = in.dtype();
    DType outType = out.dtype();
    device.launch(name, (team, memory) -> team.forRanges(in.elementCount(), GRAIN, (thread, from, to) -> {
      long begin = from;
      if (direct.isPresent()) {
        begin = vectorEnd(from, to);
        direct.get().run(memory[0], memory[1], from, begin);
      }
      if (begin < to) {
        tiles(memory, inType, outType, f, begin, to);
      }
    }), in, out);
  }

  private static void tiles(MemorySegment[] memory, DType inType, DType outType, Unary f, long from, long to) {
    float[] x = new float[Tiles.LENGTH];
    for (long at = from; at < to; at += Tiles.LENGTH) {
      int count = (int) Math.min(Tiles.LENGTH, to - at);
      Tiles.load(memory[0], inType, at, x, count);
      f.run(x, x, count);
      Tiles.store(x, memory[1], outType, at, count);
    }
  }

  private void map(String name, Tensor in, Tensor out, Unary f, DirectUnary float32, DirectUnary bfloat16) {
    map(name, in, out, f, chosen(in.dtype() == out.dtype(), in.dtype(), float32, bfloat16));
  }

  private void map(String name, Tensor a, Tensor b, Tensor out, Binary f, DirectBinary float32, DirectBinary bfloat16) {
    map(name, a, b, out, f, chosen(a.dtype() == b.dtype() && a.dtype() == out.dtype(), a.dtype(), float32, bfloat16));
  }

  private static <T> Optional<T> chosen(boolean same, DType dtype, T float32, T bfloat16) {
    return !same ? Optional.empty() : switch (dtype) {
      case F32 -> Optional.of(float32);
      case BF16 -> Optional.of(bfloat16);
      default -> Optional.empty();
    };
  }

  private void map(String name, Tensor a, Tensor b, Tensor out, Binary f, Optional<DirectBinary> direct) {
    DType aType = a.dtype();
    DType bType = b.dtype();
    DType outType = out.dtype();
    device.launch(name, (team, memory) -> team.forRanges(a.elementCount(), GRAIN, (thread, from, to) -> {
      long begin = from;
      if (direct.isPresent()) {
        begin = vectorEnd(from, to);
        direct.get().run(memory[0], memory[1], memory[2], from, begin);
      }
      if (begin < to) {
        tiles(memory, aType, bType, outType, f, begin, to);
      }
    }), a, b, out);
  }

  private static void tiles(MemorySegment[] memory, DType aType, DType bType, DType outType, Binary f, long from, long to) {
    float[] x = new float[Tiles.LENGTH];
    float[] y = new float[Tiles.LENGTH];
    for (long at = from; at < to; at += Tiles.LENGTH) {
      int count = (int) Math.min(Tiles.LENGTH, to - at);
      Tiles.load(memory[0], aType, at, x, count);
      Tiles.load(memory[1], bType, at, y, count);
      f.run(x, y, x, count);
      Tiles.store(x, memory[2], outType, at, count);
    }
  }

  void fill(Tensor out, double value) {
    DType dtype = out.dtype();
    device.launch("fill", (team, memory) -> {
      MemorySegment to = memory[0];
      switch (dtype) {
        case U8 -> to.fill((byte) (long) value);
        case U16 -> forElements(to, 2, i -> to.set(ValueLayout.JAVA_SHORT_UNALIGNED, i * 2, (short) (long) value));
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
      Optional<DirectUnary> direct = Optional.empty();
      if (in.dtype() == DType.F32 && out.dtype() == DType.BF16) {
        direct = Optional.of(FloatElements::toBfloat16);
      } else if (in.dtype() == DType.BF16 && out.dtype() == DType.F32) {
        direct = Optional.of(FloatElements::fromBfloat16);
      }
      // On tiles nothing is left to do between reading and writing.
      map("copy", in, out, (x, y, count) -> {}, direct);
    }
  }

  void add(Tensor a, Tensor b, Tensor out) {
    if (a.dtype() == DType.F32 && b.dtype() == DType.BF16 && out.dtype() == DType.F32) {
      map("add", a, b, out, ElementKernels::add, Optional.of(FloatElements::addBfloat16));
    } else {
      map("add", a, b, out, ElementKernels::add, FloatElements::add, Bfloat16Elements::add);
    }
  }

  private static void add(float[] x, float[] y, float[] z, int count) {
    for (int i = 0; i < count; i++) {
      z[i] = x[i] + y[i];
    }
  }

  void multiply(Tensor a, Tensor b, Tensor out) {
    map("multiply", a, b, out, ElementKernels::multiply, FloatElements::multiply, Bfloat16Elements::multiply);
  }

  private static void multiply(float[] x, float[] y, float[] z, int count) {
    for (int i = 0; i < count; i++) {
      z[i] = x[i] * y[i];
    }
  }

  void scale(Tensor in, double factor, Tensor out) {
    float f = (float) factor;
    map("scale", in, out, (x, y, count) -> scale(x, f, y, count), (a, o, from, to) -> FloatElements.scale(a, f, o, from, to),
        (a, o, from, to) -> Bfloat16Elements.scale(a, f, o, from, to));
  }

  private static void scale(float[] x, float factor, float[] y, int count) {
    for (int i = 0; i < count; i++) {
      y[i] = factor * x[i];
    }
  }

  void addScaled(Tensor in, double factor, Tensor out) {
    float f = (float) factor;
    map("addScaled", in, out, out, (x, y, z, count) -> addScaled(x, f, y, z, count),
        (a, b, o, from, to) -> FloatElements.addScaled(a, b, f, o, from, to), (a, b, o, from, to) -> Bfloat16Elements.addScaled(a, b, f, o, from, to));
  }

  private static void addScaled(float[] x, float factor, float[] y, float[] z, int count) {
    for (int i = 0; i < count; i++) {
      z[i] = y[i] + factor * x[i];
    }
  }

  void activation(Activation f, Tensor in, Tensor out) {
    String name = "activation " + f;
    switch (f) {
      case RELU -> map(name, in, out, ActivationTiles::relu, FloatElements::relu, Bfloat16Elements::relu);
      case QUICK_GELU -> map(name, in, out, ActivationTiles::quickGelu, FloatElements::quickGelu, Bfloat16Elements::quickGelu);
      case SIGMOID -> map(name, in, out, ActivationTiles::sigmoid, FloatElements::sigmoid, Bfloat16Elements::sigmoid);
    }
  }

  void activationGradient(Activation f, Tensor in, Tensor gradOut, Tensor gradIn) {
    String name = "activationGradient " + f;
    switch (f) {
      case RELU -> map(name, in, gradOut, gradIn, ActivationTiles::reluGradient, FloatElements::reluGradient, Bfloat16Elements::reluGradient);
      case QUICK_GELU -> map(name, in, gradOut, gradIn, ActivationTiles::quickGeluGradient,
          allFloat32(in, gradOut, gradIn, FloatElements::quickGeluGradient));
      case SIGMOID -> map(name, in, gradOut, gradIn, ActivationTiles::sigmoidGradient, allFloat32(in, gradOut, gradIn, FloatElements::sigmoidGradient));
    }
  }

  /** Gradients with an exponential are too long for one loop together with BF16's conversions: the compiler would box the vectors. Those go by tiles. */
  private static Optional<DirectBinary> allFloat32(Tensor a, Tensor b, Tensor out, DirectBinary direct) {
    return a.dtype() == DType.F32 && b.dtype() == DType.F32 && out.dtype() == DType.F32 ? Optional.of(direct) : Optional.empty();
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
