package dev.dalle.bindings.onednn;

import java.util.Arrays;
import java.util.Objects;

/**
 * How elements lie in memory: element type, dimensions in oneDNN's logical order, and one of these layouts: <em>plain</em>
 * (a stride for each dimension), <em>any</em> (oneDNN chooses; only in a {@link PrimitiveSpec}, the choice is found in
 * {@link Primitive#arguments()}), <em>opaque</em> (such a choice that strides cannot express), or <em>none</em> (the argument is
 * absent). Offsets are the caller's business: pass a slice of the segment.
 *
 * <p>A value: immutable, with equality. Its hash is computed once, because descriptors are keys of the primitive cache.
 */
public final class MemoryDesc {
  /** Stands for an argument that an operation is to do without, for example a bias. */
  public static final MemoryDesc NONE = new MemoryDesc(Layout.NONE, DataType.F32, new long[0], new long[0], new byte[0], 0);

  /** oneDNN's limit on dimensions. */
  public static final int MAX_DIMS = 12;

  private enum Layout { NONE, PLAIN, ANY, OPAQUE }

  private final Layout layout;
  private final DataType dtype;
  private final long[] dims;
  private final long[] strides;                        // elements; empty unless plain
  private final byte[] blob;                           // oneDNN's serialised descriptor; empty unless opaque
  private final long byteSize;
  private final int hash;

  private MemoryDesc(Layout layout, DataType dtype, long[] dims, long[] strides, byte[] blob, long byteSize) {
    this.layout = layout;
    this.dtype = dtype;
    this.dims = dims;
    this.strides = strides;
    this.blob = blob;
    this.byteSize = byteSize;
    this.hash = ((((layout.ordinal() * 31 + dtype.ordinal()) * 31 + Arrays.hashCode(dims)) * 31
        + Arrays.hashCode(strides)) * 31 + Arrays.hashCode(blob));
  }

  /** Dense memory, last dimension fastest. */
  public static MemoryDesc of(DataType dtype, long... dims) {
    long[] own = checkDims(dtype, dims);
    long[] strides = new long[own.length];
    long step = 1;
    for (int i = own.length - 1; i >= 0; i--) {
      strides[i] = step;
      step = Math.multiplyExact(step, Math.max(1, own[i]));
    }
    return plain(dtype, own, strides);
  }

  /**
   * Memory with a stride, in elements, for each dimension.
   *
   * @throws IllegalArgumentException if the arrays differ in length or a number is negative
   */
  public static MemoryDesc strided(DataType dtype, long[] dims, long[] strides) {
    long[] own = checkDims(dtype, dims);
    if (strides.length != own.length) {
      throw new IllegalArgumentException("strides: expected " + own.length + " like dims, got " + Arrays.toString(strides));
    }
    for (long stride : strides) {
      if (stride < 0) {
        throw new IllegalArgumentException("strides: expected no negative number, got " + Arrays.toString(strides));
      }
    }
    return plain(dtype, own, strides.clone());
  }

  /** Memory whose layout oneDNN chooses. */
  public static MemoryDesc any(DataType dtype, long... dims) {
    return new MemoryDesc(Layout.ANY, dtype, checkDims(dtype, dims), new long[0], new byte[0], 0);
  }

  /** Dense images with the channel fastest, in oneDNN's logical order {@code [n, c, h, w]}. */
  public static MemoryDesc nhwc(DataType dtype, long n, long h, long w, long c) {
    return strided(dtype, new long[] {n, c, h, w}, new long[] {h * w * c, 1, w * c, c});
  }

  static MemoryDesc opaque(DataType dtype, long[] dims, byte[] blob, long byteSize) {
    return new MemoryDesc(Layout.OPAQUE, dtype, dims.clone(), new long[0], blob.clone(), byteSize);
  }

  private static MemoryDesc plain(DataType dtype, long[] dims, long[] strides) {
    return new MemoryDesc(Layout.PLAIN, dtype, dims, strides, new byte[0], spannedBytes(dtype, dims, strides));
  }

