package dev.dalle.bindings.onednn;

import static dev.dalle.bindings.onednn.OneDnnException.check;

import dev.dalle.bindings.internal.onednn.Dnnl;
import dev.dalle.bindings.internal.onednn.dnnl_exec_arg_t;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * The native side of one primitive: the primitive, its descriptor, and spare frames for calls. Owns them; {@link #run} destroys
 * them, called by the {@link OneDnn} that is closed or by its cleaner once the {@link Primitive} is gone.
 *
 * <p>The primitive itself is immutable and may run on several threads at once. What a call changes, the data pointers, lies in a
 * frame, and a frame belongs to one call at a time.
 */
final class NativePrimitive implements Runnable {
  private static final int SLOTS = 16;                 // a power of two; threads that share a slot cost a frame each, no more

  private final AtomicReferenceArray<Frame> spare = new AtomicReferenceArray<>(SLOTS);
  private final Set<NativePrimitive> owner;
  private final PrimitiveSpec spec;
  private final MemorySegment engine;
  private final MemorySegment description;
  private final MemorySegment primitive;
  private final int[] codes;
  private final MemorySegment[] memoryDescs;           // owned by the description; the scratchpad's is the last
  private volatile boolean destroyed;

  /** Takes over the description and the primitive. */
  NativePrimitive(Set<NativePrimitive> owner, PrimitiveSpec spec, MemorySegment engine, MemorySegment description, MemorySegment primitive,
      List<Argument> arguments) {
    this.owner = owner;
    this.spec = spec;
    this.engine = engine;
    this.description = description;
    this.primitive = primitive;
    int n = arguments.size();
    codes = new int[n + 1];
    memoryDescs = new MemorySegment[n + 1];
    for (int i = 0; i < n; i++) {
      codes[i] = arguments.get(i).code();
      memoryDescs[i] = memoryDesc(description, codes[i]);
    }
    codes[n] = Dnnl.DNNL_ARG_SCRATCHPAD();
    memoryDescs[n] = scratchpadDesc(description);
  }

  static MemorySegment memoryDesc(MemorySegment description, int code) {
    return Dnnl.dnnl_primitive_desc_query_md(description, Dnnl.dnnl_query_exec_arg_md(), code);
  }

  static MemorySegment scratchpadDesc(MemorySegment description) {
    return Dnnl.dnnl_primitive_desc_query_md(description, Dnnl.dnnl_query_scratchpad_md(), 0);
  }

  /** One call's memory objects and argument array, the scratchpad's last. */
  final class Frame {
    private final Arena arena = Arena.ofAuto();        // a few hundred bytes, made on one thread and used on others
    final MemorySegment[] memories = new MemorySegment[codes.length];
    final MemorySegment array = dnnl_exec_arg_t.allocateArray(codes.length, arena);

    Frame() {
      MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
      int made = 0;
      try {
        for (; made < codes.length; made++) {
          check(Dnnl.dnnl_memory_create(out, memoryDescs[made], engine, MemorySegment.NULL), "dnnl_memory_create", spec);
          memories[made] = out.get(ValueLayout.ADDRESS, 0);
          MemorySegment element = dnnl_exec_arg_t.asSlice(array, made);
          dnnl_exec_arg_t.arg(element, codes[made]);
          dnnl_exec_arg_t.memory(element, memories[made]);
        }
      } catch (Throwable t) {
        destroy(made);
        throw t;
      }
    }

    private void destroy(int count) {
      for (int i = count - 1; i >= 0; i--) {
        Dnnl.dnnl_memory_destroy(memories[i]);
      }
    }
  }

  private static int slot() {
    return (int) Thread.currentThread().threadId() & SLOTS - 1;
  }

  Frame acquire() {
    if (destroyed) {
      throw new IllegalStateException("primitive used after its OneDnn was closed: " + spec);
    }
    Frame frame = spare.getAndSet(slot(), null);
    return frame != null ? frame : new Frame();
  }

  void release(Frame frame) {
    if (destroyed || !spare.compareAndSet(slot(), null, frame)) {
      frame.destroy(codes.length);
    }
  }

  int execute(MemorySegment stream, Frame frame) {
    return Dnnl.dnnl_primitive_execute(primitive, stream, codes.length, frame.array);
  }

  @Override
  public synchronized void run() {
    if (destroyed) {
      return;
    }
    destroyed = true;
    for (int i = 0; i < SLOTS; i++) {
      Frame frame = spare.getAndSet(i, null);
      if (frame != null) {
        frame.destroy(codes.length);
      }
    }
    Dnnl.dnnl_primitive_destroy(primitive);
    Dnnl.dnnl_primitive_desc_destroy(description);
    owner.remove(this);
  }
}
