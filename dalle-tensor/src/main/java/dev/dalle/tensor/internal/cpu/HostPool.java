package dev.dalle.tensor.internal.cpu;

import dev.dalle.tensor.DeviceMemoryException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.TreeMap;

/**
 * Blocks of native memory by size, 64-byte aligned, kept for reuse: a fresh block costs page faults and zeroing, a used one nothing. Sizes are
 * rounded up to one of eight steps an octave, so at most an eighth of a block is waste. One thread at a time.
 */
public final class HostPool {
  private static final int ALIGNMENT = 64;
  /**
   * Large blocks start at a page: a loop that reads one block and writes another loses a quarter of its speed if the written address is a little ahead of the read
   * one within the page, which is how malloc lays out blocks of a page's multiples.
   */
  private static final int PAGE = 4096;
  private static final long SMALLEST = 256;

  /** A block on loan; the pool that made it takes it back. */
  static final class Block {
    final MemorySegment segment;
    final Arena arena;

    Block(MemorySegment segment, Arena arena) {
      this.segment = segment;
      this.arena = arena;
    }
  }

  private final long limit;
  private final Map<Long, Deque<Block>> free = new TreeMap<>();
  private long freeBytes;
  private long bytesInUse;
  private long peakBytes;

  /** A pool that takes at most so many bytes from the system. */
  HostPool(long limit) {
    this.limit = limit;
  }

  Block allocate(long byteSize) {
    long size = roundUp(byteSize);
    Deque<Block> blocks = free.get(size);
    Block block;
    if (blocks != null && !blocks.isEmpty()) {
      block = blocks.pop();
      freeBytes -= size;
    } else {
      block = fresh(byteSize, size);
    }
    bytesInUse += size;
    peakBytes = Math.max(peakBytes, bytesInUse);
    return block;
  }

  void free(Block block) {
    long size = block.segment.byteSize();
    bytesInUse -= size;
    freeBytes += size;
    free.computeIfAbsent(size, key -> new ArrayDeque<>()).push(block);
  }

  private Block fresh(long asked, long size) {
    if (bytesInUse + freeBytes + size > limit) {
      trim();
      if (bytesInUse + size > limit) {
        throw tooLittle(asked, limit + " may be used (" + MemoryLimit.PROPERTY + " sets another limit)");
      }
    }
    try {
      return map(size);
    } catch (OutOfMemoryError first) {
      trim();
      try {
        return map(size);
      } catch (OutOfMemoryError second) {
        throw (DeviceMemoryException) tooLittle(asked, "the system gave no more").initCause(second);
      }
    }
  }

  private DeviceMemoryException tooLittle(long asked, String bound) {
    return new DeviceMemoryException("the processor's memory: " + asked + " bytes were asked for, " + bytesInUse + " are in use and " + bound
        + "; make the batch or the model smaller");
  }

  private static Block map(long size) {
    Arena arena = Arena.ofShared();
    try {
      return new Block(arena.allocate(size, size < 16 * PAGE ? ALIGNMENT : PAGE), arena);
    } catch (Throwable t) {
      arena.close();
      throw t;
    }
  }

  /** Returns every unused block to the system. */
  void trim() {
    free.values().forEach(blocks -> blocks.forEach(block -> block.arena.close()));
    free.clear();
    freeBytes = 0;
  }

  long bytesInUse() {
    return bytesInUse;
  }

  long peakBytes() {
    return peakBytes;
  }

  void resetPeak() {
    peakBytes = bytesInUse;
  }

  /** Bytes kept for reuse. */
  long freeBytes() {
    return freeBytes;
  }

  /** The size of the block that is given for so many bytes. */
  public static long roundUp(long byteSize) {
    if (byteSize <= SMALLEST) {
      return SMALLEST;
    }
    long step = Math.max(ALIGNMENT, Long.highestOneBit(byteSize) >>> 3);
    return (byteSize + step - 1) / step * step;
  }
}
