package dev.dalle.tensor.internal.cpu;

import dev.dalle.tensor.DeviceMemory;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/** Memory that the processor reaches: a block of the pool, or somebody else's segment. */
record HostMemory(MemorySegment segment, Optional<HostPool.Block> block) implements DeviceMemory {
  @Override
  public long byteSize() {
    return segment.byteSize();
  }

  // Two pieces of memory are the same only if they are one object: a record's equality would compare addresses.
  @Override
  public boolean equals(Object other) {
    return this == other;
  }

  @Override
  public int hashCode() {
    return System.identityHashCode(this);
  }
}
