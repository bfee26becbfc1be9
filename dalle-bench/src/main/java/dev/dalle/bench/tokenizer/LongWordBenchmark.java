package dev.dalle.bench.tokenizer;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** One word of many equal letters, which slow tokenizers take quadratic time for; ours alone, because others take minutes. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 2, time = 2)
@Measurement(iterations = 3, time = 2)
public class LongWordBenchmark {
  /** Letters of the word. */
  @Param({"500000", "1000000", "2000000"})
  public int letters;

  private Tokenizer tokenizer;
  private String word;

  /** Makes the word. */
  @Setup
  public void open() throws IOException {
    tokenizer = Tokenizer.open(Library.OURS);
    word = "a".repeat(letters);
  }

  /** The word to tokens. */
  @Benchmark
  public int[] encode() {
    return tokenizer.encode(word);
  }
}