  private static long[] checkDims(DataType dtype, long[] dims) {
    Objects.requireNonNull(dtype, "dtype");
    if (dims.length < 1 || dims.length > MAX_DIMS) {
      throw new IllegalArgumentException("dims: expected 1 to " + MAX_DIMS + " dimensions, got " + Arrays.toString(dims));
    }
    for (long dim : dims) {
      if (dim < 0) {
        throw new IllegalArgumentException("dims: expected no negative number, got " + Arrays.toString(dims));
      }
    }
    return dims.clone();
  }

  private static long spannedBytes(DataType dtype, long[] dims, long[] strides) {
    long last = 0;
    for (int i = 0; i < dims.length; i++) {
      if (dims[i] == 0) {
        return 0;
      }
      last = Math.addExact(last, Math.multiplyExact(dims[i] - 1, strides[i]));
    }
    return Math.multiplyExact(last + 1, dtype.byteSize());
  }

  /** This description with the last two dimensions exchanged; the memory stays as it is. */
  public MemoryDesc transposed() {
    if (layout != Layout.PLAIN || dims.length < 2) {
      throw new IllegalStateException("transposed: expected a plain layout of at least 2 dimensions, this is " + this);
    }
    long[] newDims = dims.clone();
    long[] newStrides = strides.clone();
    int n = dims.length;
    newDims[n - 2] = dims[n - 1];
    newDims[n - 1] = dims[n - 2];
    newStrides[n - 2] = strides[n - 1];
    newStrides[n - 1] = strides[n - 2];
    return plain(dtype, newDims, newStrides);
  }

  /** The element type. */
  public DataType dtype() {
    return dtype;
  }

  /** Number of dimensions. */
  public int numDims() {
    return dims.length;
  }

  /** One dimension; a negative index counts from the end. */
  public long dim(int index) {
    return dims[index < 0 ? dims.length + index : index];
  }

  /** The dimensions, a copy. */
  public long[] dims() {
    return dims.clone();
  }

  /**
   * The strides in elements, a copy.
   *
   * @throws IllegalStateException if the layout is not plain
   */
  public long[] strides() {
    if (layout != Layout.PLAIN) {
      throw new IllegalStateException("strides: the layout is not plain: " + this);
    }
    return strides.clone();
  }

  /** The bytes from the first element to the end of the last; what a segment must hold at least. 0 for none and any. */
  public long byteSize() {
    return byteSize;
  }

  /** Number of elements. */
  public long elementCount() {
    long count = 1;
    for (long dim : dims) {
      count *= dim;
    }
    return layout == Layout.NONE ? 0 : count;
  }

  /** Whether this is {@link #NONE}. */
  public boolean isNone() {
    return layout == Layout.NONE;
  }

  /** Whether oneDNN is to choose the layout. */
  public boolean isAny() {
    return layout == Layout.ANY;
  }

  /** Whether strides express the layout. */
  public boolean isPlain() {
    return layout == Layout.PLAIN;
  }

  /** Whether this is a layout of oneDNN's own; a {@link Reorder} translates. */
  public boolean isOpaque() {
    return layout == Layout.OPAQUE;
  }

  byte[] blob() {
    return blob;
  }

  boolean sameDims(MemoryDesc other) {
    return Arrays.equals(dims, other.dims);
  }

  @Override
  public boolean equals(Object o) {
    return this == o || o instanceof MemoryDesc d && hash == d.hash && layout == d.layout && dtype == d.dtype
        && Arrays.equals(dims, d.dims) && Arrays.equals(strides, d.strides) && Arrays.equals(blob, d.blob);
  }

  @Override
  public int hashCode() {
    return hash;
  }

  @Override
  public String toString() {
    String head = dtype.name().toLowerCase(java.util.Locale.ROOT) + Arrays.toString(dims);
    return switch (layout) {
      case NONE -> "none";
      case ANY -> head + ":any";
      case OPAQUE -> head + ":opaque(" + byteSize + " bytes)";
      case PLAIN -> head + ":" + Arrays.toString(strides);
    };
  }
}
