package dev.dalle.bench;

import dev.dalle.precision.format.FloatFormat;
import dev.dalle.precision.format.FormatOps;
import dev.dalle.tensor.DType;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The bytes that packing to small floats and unpacking read and write in a second, beside those of a copy: {@code bytes} in operations a nanosecond are
 * gigabytes a second. A copy of n bytes counts as 2n, n read and n written. Every result is compared with the format's definition before anything is measured.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 3, time = 1)
public class PackBenchmark {
  /** What is measured. */
  public enum Form {
    /** F32 to F32, the Java runtime's copy of memory, a part for each thread. */
    COPY(PackForms::copy),
    /** F32 to F32, libtorch's copy. */
    LIBTORCH_COPY(PackForms::libtorchCopy),
    /** F32 to F32 by vectors that are loaded, multiplied by 1 and stored. */
    SCALE(PackForms::scale),
    /** F32 to 1-6-9. */
    ENCODE_1_6_9(FloatFormat.F1_6_9, n -> PackForms.encode(FloatFormat.F1_6_9, n)),
    /** 1-6-9 to F32. */
    DECODE_1_6_9(FloatFormat.F1_6_9, n -> PackForms.decode(FloatFormat.F1_6_9, n)),
    /** F32 to 0-6-10. */
    ENCODE_0_6_10(FloatFormat.F0_6_10, n -> PackForms.encode(FloatFormat.F0_6_10, n)),
    /** 0-6-10 to F32. */
    DECODE_0_6_10(FloatFormat.F0_6_10, n -> PackForms.decode(FloatFormat.F0_6_10, n)),
    /** F32 to FP16. */
    ENCODE_FP16(FloatFormat.FP16, n -> PackForms.encode(FloatFormat.FP16, n)),
    /** FP16 to F32. */
    DECODE_FP16(FloatFormat.FP16, n -> PackForms.decode(FloatFormat.FP16, n)),
    /** F32 to BF16. */
    ENCODE_BF16(FloatFormat.BF16, n -> PackForms.encode(FloatFormat.BF16, n)),
    /** BF16 to F32. */
    DECODE_BF16(FloatFormat.BF16, n -> PackForms.decode(FloatFormat.BF16, n)),
    /** F32 to FP8 E4M3. */
    ENCODE_E4M3(FloatFormat.E4M3, n -> PackForms.encode(FloatFormat.E4M3, n)),
    /** FP8 E4M3 to F32. */
    DECODE_E4M3(FloatFormat.E4M3, n -> PackForms.decode(FloatFormat.E4M3, n)),
    /** F32 to FP8 E5M2. */
    ENCODE_E5M2(FloatFormat.E5M2, n -> PackForms.encode(FloatFormat.E5M2, n)),
    /** FP8 E5M2 to F32. */
    DECODE_E5M2(FloatFormat.E5M2, n -> PackForms.decode(FloatFormat.E5M2, n)),
    /** F32 to FP16 by libtorch. */
    LIBTORCH_ENCODE_FP16(FloatFormat.FP16, n -> PackForms.libtorchEncode(FloatFormat.FP16, n)),
    /** FP16 to F32 by libtorch. */
    LIBTORCH_DECODE_FP16(FloatFormat.FP16, n -> PackForms.libtorchDecode(FloatFormat.FP16, n)),
    /** F32 to BF16 by libtorch. */
    LIBTORCH_ENCODE_BF16(FloatFormat.BF16, n -> PackForms.libtorchEncode(FloatFormat.BF16, n)),
    /** BF16 to F32 by libtorch. */
    LIBTORCH_DECODE_BF16(FloatFormat.BF16, n -> PackForms.libtorchDecode(FloatFormat.BF16, n)),
    /** F32 to FP8 E4M3 by libtorch. */
    LIBTORCH_ENCODE_E4M3(FloatFormat.E4M3, n -> PackForms.libtorchEncode(FloatFormat.E4M3, n)),
    /** FP8 E4M3 to F32 by libtorch. */
    LIBTORCH_DECODE_E4M3(FloatFormat.E4M3, n -> PackForms.libtorchDecode(FloatFormat.E4M3, n)),
    /** F32 to FP8 E5M2 by libtorch. */
    LIBTORCH_ENCODE_E5M2(FloatFormat.E5M2, n -> PackForms.libtorchEncode(FloatFormat.E5M2, n)),
    /** FP8 E5M2 to F32 by libtorch. */
    LIBTORCH_DECODE_E5M2(FloatFormat.E5M2, n -> PackForms.libtorchDecode(FloatFormat.E5M2, n));

    private final int bytesPerElement;
    private final IntFunction<Formulation> opening;

    Form(IntFunction<Formulation> copying) {
      bytesPerElement = 2 * DType.F32.byteSize();
      opening = copying;
    }

    Form(FloatFormat format, IntFunction<Formulation> opening) {
      bytesPerElement = DType.F32.byteSize() + FormatOps.codeType(format).byteSize();
      this.opening = opening;
    }

    /** Opens it with so many elements, and checks what it computes. */
    Formulation open(int elements) {
      return opening.apply(elements);
    }
  }

  /** Bytes moved. */
  @State(Scope.Thread)
  @AuxCounters(AuxCounters.Type.OPERATIONS)
  public static class Moved {
    /** So far in the iteration. */
    public long bytes;

    /** Nothing counted. */
    public Moved() {}
  }

  /** What. */
  @Param
  public Form form;

  /** Elements: 256 MiB of F32, far beyond the last cache. */
  @Param("67108864")
  public int elements;

  private Formulation measured;
  private long bytes;

  /** Nothing opened. */
  public PackBenchmark() {}

  /** Makes inputs and checks the results. */
  @Setup(Level.Trial)
  public void open() {
    measured = form.open(elements);
    bytes = (long) elements * form.bytesPerElement;
  }

  /** One pass over all elements. */
  @Benchmark
  public void pass(Moved moved) {
    measured.run();
    moved.bytes += bytes;
  }

  /** Releases the inputs. */
  @TearDown(Level.Trial)
  public void close() {
    measured.close();
  }
}
