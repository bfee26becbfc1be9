package dev.dalle.tensor;

import dev.dalle.tensor.internal.cpu.HostDevice;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * Something that holds tensors and computes with them. Operations are posted and run in the order of posting; a device may run
 * them at once or later. One thread at a time may post to a device.
 */
public interface Device {
  /** A short name for messages and logs, such as {@code cpu}. */
  String name();

  /** The operations; every argument is checked before anything is posted. */
  Ops ops();

  /**
   * The implementation for this device of an interface of operations that another module brings.
   *
   * @param family the interface
   * @throws UnsupportedOperationException if no {@link OperationProvider} offers it for this device; the message names both
   */
  <T> T operations(Class<T> family);

  /**
   * Whether products and convolutions with this element type run here without being converted by the caller. The processor says yes to {@link DType#F16}
   * whatever it has itself: numbers are kept in 16 bits, computed with in F32 and rounded once. To {@link DType#BF16}, which only serves speed, it says yes
   * where it multiplies it.
   */
  boolean computesIn(DType dtype);

  /**
   * Memory of at least the given size with undefined content, 64-byte aligned. {@link Scope} calls this; others rarely need to.
   *
   * @throws DeviceMemoryException if there is not enough
   */
  DeviceMemory allocate(long byteSize);

  /** Gives memory back to the pool. Operations posted before may still use it; the device keeps the order. */
  void free(DeviceMemory memory);

  /** Bytes handed out and not yet given back. */
  long bytesInUse();

  /** The highest {@link #bytesInUse()} since the device was made or {@link #resetPeak()} was called. */
  long peakBytes();

  /** Starts a new measurement of {@link #peakBytes()}. */
  void resetPeak();

  /**
   * Makes memory of the caller usable as device memory without a copy, where the device can: the caller keeps it alive and
   * unchanged while operations use it.
   *
   * @throws UnsupportedOperationException if this device cannot reach host memory
   */
  DeviceMemory wrap(MemorySegment memory);

  /**
   * Copies host memory into a tensor. The source may be reused as soon as this returns.
   *
   * @param host native or heap memory of exactly the tensor's byte size, little-endian
   * @throws ShapeException if the sizes differ
   */
  void upload(MemorySegment host, Tensor tensor);

  /**
   * Copies a tensor into host memory. Waits until everything posted before is done.
   *
   * @throws ShapeException if the sizes differ
   */
  void download(Tensor tensor, MemorySegment host);

  /**
   * Posts a copy of a tensor into host memory: it holds what the tensor holds when everything posted before is done, whatever is posted later. Nobody waits but
   * those who ask the result to.
   *
   * @param host native memory of exactly the tensor's byte size, little-endian, open to every thread; the caller keeps it alive and leaves it alone until the
   *     copy is done
   * @return tells when it is
   * @throws ShapeException if the sizes differ or the memory is not native
   */
  Completion downloadLater(Tensor tensor, MemorySegment host);

  /**
   * A tensor's bytes, for host code that works beside the device, such as a transfer between processes. Waits until everything posted before is done; what is
   * posted later may still change them.
   *
   * @return native, little-endian, valid until the tensor's memory is given back; empty where the host cannot reach it
   */
  default Optional<MemorySegment> hostView(Tensor tensor) {
    return Optional.empty();
  }

  /**
   * Whether tensors lie in the host's memory and operations run on its cores. Then there is nothing to gain from keeping on the host what is seldom used, and no
   * time of the device's to spare by working there.
   */
  boolean isHost();

  /** Waits until everything posted is done, and reports the first failure among it. */
  void synchronize();

  /** A new owner of tensors on this device. */
  default Scope newScope() {
    return new Scope(this);
  }

  /**
   * The processor, with one thread for each core that this process may use. Made at the first call, kept for the life of the process.
   *
   * @throws dev.dalle.bindings.NativeLibraryException if the native library cannot be used here; the message says why and what to do
   */
  static Device cpu() {
    return HostDevice.shared();
  }

  /**
   * The processor with a team of threads and a pool of memory of its own. The number of threads is part of what makes results repeat bit for bit.
   *
   * @param threads 1 or more
   * @throws dev.dalle.bindings.NativeLibraryException if the native library cannot be used here; the message says why and what to do
   */
  static Device cpu(int threads) {
    return HostDevice.open(threads);
  }
}
