package dev.dalle.attention.internal.cpu;

import java.lang.foreign.MemorySegment;

/** Heads computed by {@link HeadAttention}: F32 inside whatever the tensors' type, in blocks of 16, with products on the Vector API. */
final class VectorHeads implements HeadKernel {
  private final HeadLayout layout;
  private final BlockPlan plan;
  private final HeadScratch[] scratch;

  /**
   * Heads of one shape.
   *
   * @param scratch one for each thread, for this and others like it
   */
  VectorHeads(HeadLayout layout, BlockPlan plan, HeadScratch[] scratch) {
    this.layout = layout;
    this.plan = plan;
    this.scratch = scratch;
  }

  @Override
  public boolean forward(int thread, long task, MemorySegment qkv, MemorySegment out, MemorySegment logSumExp) {
    int depth = layout.depth();
    HeadScratch s = scratch[thread];
    s.forward(plan, depth);
    load(qkv, task, s);
    HeadAttention.forward(plan, depth, s);
    HeadRows.store(s.out, 1, plan.stateOfSlot, depth, out, layout.dtype(), layout.outFirst(task), layout.outStride());
    layout.storeSums(s.logSumExp, plan.stateOfSlot, task, logSumExp);
    return HeadLayout.within(s.logSumExp, plan.stateOfSlot, Float.MAX_VALUE) && HeadRows.isFinite(s.out, plan.slots(), depth);
  }

  @Override
  public boolean backward(int thread, long task, MemorySegment qkv, MemorySegment logSumExp, MemorySegment gradOut, MemorySegment gradQkv) {
    int depth = layout.depth();
    HeadScratch s = scratch[thread];
    s.backward(plan, depth);
    load(qkv, task, s);
    HeadRows.transpose(s.v, plan.slots(), depth, s.vBlocks);
    HeadRows.load(gradOut, layout.dtype(), layout.outFirst(task), layout.outStride(), plan.stateOfSlot, depth, 1, s.out);
    layout.loadSums(logSumExp, plan.stateOfSlot, task, s.logSumExp);
    HeadAttention.backward(plan, depth, s);
    store(s.gradQ, (float) (1 / Math.sqrt(depth)), task, 0, gradQkv);
    // The keys' gradient was summed with queries in bits: log2(e) / sqrt(D) times the query instead of 1 / sqrt(D).
    store(s.gradK, (float) (1 / HeadAttention.LOG2_E), task, 1, gradQkv);
    store(s.gradV, 1, task, 2, gradQkv);
    return HeadLayout.within(s.logSumExp, plan.stateOfSlot, ExactHead.GREATEST_SUM) && HeadRows.isFinite(s.gradQ, plan.slots(), depth)
        && HeadRows.isFinite(s.gradK, plan.slots(), depth) && HeadRows.isFinite(s.gradV, plan.slots(), depth);
  }

  private void load(MemorySegment qkv, long task, HeadScratch s) {
    load(qkv, task, 0, (float) (HeadAttention.LOG2_E / Math.sqrt(layout.depth())), s.q);
    load(qkv, task, 1, 1, s.k);
    load(qkv, task, 2, 1, s.v);
    HeadRows.transpose(s.k, plan.slots(), layout.depth(), s.kBlocks);
  }

  private void load(MemorySegment qkv, long task, int part, float factor, float[] to) {
    HeadRows.load(qkv, layout.dtype(), layout.first(task, part), layout.stride(), plan.stateOfSlot, layout.depth(), factor, to);
  }

  private void store(float[] grad, float factor, long task, int part, MemorySegment gradQkv) {
    HeadRows.store(grad, factor, plan.stateOfSlot, layout.depth(), gradQkv, layout.dtype(), layout.first(task, part), layout.stride());
  }
}
