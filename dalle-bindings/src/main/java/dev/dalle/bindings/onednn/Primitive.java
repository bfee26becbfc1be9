package dev.dalle.bindings.onednn;

import dev.dalle.bindings.internal.onednn.Dnnl;
import dev.dalle.bindings.internal.openmp.Gomp;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.util.List;

/**
 * An operation made ready by oneDNN for fixed types, dimensions, layouts and number of threads. Get it from
 * {@link OneDnn#primitive}; holding on to it saves the look-up.
 *
 * <p>Threads: {@link #execute} may be called from several threads at once. A primitive for one thread may run inside a region of
 * an OpenMP team, one for more threads may not and says so. Segments must be accessible from the executing thread: a confined
 * arena's are not, from another thread.
 *
 * <p>The native object is destroyed when the {@link OneDnn} is closed, or when it has left the cache and nobody holds this any
 * more.
 */
public final class Primitive {
  private final OneDnn owner;
  private final PrimitiveSpec spec;
  private final int threads;
  private final String implementation;
  private final List<Argument> arguments;
  private final long[] byteSizes;
  private final boolean[] outputs;
  private final long scratchBytes;
  private final NativePrimitive handle;
  long lastUse;                                        // of the cache; a lost update does no harm

  Primitive(OneDnn owner, PrimitiveSpec spec, int threads, String implementation, List<Argument> arguments, long scratchBytes,
      NativePrimitive handle) {
    this.owner = owner;
    this.spec = spec;
    this.threads = threads;
    this.implementation = implementation;
    this.arguments = arguments;
    this.scratchBytes = scratchBytes;
    this.handle = handle;
    byteSizes = arguments.stream().mapToLong(a -> a.desc().byteSize()).toArray();
    outputs = new boolean[byteSizes.length];
    for (int i = 0; i < outputs.length; i++) {
      outputs[i] = arguments.get(i).output();
    }
  }

  /** What it computes. */
  public PrimitiveSpec spec() {
    return spec;
  }

  /** The number of threads it was made for. */
  public int threads() {
    return threads;
  }

  /** oneDNN's name of the code that computes it, for example {@code brg_matmul:avx512_core_bf16}. */
  public String implementation() {
    return implementation;
  }

  /** Whether oneDNN has only its reference code here, a hundred to a thousand times slower than the rest. */
  public boolean isReference() {
    return implementation.startsWith("ref");
  }

  /** The arguments in the order of {@link #execute}, with the layouts that oneDNN chose in place of {@code any}. */
  public List<Argument> arguments() {
    return arguments;
  }

  /**
   * How one argument lies in memory.
   *
   * @throws IllegalArgumentException if the primitive has no argument of that role
   */
  public MemoryDesc argument(ArgumentRole role) {
    for (Argument argument : arguments) {
      if (argument.role() == role) {
        return argument.desc();
      }
    }
    throw new IllegalArgumentException("role: expected one of " + arguments + ", got " + role);
  }

  /** Bytes of scratch memory that an execution uses; they come from the executing thread's buffer. */
  public long scratchBytes() {
    return scratchBytes;
  }

  /**
   * Computes, and returns when the result is there. The scratchpad is added here and cannot be forgotten.
   *
   * @param operands memory in the order of {@link #arguments()}: native, each at least as long as its description says, outputs
   *     not read-only. oneDNN is fastest when they are aligned to 64 bytes. They must stay alive until this returns.
   * @throws IllegalArgumentException if number or size of the operands is wrong; nothing has been computed then
   * @throws IllegalStateException if called inside a parallel region with a primitive for several threads, or after closing
   * @throws OneDnnException if oneDNN reports a failure
   */
  public void execute(MemorySegment... operands) {
    if (operands.length != byteSizes.length) {
      throw new IllegalArgumentException("operands: expected " + byteSizes.length + ": " + arguments + ", got " + operands.length);
    }
    for (int i = 0; i < operands.length; i++) {
      MemorySegment operand = operands[i];
      if (operand.byteSize() < byteSizes[i] || !operand.isNative() || outputs[i] && operand.isReadOnly()) {
        throw refused(i, operand);
      }
    }
    if (threads != 1 && Gomp.inParallel()) {
      throw new IllegalStateException("a primitive for " + threads + " threads was executed inside a parallel region; make one for 1 thread: " + spec);
    }
    ThreadContext context = owner.context();
    Gomp.setNumThreads(threads);                       // the number is the calling thread's, and others change it
    NativePrimitive.Frame frame = handle.acquire();
    int status = 0;
    try {
      int n = operands.length;
      for (int i = 0; i < n; i++) {
        status |= Dnnl.dnnl_memory_set_data_handle(frame.memories[i], operands[i]);
      }
      if (scratchBytes > 0) {
        status |= Dnnl.dnnl_memory_set_data_handle(frame.memories[n], context.scratchpad(scratchBytes));
      }
      if (status != 0) {
        throw new OneDnnException("dnnl_memory_set_data_handle", status, String.valueOf(spec));
      }
      status = handle.execute(context.handle(), frame);
    } finally {
      handle.release(frame);
      Reference.reachabilityFence(operands);
      Reference.reachabilityFence(this);
    }
    OneDnnException.check(status, "dnnl_primitive_execute", spec);
  }

  private IllegalArgumentException refused(int index, MemorySegment operand) {
    String wanted = !operand.isNative() ? "native memory"
        : operand.byteSize() < byteSizes[index] ? "at least " + byteSizes[index] + " bytes" : "writable memory";
    return new IllegalArgumentException("operand " + index + ", " + arguments.get(index) + ": expected " + wanted + ", got " + operand);
  }

  @Override
  public String toString() {
    return spec + " on " + threads + " thread(s), " + implementation;
  }
}
