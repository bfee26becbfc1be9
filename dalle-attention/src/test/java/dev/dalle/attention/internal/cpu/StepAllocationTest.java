package dev.dalle.attention.internal.cpu;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.dalle.attention.AttentionPattern;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Vectors that the compiler fails to keep in registers become objects: nothing but the allocation counter shows it. */
class StepAllocationTest {
  private static final int DEPTH = 40;

  private final StepPlan plan = StepPlan.of(new AttentionPattern.Row(20, 8), 84);
  private final StepScratch scratch = new StepScratch();

  /** One kernel over all steps. */
  private interface Kernel {
    void run(StepPlan.Step step, int column);
  }

  @TestFactory
  Stream<DynamicTest> compiledKernelsAllocateNothing() {
    StepScratch s = scratch;
    s.backward(plan, DEPTH);
    MemorySegment tensor = Arena.ofAuto().allocate(4L * 84 * DEPTH, 64);
    Map<String, Kernel> kernels = new LinkedHashMap<>();
    kernels.put("mask", (step, column) -> {
      for (int m = 0; m < step.maskAt().length; m++) {
        if (step.maskAt()[m] != StepPlan.UNMASKED) {
          StepScores.mask(s.scores, m * StepPlan.UNIT, plan.columns, plan.masks, step.maskAt()[m]);
        }
      }
    });
    kernels.put("greatest", (step, column) -> StepScores.greatest(s.scores, column, step.rows(), plan.columns, s.greatest, step.queryAt() + column));
    kernels.put("exponentials", (step, column) -> StepScores.exponentials(s.scores, column, step.rows(), plan.columns, s.greatest, step.queryAt() + column,
        1, s.scores, s.sums));
    kernels.put("means", (step, column) -> StepScores.means(s.scores, s.gradP, column, step.rows(), plan.columns, s.sums, step.queryAt() + column));
    kernels.put("gradient", (step, column) -> StepScores.gradient(s.scores, s.gradP, column, step.rows(), plan.columns, s.sums, step.queryAt() + column));
    kernels.put("round", (step, column) -> StepScores.round(s.scores, step.rows(), plan.columns, s.p));
    kernels.put("finite", (step, column) -> assertTrue(SlotRows.isFinite(s.out, plan.slots(), DEPTH)));
    kernels.put("scatter", (step, column) -> SlotRows.scatter(s.out, s.factors, plan.stateOfSlot, DEPTH, tensor, 0, DEPTH));
    return kernels.entrySet().stream().map(kernel -> DynamicTest.dynamicTest(kernel.getKey(), () -> check(kernel.getValue())));
  }

  private void check(Kernel kernel) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long allocated = Long.MAX_VALUE;
    // The compiler works in the background: give it rounds until it is done, and fail if it never is.
    for (int round = 0; round < 60 && allocated > 0; round++) {
      long before = threads.getThreadAllocatedBytes(Thread.currentThread().threadId());
      for (int i = 0; i < 200; i++) {
        for (int step = 0; step < plan.steps.size(); step++) {
          for (int column = 0; column < plan.columns; column += StepScores.LANES) {
            kernel.run(plan.steps.get(step), column);
          }
        }
      }
      allocated = threads.getThreadAllocatedBytes(Thread.currentThread().threadId()) - before;
    }
    assertTrue(allocated == 0, allocated + " bytes in 200 passes of one head after warming up");
  }
}
