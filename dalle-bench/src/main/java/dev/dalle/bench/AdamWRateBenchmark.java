package dev.dalle.bench;

import java.util.concurrent.TimeUnit;
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
 * The bytes that updates of AdamW read and write in a second, on both sides: {@code bytes} in operations a nanosecond are gigabytes a second, whatever the
 * number of bytes an element takes. Both sides are compared before anything is measured.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 3, time = 1)
public class AdamWRateBenchmark {
  /** A side and its state. What libtorch keeps in F16 takes the bytes of BF16. */
  public enum Form {
    /** All F32. */
    OURS_F32(Side.OURS, AdamWState.F32),
    /** Values F32, moments 16 bits. */
    OURS_MOMENTS_16(Side.OURS, AdamWState.MOMENTS_16),
    /** All 16 bits but the gradient and a copy of the values. */
    OURS_BF16_MASTER_COPY(Side.OURS, AdamWState.BF16_MASTER_COPY),
    /** All 16 bits but the gradient. */
    OURS_BF16_NEAREST_EVEN(Side.OURS, AdamWState.BF16_NEAREST_EVEN),
    /** All 16 bits but the gradient. */
    OURS_BF16_STOCHASTIC(Side.OURS, AdamWState.BF16_STOCHASTIC),
    /** All 16 bits but the gradient and a copy of the values. */
    OURS_F16_MASTER_COPY(Side.OURS, AdamWState.F16_MASTER_COPY),
    /** All 16 bits but the gradient. */
    OURS_F16_NEAREST_EVEN(Side.OURS, AdamWState.F16_NEAREST_EVEN),
    /** All 16 bits but the gradient. */
    OURS_F16_STOCHASTIC(Side.OURS, AdamWState.F16_STOCHASTIC),
    /** All F32. */
    LIBTORCH_F32(Side.LIBTORCH, AdamWState.F32),
    /** All BF16. */
    LIBTORCH_BF16(Side.LIBTORCH, AdamWState.BF16_NEAREST_EVEN);

    private final Side side;
    private final AdamWState state;

    Form(Side side, AdamWState state) {
      this.side = side;
      this.state = state;
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

  /** Whose update, of what. */
  @Param
  public Form form;

  /** Elements of the one parameter: beyond the last cache. */
  @Param("33554432")
  public int elements;

  private Formulation measured;
  private long bytes;

  /** Nothing opened. */
  public AdamWRateBenchmark() {}

  /** Makes inputs and compares the sides. */
  @Setup(Level.Trial)
  public void open() {
    measured = new AdamWComparison("1x" + elements, form.state).openChecked(form.side);
    bytes = (long) elements * form.state.bytesPerElement(form.side);
  }

  /** One update. */
  @Benchmark
  public void update(Moved moved) {
    measured.run();
    moved.bytes += bytes;
  }

  /** Releases the inputs. */
  @TearDown(Level.Trial)
  public void close() {
    measured.close();
  }
}
