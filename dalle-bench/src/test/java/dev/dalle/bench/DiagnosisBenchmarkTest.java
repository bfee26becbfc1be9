package dev.dalle.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.attention.TransformerConfig;
import dev.dalle.tensor.DType;
import java.util.List;
import org.junit.jupiter.api.Test;

/** All forms of an update give the same values, which opening checks, and each is timed. */
class DiagnosisBenchmarkTest {
  @Test
  void formsAgree() {
    long before = Ours.device().bytesInUse();
    for (DType dtype : List.of(DType.F16, DType.BF16, DType.F32)) {
      DiagnosisBenchmark benchmark = new DiagnosisBenchmark();
      benchmark.open(new TransformerStepComparison(TransformerConfig.of(7, 5, 23, 19, 3, 24, 2), 3, 4, dtype, AttentionForm.PRODUCTS));
      DiagnosisBenchmark.Nanoseconds nanoseconds = new DiagnosisBenchmark.Nanoseconds();
      benchmark.updates(nanoseconds);
      benchmark.updates(nanoseconds);
      for (long form : new long[] {nanoseconds.scaling, nanoseconds.counting, nanoseconds.observing, nanoseconds.moments, nanoseconds.reading}) {
        assertTrue(form > 0);
      }
      benchmark.close();
    }
    assertEquals(before, Ours.device().bytesInUse());
  }
}
