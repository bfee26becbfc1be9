package dev.dalle.attention.internal.cpu;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.dalle.attention.AttentionPattern;
import dev.dalle.tensor.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Vectors that the compiler fails to keep in registers become objects: nothing but the allocation counter shows it. */
class KernelAllocationTest {
  private static final int DEPTH = 40;
  private static final DType[] TYPES = {DType.F32, DType.BF16, DType.F16};

  @Test
  void compiledKernelsAllocateNothing() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    BlockPlan plan = BlockPlan.of(new AttentionPattern.Row(20, 8), 84, TileProduct.LANES);
    HeadScratch scratch = new HeadScratch();
    scratch.backward(plan, DEPTH);
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

  @Test
  void compiledDecodingAllocatesNothing() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    int[] entries = IntStream.range(0, 60).toArray();
    for (DType type : TYPES) {
      // Heads of four vectors of 16 numbers have loops of their own.
      for (int depth : new int[] {DEPTH, 64}) {
        HeadDecoding decoding = new HeadDecoding();
        try (Arena arena = Arena.ofConfined()) {
          HeadDecoding.Rows rows = new HeadDecoding.Rows(arena.allocate(4L * 60 * 3 * depth, 64), type, 0, (long) type.byteSize() * 3 * depth);
          long allocated = Long.MAX_VALUE;
          for (int round = 0; round < 60 && allocated > 0; round++) {
            long before = threads.getThreadAllocatedBytes(Thread.currentThread().threadId());
            for (int i = 0; i < 200; i++) {
              decoding.begin(rows.memory(), type, 0, 3, depth, entries.length, 1);
              decoding.scores(rows, entries);
              decoding.softmax();
              decoding.values(rows, entries);
              decoding.end(rows.memory(), type, 0);
            }
            allocated = threads.getThreadAllocatedBytes(Thread.currentThread().threadId()) - before;
          }
          assertTrue(allocated == 0, type + ", " + depth + " numbers a head: " + allocated + " bytes in 200 passes of three heads after warming up");
        }
      }
    }
  }

  private static void step(BlockPlan plan, HeadScratch scratch, MemorySegment tensor) {
    for (DType type : TYPES) {
      HeadRows.load(tensor, type, 0, DEPTH, plan.stateOfSlot, DEPTH, 1, scratch.q);
      HeadRows.transpose(scratch.k, plan.slots(), DEPTH, scratch.kBlocks);
      HeadAttention.forward(plan, DEPTH, scratch);
      HeadAttention.backward(plan, DEPTH, scratch);
      HeadRows.store(scratch.out, 1, plan.stateOfSlot, DEPTH, tensor, type, 0, DEPTH);
    }
  }
}
