package dev.dalle.dist.mpi;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;

/** Memory of the host that is used again: what a step of training posts, the next one posts too. Any thread. */
final class Buffers {
  private static final long GRAIN = 4096;

  private final Map<Long, Deque<MemorySegment>> free = new HashMap<>();

  /** Memory of undefined content, of at least one byte, so that it has an address. */
  synchronized MemorySegment take(long bytes) {
    long size = (Math.max(bytes, 1) + GRAIN - 1) / GRAIN * GRAIN;
    Deque<MemorySegment> same = free.get(size);
    return same == null || same.isEmpty() ? Arena.ofAuto().allocate(size, 64) : same.pop();
  }

  /** Gives back what was taken, as it was taken; nothing uses it any more. */
  synchronized void give(MemorySegment memory) {
    free.computeIfAbsent(memory.byteSize(), size -> new ArrayDeque<>()).push(memory);
  }
}
