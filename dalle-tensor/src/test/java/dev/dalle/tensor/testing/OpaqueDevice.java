package dev.dalle.tensor.testing;

import dev.dalle.tensor.Completion;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.DeviceMemory;
import dev.dalle.tensor.Ops;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.cpu.CpuDevice;
import dev.dalle.tensor.cpu.CpuTeam;
import dev.dalle.tensor.internal.cpu.CpuBackend;
import dev.dalle.tensor.internal.cpu.HostDevice;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * The processor behaving like a far-away accelerator: nothing runs until something waits for it, and memory cannot be reached from
 * outside. Code that reads a result without asking for it, or lends host memory, fails here on every machine.
 */
public final class OpaqueDevice extends HostDevice {
  private record Work(String name, Runnable body) {}

  private final Deque<Work> queue = new ArrayDeque<>();

  /** As the processor's device. */
  public OpaqueDevice(CpuTeam team, Predicate<DType> computes, Function<CpuDevice, Ops> ops) {
    super("opaque", team, computes, ops);
  }

  /** On the real team and engine. */
  public static OpaqueDevice open(int threads) {
    CpuBackend backend = new CpuBackend(threads);
    return new OpaqueDevice(backend.team(), backend::computes, backend::ops);
  }

  @Override
  protected void submit(String work, Runnable body) {
    queue.add(new Work(work, body));
  }

  @Override
  public void upload(MemorySegment host, Tensor tensor) {
    checkSize(host, tensor);
    MemorySegment copy = Arena.ofAuto().allocate(Math.max(1, host.byteSize()), 8).asSlice(0, host.byteSize());
    copy.copyFrom(host);
    launch("upload", (team, memory) -> memory[0].copyFrom(copy), tensor);
  }

  /** Work is done on the thread that posts it, so another one can only wait until that one waits for something. */
  @Override
  public Completion downloadLater(Tensor tensor, MemorySegment host) {
    Thread poster = Thread.currentThread();
    CompletableFuture<Void> copied = new CompletableFuture<>();
    downloadLater(tensor, host, () -> copied.complete(null));
    return () -> {
      while (Thread.currentThread() == poster && !copied.isDone()) {
        queue.remove().body().run();
      }
      copied.join();
    };
  }

  @Override
  public boolean isHost() {
    return false;
  }

  @Override
  public DeviceMemory wrap(MemorySegment memory) {
    throw new UnsupportedOperationException("device opaque cannot reach host memory; copy it with Device.upload");
  }

  @Override
  public void synchronize() {
    while (!queue.isEmpty()) {
      queue.poll().body().run();
    }
  }

  /** Number of operations that wait to be run. */
  public int pending() {
    return queue.size();
  }
}
