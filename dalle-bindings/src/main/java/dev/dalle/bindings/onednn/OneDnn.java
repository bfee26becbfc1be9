package dev.dalle.bindings.onednn;

import static dev.dalle.bindings.onednn.OneDnnException.check;

import dev.dalle.bindings.internal.load.OneDnnLibrary;
import dev.dalle.bindings.internal.onednn.Dnnl;
import dev.dalle.bindings.internal.openmp.Gomp;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Cleaner;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;

/**
 * oneDNN's CPU engine and the primitives made with it. Owns the engine, a stream for each executing thread, and every primitive;
 * {@link #close()} destroys them in the reverse order.
 *
 * <p>Threads: any, at once. Nothing may be executing during {@link #close()}.
 */
public final class OneDnn implements AutoCloseable {
  private static final Logger LOG = LogManager.getLogger(OneDnn.class);
  private static final Cleaner CLEANER = Cleaner.create();

  /** Primitives kept by default. A training run needs some hundreds; sampling with growing caches needs more. */
  public static final int DEFAULT_CAPACITY = 4096;

  private final ConcurrentHashMap<Key, Primitive> cache = new ConcurrentHashMap<>();
  private final Set<NativePrimitive> primitives = ConcurrentHashMap.newKeySet();
  private final Set<ThreadContext.Stream> streams = ConcurrentHashMap.newKeySet();
  private final ThreadLocal<ThreadContext> contexts = ThreadLocal.withInitial(this::newContext);
  private final CpuIsa isa;
  private final String version;
  private final int capacity;
  private final MemorySegment engine;
  private final PrimitiveDescriptions descriptions;
  private long clock;                                  // orders uses roughly; lost updates do no harm
  private volatile boolean closed;

  private record Key(PrimitiveSpec spec, int threads) {}

  /**
   * Loads the library if that has not happened yet, and makes an engine.
   *
   * @throws dev.dalle.bindings.NativeLibraryException if the library cannot be used
   */
  public OneDnn() {
    this(DEFAULT_CAPACITY);
  }

