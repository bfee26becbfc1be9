package dev.dalle.bench;

import java.util.concurrent.TimeUnit;
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
 * A benchmark with two sides. Each side runs in a process of its own; the measured side is opened first, so that its library decides how the threads of
 * OpenMP, which both share, wait. Inputs are seeded and made, and both sides compared, before anything is measured.
 *
 * <p>Every call is timed (sample mode), because medians and minima say more than means on a machine that is not quiet. One fork: {@link Main} repeats whole
 * rounds instead, so that the two sides alternate. Nothing need be consumed: results are written to memory outside of the Java heap.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 2, time = 1)
public abstract class SideBySide {
  /** Whose computation is measured. */
  @Param({"OURS", "LIBTORCH"})
  public Side side;

  private Formulation measured;

  /** Both sides, from the benchmark's parameters. */
  protected abstract Comparison comparison();

  /** Makes inputs and compares the sides. */
  @Setup(Level.Trial)
  public void open() {
    measured = comparison().openChecked(side);
  }

  /** What is measured. */
  @Benchmark
  public void run() {
    measured.run();
  }

  /** Releases the inputs. */
  @TearDown(Level.Trial)
  public void close() {
    measured.close();
  }
}
