package dev.dalle.bench;

import dev.dalle.tensor.DType;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
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
 * What it costs an update of stage two to know how its gradients and moments are doing. A call makes one update in each form, one right after the other, and times
 * each by itself, so that all of them meet the same machine: differences of a hundredth are what is asked for. All forms give the same values, which is checked
 * before anything is measured.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 2, time = 5)
@Measurement(iterations = 5, time = 5)
public class DiagnosisBenchmark {
  /** Nanoseconds of each form, added up over all calls. */
  @State(Scope.Thread)
  @AuxCounters(AuxCounters.Type.EVENTS)
  public static class Nanoseconds {
    /** Of updates with scales, and nothing that looks at gradients. */
    public long scaling;
    /** Of updates with filters, counts and decisions too, which is what trainings do. */
    public long counting;
    /** Of updates that are observed. */
    public long observing;
    /** Of passes over all moments that sum them up; AdamW's own pass does so too, with the moments at hand. */
    public long moments;
    /** Of reading everything, as for a log. */
    public long reading;

    /** Nothing counted. */
    public Nanoseconds() {}

    private void add(DiagnosedTraining.Form form, long more) {
      switch (form) {
        case SCALING -> scaling += more;
        case COUNTING -> counting += more;
        case OBSERVING -> observing += more;
      }
    }
  }

  /** Which model. */
  @Param({"SMALL", "WIDE", "WHOLE"})
  public TransformerStepBenchmark.Model model;

  /** Type of the inside of blocks. */
  @Param({"F16", "BF16"})
  public DType dtype;

  private int turn;
  private final Map<DiagnosedTraining.Form, DiagnosedTraining> trainings = new EnumMap<>(DiagnosedTraining.Form.class);

  /** Nothing opened. */
  public DiagnosisBenchmark() {}

  /** Makes inputs and compares the forms. */
  @Setup(Level.Trial)
  public void open() {
    open(model.comparison(dtype, AttentionForm.PRODUCTS));
  }

  void open(TransformerStepComparison comparison) {
    for (DiagnosedTraining.Form form : DiagnosedTraining.Form.values()) {
      trainings.put(form, new DiagnosedTraining(form, comparison.config(), comparison.tokens(), comparison.dtype()));
      trainings.get(form).update();
      if (!Arrays.equals(trainings.get(DiagnosedTraining.Form.SCALING).values(), trainings.get(form).values())) {
        throw new IllegalStateException(form + ": expected the values of an update without diagnosis, got others");
      }
    }
    if (trainings.get(DiagnosedTraining.Form.OBSERVING).read() == 0 || trainings.get(DiagnosedTraining.Form.COUNTING).read() != 0) {
      throw new IllegalStateException("expected histograms where updates are observed, and only there");
    }
  }

  /** An update in each form. */
  @Benchmark
  public void updates(Nanoseconds nanoseconds) {
    DiagnosedTraining.Form[] forms = DiagnosedTraining.Form.values();
    // Each form comes first in its turn: what the one before left in the caches is the same for all of them then.
    turn++;
    for (int i = 0; i < forms.length; i++) {
      DiagnosedTraining.Form form = forms[(turn + i) % forms.length];
      nanoseconds.add(form, nanoseconds(trainings.get(form)::update));
    }
    nanoseconds.moments += nanoseconds(trainings.get(DiagnosedTraining.Form.OBSERVING)::sumUpMoments);
    nanoseconds.reading += nanoseconds(trainings.get(DiagnosedTraining.Form.OBSERVING)::read);
  }

  private static long nanoseconds(Runnable work) {
    long start = System.nanoTime();
    work.run();
    return System.nanoTime() - start;
  }

  /** Releases everything. */
  @TearDown(Level.Trial)
  public void close() {
    trainings.values().forEach(DiagnosedTraining::close);
    trainings.clear();
  }
}
