package dev.dalle.bench.tokenizer;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
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

/**
 * Encoding and decoding of a million bytes: a million over the microseconds are megabytes a second. All libraries have the same vocabulary, and their tokens
 * are compared before anything is measured. JMH's {@code -t 2} shares the library between two threads, each with all the texts; {@code -prof gc} says what
 * garbage a call leaves.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 3, time = 1)
public class TokenizerBenchmark {
  /** Whose tokenizer. */
  @Param({"OURS", "JTOKKIT", "HUGGING_FACE"})
  public Library library;

  /** What texts. */
  @Param({"CAPTIONS", "SOURCES"})
  public Corpus corpus;

  private Tokenizer tokenizer;
  private List<String> texts;
  private List<Object> tokens;

  /** Opens the library and compares it with ours. */
  @Setup
  public void open() throws IOException {
    tokenizer = Tokenizer.open(library);
    texts = corpus.texts();
    Tokenizer ours = Tokenizer.open(Library.OURS);
    for (String text : texts) {
      if (!Arrays.equals(ours.encode(text), tokenizer.encode(text))) {
        throw new IllegalStateException(library + " has other tokens than ours for \"" + text.substring(0, Math.min(80, text.length())) + "\"");
      }
    }
    tokens = texts.stream().map(text -> tokenizer.tokens(tokenizer.encode(text))).toList();
  }

  /** All texts to tokens. */
  @Benchmark
  public long encode() {
    long count = 0;
    for (String text : texts) {
      count += tokenizer.encode(text).length;
    }
    return count;
  }

  /** All tokens to texts. */
  @Benchmark
  public long decode() {
    long count = 0;
    for (Object each : tokens) {
      count += tokenizer.decode(each).length();
    }
    return count;
  }
}
