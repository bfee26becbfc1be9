package dev.dalle.bench;

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
 * The bytes that two ranks in threads read and write in a second while what they have becomes its average, beside those of a copy by two threads: {@code bytes}
 * in operations a nanosecond are gigabytes a second. With n bytes a rank both read 2n and write 2n. Every result is compared before anything is measured.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 3, time = 1)
public class AllReduceBenchmark {
  /** What is measured. */
  public enum Form {
    /** The Java runtime's copy of memory, a part for each thread. */
    COPY(AllReduceForms::copy),
    /** Vectors that are loaded, multiplied by 1 and stored. */
    SCALE(AllReduceForms::scale),
    /** F32. */
    FLOATS(AllReduceForms::floats),
    /** Codes of 1-6-9. */
    CODES_1_6_9(AllReduceForms::codes);

    private final IntFunction<Formulation> opening;

    Form(IntFunction<Formulation> opening) {
      this.opening = opening;
    }

    /** Opens it with so many bytes a rank, and checks what it computes. */
    Formulation open(int bytes) {
      return opening.apply(bytes);
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

  /** A rank's bytes: 64 MiB, beyond the last cache. */
  @Param("67108864")
  public int bytes;

  private Formulation measured;

  /** Nothing opened. */
  public AllReduceBenchmark() {}

  /** Makes inputs and checks the results. */
  @Setup(Level.Trial)
  public void open() {
    measured = form.open(bytes);
  }

  /** Once. */
  @Benchmark
  public void pass(Moved moved) {
    measured.run();
    moved.bytes += 4L * bytes;
  }

  /** Releases the inputs. */
  @TearDown(Level.Trial)
  public void close() {
    measured.close();
  }
}
