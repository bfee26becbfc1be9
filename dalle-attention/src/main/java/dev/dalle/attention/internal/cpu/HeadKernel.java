package dev.dalle.attention.internal.cpu;

import java.lang.foreign.MemorySegment;

/** Attention of single heads of single sequences under one pattern, which are numbered sequence by sequence. */
interface HeadKernel {
  /**
   * {@link dev.dalle.attention.AttentionOps#forward} of one head.
   *
   * @param thread whose working memory is used
   * @param task number of the head
   */
  void forward(int thread, long task, MemorySegment qkv, MemorySegment out, MemorySegment logSumExp);

  /** {@link dev.dalle.attention.AttentionOps#backward} of one head. */
  void backward(int thread, long task, MemorySegment qkv, MemorySegment logSumExp, MemorySegment gradOut, MemorySegment gradQkv);
}
