package dev.dalle.attention.internal.cpu;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.dalle.attention.AttentionPattern;
import dev.dalle.tensor.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;

/** Vectors that the compiler fails to keep in registers become objects: nothing but the allocation counter shows it. */
class StepAllocationTest {
  private static final int DEPTH = 40;

  @Test
  void compiledKernelsAllocateNothing() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    StepPlan plan = StepPlan.of(new AttentionPattern.Row(20, 8), 84);
    StepScratch scratch = new StepScratch();
    scratch.backward(plan, DEPTH, DType.BF16);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment tensor = arena.allocate(4L * 84 * DEPTH, 64);
      long allocated = Long.MAX_VALUE;
      // The compiler works in the background: give it rounds until it is done, and fail if it never is.
      for (int round = 0; round < 60 && allocated > 0; round++) {
        long before = threads.getThreadAllocatedBytes(Thread.currentThread().threadId());
        for (int i = 0; i < 200; i++) {
          step(plan, scratch, tensor);
        }
        allocated = threads.getThreadAllocatedBytes(Thread.currentThread().threadId()) - before;
      }
      assertTrue(allocated == 0, allocated + " bytes in 200 passes of one head after warming up");
    }
  }

  private static void step(StepPlan plan, StepScratch s, MemorySegment tensor) {
    for (int i = 0; i < plan.steps.size(); i++) {
      StepPlan.Step step = plan.steps.get(i);
      for (int m = 0; m < step.maskAt().length; m++) {
        if (step.maskAt()[m] != StepPlan.UNMASKED) {
          StepScores.mask(s.scores, m * StepPlan.UNIT, plan.columns, plan.masks, step.maskAt()[m]);
        }
      }
      for (int column = 0; column < plan.columns; column += StepScores.LANES) {
        StepScores.greatest(s.scores, column, step.rows(), plan.columns, s.greatest, step.queryAt() + column);
        StepScores.exponentials(s.scores, column, step.rows(), plan.columns, s.greatest, step.queryAt() + column, 1, s.scores, s.sums);
        StepScores.means(s.scores, s.gradP, column, step.rows(), plan.columns, s.sums, step.queryAt() + column);
        StepScores.gradient(s.scores, s.gradP, column, step.rows(), plan.columns, s.sums, step.queryAt() + column);
      }
      StepScores.round(s.scores, step.rows(), plan.columns, s.p);
    }
    SlotRows.scatter(s.out, s.factors, plan.stateOfSlot, DEPTH, tensor, DType.F32, 0, DEPTH);
    SlotRows.scatter(s.out, s.factors, plan.stateOfSlot, DEPTH, tensor, DType.BF16, 0, DEPTH);
  }
}
