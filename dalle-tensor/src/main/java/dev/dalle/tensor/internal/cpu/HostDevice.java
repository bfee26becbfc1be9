package dev.dalle.tensor.internal.cpu;

import dev.dalle.tensor.CheckedOps;
import dev.dalle.tensor.Completion;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.DeviceMemory;
import dev.dalle.tensor.OperationProvider;
import dev.dalle.tensor.Ops;
import dev.dalle.tensor.ShapeException;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.cpu.CpuDevice;
import dev.dalle.tensor.cpu.CpuKernel;
import dev.dalle.tensor.cpu.CpuTeam;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.Predicate;

/** The processor. A launch runs its kernel before it returns, on the team of threads that the device was made with. */
public class HostDevice implements CpuDevice {
  /** Bytes below which a second thread costs more than it saves. */
  private static final long COPY_GRAIN = 65_536;

  private final String name;
  private final CpuTeam team;
  private final Predicate<DType> computes;
  private final Ops ops;
  private final HostPool pool = new HostPool(MemoryLimit.detect());
  private final ConcurrentHashMap<Class<?>, Object> families = new ConcurrentHashMap<>();

  /**
   * A device.
   *
   * @param team runs the kernels
   * @param computes the types of products and convolutions
   * @param ops makes the operations for this device
   */
  public HostDevice(String name, CpuTeam team, Predicate<DType> computes, Function<CpuDevice, Ops> ops) {
    this.name = name;
    this.team = team;
    this.computes = computes;
    this.ops = new CheckedOps(this, ops.apply(this));
  }

  /** A device with a team of its own. */
  public static HostDevice open(int threads) {
    CpuBackend backend = new CpuBackend(threads);
    return new HostDevice("cpu", backend.team(), backend::computes, backend::ops);
  }

  private static final class Shared {
    static final HostDevice DEVICE = open(Runtime.getRuntime().availableProcessors());
  }

  /** The process's own device, made at first use. */
  public static HostDevice shared() {
    return Shared.DEVICE;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public int threads() {
    return team.threads();
  }

  @Override
  public Ops ops() {
    return ops;
  }

  @Override
  public <T> T operations(Class<T> family) {
    return family.cast(families.computeIfAbsent(family, this::find));
  }

  private Object find(Class<?> family) {
    for (OperationProvider provider : ServiceLoader.load(OperationProvider.class, family.getClassLoader())) {
      if (provider.family() == family && provider.supports(this)) {
        return provider.create(this);
      }
    }
    throw new UnsupportedOperationException("no implementation of " + family.getName() + " for device " + name
        + " is on the module path or the class path");
  }

  @Override
  public boolean computesIn(DType dtype) {
    return computes.test(dtype);
  }

  @Override
  public void launch(String kernelName, CpuKernel kernel, Tensor... tensors) {
    MemorySegment[] memory = new MemorySegment[tensors.length];
    for (int i = 0; i < tensors.length; i++) {
      memory[i] = segment(tensors[i]);
    }
    submit(kernelName, () -> kernel.run(team, memory));
  }

  /** Runs work in the order of submission; this device does it at once. */
  protected void submit(String work, Runnable body) {
    body.run();
  }

  private MemorySegment segment(Tensor tensor) {
    if (tensor.device() != this) {
      throw new ShapeException("expected a tensor on " + name + ", got " + tensor + "; copy it over first");
    }
    return ((HostMemory) tensor.memory()).segment().asSlice(tensor.byteOffset(), tensor.byteSize());
  }

  @Override
  public DeviceMemory allocate(long byteSize) {
    HostPool.Block block;
    synchronized (pool) {
      block = pool.allocate(byteSize);
    }
    return new HostMemory(block.segment, Optional.of(block));
  }

  @Override
  public void free(DeviceMemory memory) {
    HostPool.Block block = ((HostMemory) memory).block()
        .orElseThrow(() -> new IllegalArgumentException("free: this memory belongs to the caller"));
    synchronized (pool) {
      pool.free(block);
    }
  }

  @Override
  public long bytesInUse() {
    synchronized (pool) {
      return pool.bytesInUse();
    }
  }

  @Override
  public long peakBytes() {
    synchronized (pool) {
      return pool.peakBytes();
    }
  }

  @Override
  public void resetPeak() {
    synchronized (pool) {
      pool.resetPeak();
    }
  }

  @Override
  public DeviceMemory wrap(MemorySegment memory) {
    if (!memory.isNative()) {
      throw new ShapeException("wrap: expected native memory, got a view of a Java array; copy it with Tensor.write instead");
    }
    return new HostMemory(memory, Optional.empty());
  }

  @Override
  public void upload(MemorySegment host, Tensor tensor) {
    checkSize(host, tensor);
    MemorySegment.copy(host, 0, segment(tensor), 0, tensor.byteSize());
  }

  @Override
  public void download(Tensor tensor, MemorySegment host) {
    checkSize(host, tensor);
    synchronize();
    MemorySegment.copy(segment(tensor), 0, host, 0, tensor.byteSize());
  }

  @Override
  public Completion downloadLater(Tensor tensor, MemorySegment host) {
    return downloadLater(tensor, host, () -> {});
  }

  /**
   * As {@link #downloadLater(Tensor, MemorySegment)}.
   *
   * @param done called when the copy is
   * @return for a device that does everything at once
   */
  protected Completion downloadLater(Tensor tensor, MemorySegment host, Runnable done) {
    checkSize(host, tensor);
    if (!host.isNative()) {
      throw new ShapeException("host memory: expected native memory for a copy that is made later, got a view of a Java array");
    }
    long size = tensor.byteSize();
    launch("download", (team, memory) -> {
      team.forRanges(size, COPY_GRAIN, (thread, from, to) -> MemorySegment.copy(memory[0], from, host, from, to - from));
      done.run();
    }, tensor);
    return () -> {};
  }

  @Override
  public Optional<MemorySegment> hostView(Tensor tensor) {
    if (!isHost()) {
      return Optional.empty();
    }
    synchronize();
    return Optional.of(segment(tensor));
  }

  @Override
  public boolean isHost() {
    return true;
  }

  /** Fails unless the host memory has exactly the tensor's bytes. */
  protected static void checkSize(MemorySegment host, Tensor tensor) {
    if (host.byteSize() != tensor.byteSize()) {
      throw new ShapeException("host memory: expected " + tensor.byteSize() + " bytes for " + tensor + ", got " + host.byteSize());
    }
  }

  @Override
  public void synchronize() {}
}
