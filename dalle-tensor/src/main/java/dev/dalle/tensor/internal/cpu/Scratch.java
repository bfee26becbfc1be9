package dev.dalle.tensor.internal.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** A buffer that grows and stays, for what an operation writes and only itself reads. One launch at a time. */
final class Scratch {
  private MemorySegment segment = MemorySegment.NULL;

  /** At least so many bytes are there afterwards, aligned to 64; their contents are whatever the last use left. */
  MemorySegment of(long byteSize) {
    if (segment.byteSize() < byteSize) {
      segment = Arena.ofAuto().allocate(byteSize, 64);
    }
    return segment.asSlice(0, byteSize);
  }
}