  /**
   * Like {@link #OneDnn()} with another number of primitives to keep; above it, those unused for longest leave the cache.
   *
   * @param capacity at least 1
   */
  public OneDnn(int capacity) {
    if (capacity < 1) {
      throw new IllegalArgumentException("capacity: expected at least 1, got " + capacity);
    }
    OneDnnLibrary.require();
    this.capacity = capacity;
    isa = CpuIsa.of(OneDnnLibrary.isa());
    version = OneDnnLibrary.version();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
      check(Dnnl.dnnl_engine_create(out, Dnnl.dnnl_cpu(), 0), "dnnl_engine_create", "the CPU");
      engine = out.get(ValueLayout.ADDRESS, 0);
    }
    descriptions = new PrimitiveDescriptions(engine);
  }

  /** oneDNN's version. */
  public String version() {
    return version;
  }

  /** The instruction set that oneDNN uses here; the environment variable ONEDNN_MAX_CPU_ISA limits it. */
  public CpuIsa isa() {
    return isa;
  }

  /** Whether matrix products and convolutions, training included, take this element type on this processor. */
  public boolean supports(DataType dtype) {
    return switch (dtype) {
      case F32 -> true;
      case BF16 -> isa.computesBf16();
      case F16 -> isa.computesF16();
      case S32, S8, U8 -> false;
    };
  }

  /**
   * The primitive of a specification, made on first use (1 to 20 ms) and kept.
   *
   * @param spec what to compute
   * @param threads how many threads compute it; 1 inside a parallel region
   * @throws OneDnnException if oneDNN cannot compute it here
   */
  public Primitive primitive(PrimitiveSpec spec, int threads) {
    Key key = new Key(spec, threads);
    Primitive primitive = cache.get(key);
    if (primitive == null) {
      primitive = cache.computeIfAbsent(key, this::make);
      primitive.lastUse = ++clock;
      if (cache.size() > capacity) {
        evict();
      }
    }
    primitive.lastUse = ++clock;
    return primitive;
  }

  private Primitive make(Key key) {
    PrimitiveSpec spec = key.spec();
    int threads = key.threads();
    if (closed) {
      throw new IllegalStateException("OneDnn: used after close()");
    }
    if (threads < 1 || threads > 1024) {
      throw new IllegalArgumentException("threads: expected 1 to 1024, got " + threads);
    }
    if (threads != 1 && Gomp.inParallel()) {
      throw new IllegalStateException("a primitive for " + threads + " threads was asked for inside a parallel region; ask for 1: " + spec);
    }
    Gomp.setNumThreads(threads);                       // oneDNN divides the work by the number that it finds now
    MemorySegment description = null;
    MemorySegment native0 = null;
    try (Descriptors descriptors = new Descriptors(spec)) {
      description = describe(spec, descriptors);
      List<Argument> arguments = new ArrayList<>();
      for (Argument argument : spec.arguments()) {
        MemoryDesc found = argument.desc().isAny()
            ? descriptors.describe(NativePrimitive.memoryDesc(description, argument.code())) : argument.desc();
        arguments.add(argument.resolved(found));
      }
      long scratchBytes = Dnnl.dnnl_memory_desc_get_size(NativePrimitive.scratchpadDesc(description));
      String implementation = descriptors.implementation(description);
      MemorySegment out = descriptors.result();
      check(Dnnl.dnnl_primitive_create(out, description), "dnnl_primitive_create", spec);
      native0 = Descriptors.value(out);
      NativePrimitive handle = new NativePrimitive(primitives, spec, engine, description, native0, arguments);
      Primitive made = new Primitive(this, spec, threads, implementation, List.copyOf(arguments), scratchBytes, handle);
      primitives.add(handle);
      CLEANER.register(made, handle);
      LOG.debug("made {}", made);
      return made;
    } catch (Throwable t) {
      if (native0 != null) {
        Dnnl.dnnl_primitive_destroy(native0);
      }
      if (description != null) {
        Dnnl.dnnl_primitive_desc_destroy(description);
      }
      throw t;
    }
  }

  /** Names the likely cause where oneDNN only says that it has nothing. */
  private MemorySegment describe(PrimitiveSpec spec, Descriptors descriptors) {
    try {
      return descriptions.create(spec, descriptors);
    } catch (OneDnnException e) {
      if (e.status() != OneDnnException.Status.UNIMPLEMENTED) {
        throw e;
      }
      for (Argument argument : spec.arguments()) {
        DataType dtype = argument.desc().dtype();
        if ((dtype == DataType.BF16 || dtype == DataType.F16) && !supports(dtype)) {
          throw new OneDnnException(e.call(), e.number(), spec + "; this processor (" + isa + ") does not compute "
              + dtype + ", which takes " + (dtype == DataType.BF16 ? CpuIsa.AVX512_CORE : CpuIsa.AVX512_CORE_FP16)
              + ": convert to F32");
        }
      }
      throw new OneDnnException(e.call(), e.number(), spec + " on " + isa + "; no code for these types and layouts together");
    }
  }

  private synchronized void evict() {
    int excess = cache.size() - capacity;
    if (excess <= 0) {
      return;
    }
    // An eighth more than necessary, so that a full cache does not sort at every step.
    record Use(Key key, long when) {}
    List<Use> uses = new ArrayList<>();
    cache.forEach((key, primitive) -> uses.add(new Use(key, primitive.lastUse)));
    uses.sort(Comparator.comparingLong(Use::when));
    uses.subList(0, Math.min(uses.size() - 1, excess + capacity / 8)).forEach(use -> cache.remove(use.key()));
  }

  /** The primitives in the cache, in no particular order. */
  public List<Primitive> primitives() {
    return List.copyOf(cache.values());
  }

  ThreadContext context() {
    return contexts.get();
  }

  private ThreadContext newContext() {
    if (closed) {
      throw new IllegalStateException("OneDnn: used after close()");
    }
    ThreadContext context = new ThreadContext(engine, streams);
    CLEANER.register(context, context.stream());
    return context;
  }

  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    cache.clear();
    List.copyOf(primitives).forEach(NativePrimitive::run);
    List.copyOf(streams).forEach(ThreadContext.Stream::run);
    check(Dnnl.dnnl_engine_destroy(engine), "dnnl_engine_destroy", "the CPU");
  }
}
