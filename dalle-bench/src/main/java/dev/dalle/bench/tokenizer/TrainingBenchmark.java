package dev.dalle.bench.tokenizer;

import dev.dalle.tokenizer.BpeTrainer;
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

/** Training on a million bytes of captions, beside a straightforward trainer whose merges must be the same. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 2, time = 2)
@Measurement(iterations = 2, time = 2)
public class TrainingBenchmark {
  /** Whose training. */
  public enum Trainer {
    /** This suite's. */
    OURS,
    /** All pairs counted anew for every merge. */
    STRAIGHTFORWARD
  }

  /** Whose training. */
  @Param({"OURS", "STRAIGHTFORWARD"})
  public Trainer trainer;

  /** Tokens wanted. */
  @Param({"1024", "4096"})
  public int vocabularySize;

  private List<String> captions;

  /** Makes the captions and compares the merges. */
  @Setup
  public void open() {
    captions = Corpus.CAPTIONS.texts();
    List<StraightforwardTrainer.Pair> ours = new BpeTrainer(1024, 2).train(captions).merges().stream()
        .map(merge -> new StraightforwardTrainer.Pair(merge.left(), merge.right())).toList();
    if (!ours.equals(StraightforwardTrainer.train(captions, 1024))) {
      throw new IllegalStateException("the two trainers differ");
    }
  }

  /** From captions to merges. */
  @Benchmark
  public int train() {
    return switch (trainer) {
      case OURS -> new BpeTrainer(vocabularySize, 2).train(captions).size();
      case STRAIGHTFORWARD -> StraightforwardTrainer.train(captions, vocabularySize).size();
    };
  }
}
