package dev.dalle.attention.internal.cpu;

import dev.dalle.tensor.cpu.CpuTeam;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** Heads computed by {@link StepAttention}: BF16, products of many queries and keys at once by oneDNN. */
final class StepHeads implements HeadKernel {
  private final HeadLayout layout;
  private final StepAttention attention;
  private final int[] stateOfSlot;
  private final StepScratch[] scratch;

  /**
   * Heads of one shape. Makes products, which takes milliseconds.
   *
   * @param scratch one for each thread, for this and others like it
   */
  StepHeads(HeadLayout layout, StepPlan plan, CpuTeam team, StepScratch[] scratch) {
    this.layout = layout;
    this.attention = new StepAttention(plan, layout.depth(), team);
    this.stateOfSlot = plan.stateOfSlot;
    this.scratch = scratch;
  }

  @Override
  public boolean forward(int thread, long task, MemorySegment qkv, MemorySegment out, MemorySegment logSumExp) {
    StepScratch s = scratch[thread];
    s.forward(attention.plan(), layout.depth());
    load(qkv, task, s);
    attention.forward(s);
    SlotRows.scatter(s.out, s.factors, stateOfSlot, layout.depth(), out, layout.outFirst(task), layout.outStride());
    layout.storeSums(s.logSumExp, stateOfSlot, task, logSumExp);
    return HeadLayout.within(s.logSumExp, stateOfSlot, Float.MAX_VALUE) && SlotRows.isFinite(s.out, stateOfSlot.length, layout.depth());
  }

  @Override
  public boolean backward(int thread, long task, MemorySegment qkv, MemorySegment logSumExp, MemorySegment gradOut, MemorySegment gradQkv) {
    StepScratch s = scratch[thread];
    s.backward(attention.plan(), layout.depth());
    load(qkv, task, s);
    SlotRows.gather(gradOut, layout.outFirst(task), layout.outStride(), stateOfSlot, layout.depth(), s.gradOut);
    layout.loadSums(logSumExp, stateOfSlot, task, s.logSumExp);
    attention.backward(s);
    Arrays.fill(s.factors, (float) (1 / Math.sqrt(layout.depth())));
    store(s.gradQ, s.factors, task, 0, gradQkv);
    store(s.gradK, s.factors, task, 1, gradQkv);
    Arrays.fill(s.factors, 1);
    store(s.gradV, s.factors, task, 2, gradQkv);
    int slots = stateOfSlot.length;
    return HeadLayout.within(s.logSumExp, stateOfSlot, ExactHead.GREATEST_SUM) && SlotRows.isFinite(s.gradQ, slots, layout.depth())
        && SlotRows.isFinite(s.gradK, slots, layout.depth()) && SlotRows.isFinite(s.gradV, slots, layout.depth());
  }

  private void load(MemorySegment qkv, long task, StepScratch s) {
    load(qkv, task, 0, s.q);
    load(qkv, task, 1, s.k);
    load(qkv, task, 2, s.v);
  }

  private void load(MemorySegment qkv, long task, int part, MemorySegment to) {
    SlotRows.gather(qkv, layout.first(task, part), layout.stride(), stateOfSlot, layout.depth(), to);
  }

  private void store(MemorySegment grad, float[] factors, long task, int part, MemorySegment gradQkv) {
    SlotRows.scatter(grad, factors, stateOfSlot, layout.depth(), gradQkv, layout.first(task, part), layout.stride());
  }
}
