package dev.dalle.tensor;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Objects;
import java.util.Set;

/**
 * Owner of a group of tensors: those of a step, a block or a model. Closing it gives their memory back to the device's pool; nothing
 * waits for the garbage collector. One thread at a time. Closing twice is fine, allocating after is the error.
 */
public final class Scope implements AutoCloseable {
  private final Device device;
  private final Set<DeviceMemory> owned = Collections.newSetFromMap(new IdentityHashMap<>());
  private boolean closed;

  /** An empty scope. */
  public Scope(Device device) {
    this.device = Objects.requireNonNull(device, "device");
  }

  /** Where its tensors live. */
  public Device device() {
    return device;
  }

  /**
   * A tensor with undefined content.
   *
   * @throws IllegalStateException if the scope is closed
   * @throws DeviceMemoryException if there is not enough memory
   */
  public Tensor allocate(DType dtype, Shape shape) {
    if (closed) {
      throw new IllegalStateException("allocate: this scope is closed");
    }
    DeviceMemory memory = device.allocate(Math.max(1, shape.elementCount() * dtype.byteSize()));
    owned.add(memory);
    return new Tensor(device, memory, 0, dtype, shape);
  }

  /** A tensor with undefined content; see {@link #allocate(DType, Shape)}. */
  public Tensor allocate(DType dtype, long... dims) {
    return allocate(dtype, Shape.of(dims));
  }

  /** A tensor of zeros; see {@link #allocate(DType, Shape)}. */
  public Tensor zeros(DType dtype, Shape shape) {
    Tensor tensor = allocate(dtype, shape);
    device.ops().fill(tensor, 0);
    return tensor;
  }

  /** An F32 tensor of the given values; see {@link #allocate(DType, Shape)}. */
  public Tensor of(float[] values, long... dims) {
    Tensor tensor = allocate(DType.F32, dims);
    tensor.write(values);
    return tensor;
  }

  /** An I32 tensor of the given values; see {@link #allocate(DType, Shape)}. */
  public Tensor of(int[] values, long... dims) {
    Tensor tensor = allocate(DType.I32, dims);
    tensor.write(values);
    return tensor;
  }

  /** Whether this scope owns the memory that the tensor is a view of. */
  public boolean owns(Tensor tensor) {
    return owned.contains(tensor.memory());
  }

  /**
   * Gives one tensor's memory back early. Every view of it becomes invalid.
   *
   * @throws IllegalArgumentException if this scope does not own it
   */
  public void release(Tensor tensor) {
    if (!owned.remove(tensor.memory())) {
      throw new IllegalArgumentException("release: this scope does not own " + tensor);
    }
    device.free(tensor.memory());
  }

  /**
   * Hands a tensor's memory over to another scope of the same device, which then frees it.
   *
   * @throws IllegalArgumentException if this scope does not own it
   */
  public Tensor moveTo(Scope other, Tensor tensor) {
    if (other.closed || other.device != device || !owned.remove(tensor.memory())) {
      throw new IllegalArgumentException("moveTo: this scope must own " + tensor + " and the other must be open on the same device");
    }
    other.owned.add(tensor.memory());
    return tensor;
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    for (DeviceMemory memory : owned) {
      device.free(memory);
    }
    owned.clear();
  }
}
