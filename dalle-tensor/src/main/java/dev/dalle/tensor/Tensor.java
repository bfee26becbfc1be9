package dev.dalle.tensor;

import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * A dense, row-major array on a device. A tensor is a view of memory that a {@link Scope} or the caller owns: its shape, type and
 * place never change, its content changes when an operation writes to it. {@link #reshape} and {@link #slice} share the memory.
 */
public final class Tensor {
  private final Device device;
  private final DeviceMemory memory;
  private final long byteOffset;
  private final DType dtype;
  private final Shape shape;

  Tensor(Device device, DeviceMemory memory, long byteOffset, DType dtype, Shape shape) {
    this.device = Objects.requireNonNull(device, "device");
    this.memory = Objects.requireNonNull(memory, "memory");
    this.byteOffset = byteOffset;
    this.dtype = Objects.requireNonNull(dtype, "dtype");
    this.shape = Objects.requireNonNull(shape, "shape");
    if (byteOffset < 0 || byteOffset + byteSize() > memory.byteSize()) {
      throw new ShapeException("a " + dtype + " tensor of shape " + shape + " at byte " + byteOffset + " needs " + byteSize()
          + " bytes, the memory has " + memory.byteSize());
    }
  }

  /**
   * A tensor over the caller's memory, without a copy, on a device that can reach it.
   *
   * @param memory at least the bytes of the shape; kept alive by the caller
   * @throws UnsupportedOperationException if the device cannot reach host memory
   * @throws ShapeException if the memory is too small
   */
  public static Tensor wrap(Device device, MemorySegment memory, DType dtype, Shape shape) {
    return new Tensor(device, device.wrap(memory), 0, dtype, shape);
  }

  /** Where it lives. */
  public Device device() {
    return device;
  }

  /** The element type. */
  public DType dtype() {
    return dtype;
  }

  /** The dimensions. */
  public Shape shape() {
    return shape;
  }

  /** The size of one dimension; negative numbers count from the end. */
  public long dim(int dim) {
    return shape.dim(dim);
  }

  /** Number of elements. */
  public long elementCount() {
    return shape.elementCount();
  }

  /** Number of bytes. */
  public long byteSize() {
    return shape.elementCount() * dtype.byteSize();
  }

  /** The memory this tensor is a view of; meaningful to its device only. */
  public DeviceMemory memory() {
    return memory;
  }

  /** Where in {@link #memory()} this tensor begins. */
  public long byteOffset() {
    return byteOffset;
  }

  /**
   * The same elements under another shape.
   *
   * @throws ShapeException if the number of elements differs
   */
  public Tensor reshape(long... dims) {
    return reshape(Shape.of(dims));
  }

  /**
   * The same elements under another shape.
   *
   * @throws ShapeException if the number of elements differs
   */
  public Tensor reshape(Shape other) {
    if (other.elementCount() != shape.elementCount()) {
      throw new ShapeException("reshape: " + shape + " has " + shape.elementCount() + " elements, " + other + " has "
          + other.elementCount());
    }
    return new Tensor(device, memory, byteOffset, dtype, other);
  }

  /**
   * Entries {@code from} (inclusive) to {@code to} (exclusive) of the outermost dimension, as a view.
   *
   * @throws ShapeException if the range does not lie inside
   */
  public Tensor slice(long from, long to) {
    if (shape.rank() == 0 || from < 0 || to < from || to > shape.dim(0)) {
      throw new ShapeException("slice [" + from + ", " + to + ") asked of shape " + shape);
    }
    long entry = shape.dim(0) == 0 ? 0 : shape.elementCount() / shape.dim(0);
    return new Tensor(device, memory, byteOffset + from * entry * dtype.byteSize(), dtype, shape.withFirst(to - from));
  }

  /** Whether both are views of the same bytes under the same type. */
  public boolean sameElements(Tensor other) {
    return memory == other.memory && byteOffset == other.byteOffset && byteSize() == other.byteSize() && dtype == other.dtype;
  }

  /**
   * Writes host values, converted to this tensor's floating-point type (round to nearest even).
   *
   * @throws ShapeException if the length differs or the type is not a floating-point type
   */
  public void write(float[] values) {
    HostCopies.write(this, values);
  }

  /**
   * Writes host values to a tensor of {@link DType#I32}, {@link DType#U16} or {@link DType#U8}.
   *
   * @throws ShapeException if the length differs or the type is another
   * @throws IllegalArgumentException if the type has no place for a value; nothing is written then
   */
  public void write(int[] values) {
    HostCopies.write(this, values);
  }

  /**
   * The elements as floats, whatever the floating-point type. Waits for the device.
   *
   * @throws ShapeException if the type is not a floating-point type
   */
  public float[] toFloats() {
    return HostCopies.toFloats(this);
  }

  /**
   * The elements of a tensor of {@link DType#I32}, {@link DType#U16} or {@link DType#U8}. Waits for the device.
   *
   * @throws ShapeException if the type is another
   */
  public int[] toInts() {
    return HostCopies.toInts(this);
  }

  /**
   * The single element of a floating-point tensor. Waits for the device.
   *
   * @throws ShapeException if there is not exactly one element
   */
  public float toFloat() {
    if (elementCount() != 1) {
      throw new ShapeException("toFloat: expected one element, got shape " + shape);
    }
    return toFloats()[0];
  }

  @Override
  public String toString() {
    return dtype + shape.toString() + "@" + device.name();
  }
}
