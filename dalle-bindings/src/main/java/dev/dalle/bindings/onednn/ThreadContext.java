package dev.dalle.bindings.onednn;

import static dev.dalle.bindings.onednn.OneDnnException.check;

import dev.dalle.bindings.internal.onednn.Dnnl;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Set;

/**
 * What one executing thread needs: a stream, which oneDNN does not share between threads, and a scratchpad for all its
 * primitives. Belongs to its thread and is used by no other.
 */
final class ThreadContext {
  private static final long ALIGNMENT = 64;
  private static final long PAGE = 4096;

  private final Stream stream;
  private MemorySegment scratchpad = MemorySegment.NULL;

  ThreadContext(MemorySegment engine, Set<Stream> owner) {
    stream = new Stream(engine, owner);
    owner.add(stream);
  }

  Stream stream() {
    return stream;
  }

  MemorySegment handle() {
    return stream.handle;
  }

  /**
   * Scratch memory of at least so many bytes, 64-byte aligned. Contents do not outlive a call. It grows by half, so outgrown
   * buffers, which the garbage collector frees, add up to no more than twice the one in use.
   */
  MemorySegment scratchpad(long bytes) {
    if (scratchpad.byteSize() < bytes) {
      long wanted = Math.max(bytes, scratchpad.byteSize() + scratchpad.byteSize() / 2);
      scratchpad = Arena.ofAuto().allocate((wanted + PAGE - 1) / PAGE * PAGE, ALIGNMENT);
    }
    return scratchpad;
  }

  /** The native stream; destroyed when its thread has ended or the {@link OneDnn} is closed. */
  static final class Stream implements Runnable {
    private final Set<Stream> owner;
    private final MemorySegment handle;
    private boolean destroyed;

    Stream(MemorySegment engine, Set<Stream> owner) {
      this.owner = owner;
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
        check(Dnnl.dnnl_stream_create(out, engine, Dnnl.dnnl_stream_in_order()), "dnnl_stream_create", "the CPU engine");
        handle = out.get(ValueLayout.ADDRESS, 0);
      }
    }

    @Override
    public synchronized void run() {
      if (!destroyed) {
        destroyed = true;
        owner.remove(this);
        Dnnl.dnnl_stream_destroy(handle);
      }
    }
  }
}
