package dev.dalle.attention.internal.cpu;

import java.lang.foreign.MemorySegment;

/** Attention of single heads of single sequences under one pattern, which are numbered sequence by sequence. */
interface HeadKernel {
  /**
   * {@link dev.dalle.attention.AttentionOps#forward} of one head.
   *
   * @param thread whose working memory is used
   * @param task number of the head
   * @return whether all results are finite
   */
  boolean forward(int thread, long task, MemorySegment qkv, MemorySegment out, MemorySegment logSumExp);

  /**
   * {@link dev.dalle.attention.AttentionOps#backward} of one head.
   *
   * @return whether all results are finite and the log-sum-exps small enough to be trusted
   */
  boolean backward(int thread, long task, MemorySegment qkv, MemorySegment logSumExp, MemorySegment gradOut, MemorySegment gradQkv);
}
