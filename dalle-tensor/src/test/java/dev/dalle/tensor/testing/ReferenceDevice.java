package dev.dalle.tensor.testing;

import dev.dalle.tensor.CheckedOps;
import dev.dalle.tensor.Completion;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.DeviceMemory;
import dev.dalle.tensor.OperationProvider;
import dev.dalle.tensor.Ops;
import dev.dalle.tensor.ShapeException;
import dev.dalle.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.Map;
import java.util.ServiceLoader;

/**
 * A device that defines what is right: every element, whatever its type says, is a Java {@code double}, and every operation is the plain
 * loop of its definition. Values are rounded to the tensor's type only on their way in and out. Central differences on it are exact to
 * about ten digits.
 */
public final class ReferenceDevice implements Device {
  private final Ops ops = new CheckedOps(this, new ReferenceOps());
  private final Map<Class<?>, Object> families = new HashMap<>();
  private long bytesInUse;
  private long peakBytes;

  /** Elements as doubles. */
  static final class Memory implements DeviceMemory {
    final double[] values;
    private final long byteSize;

    Memory(long byteSize) {
      this.byteSize = byteSize;
      // The smallest type has one byte; garbage makes a read of undefined content visible.
      this.values = new double[Math.toIntExact(byteSize)];
      java.util.Arrays.fill(values, Double.NaN);
    }

    @Override
    public long byteSize() {
      return byteSize;
    }
  }

  /** The doubles that a tensor is a view of, for reference implementations of a module's own operations. */
  public static double[] values(Tensor tensor) {
    return ((Memory) tensor.memory()).values;
  }

  /** Where in {@link #values} the tensor begins. */
  public static int offset(Tensor tensor) {
    return Math.toIntExact(tensor.byteOffset() / tensor.dtype().byteSize());
  }

  /** A copy of the tensor's elements. */
  public static double[] read(Tensor tensor) {
    int offset = offset(tensor);
    return java.util.Arrays.copyOfRange(values(tensor), offset, offset + Math.toIntExact(tensor.elementCount()));
  }

  /** Writes elements without rounding. */
  public static void write(Tensor tensor, double[] from) {
    if (from.length != tensor.elementCount()) {
      throw new ShapeException("write: expected " + tensor.elementCount() + " values, got " + from.length);
    }
    System.arraycopy(from, 0, values(tensor), offset(tensor), from.length);
  }

  /** Makes an implementation of a family of operations known, beside those that are found as services. */
  public <T> void offer(Class<T> family, T implementation) {
    families.put(family, implementation);
  }

  @Override
  public String name() {
    return "reference";
  }

  @Override
  public Ops ops() {
    return ops;
  }

  @Override
  public <T> T operations(Class<T> family) {
    Object known = families.computeIfAbsent(family, key -> {
      for (OperationProvider provider : ServiceLoader.load(OperationProvider.class)) {
        if (provider.family() == family && provider.supports(this)) {
          return provider.create(this);
        }
      }
      throw new UnsupportedOperationException("no implementation of " + family.getName() + " for device " + name());
    });
    return family.cast(known);
  }

  @Override
  public boolean computesIn(DType dtype) {
    return dtype.isFloating();
  }

  @Override
  public DeviceMemory allocate(long byteSize) {
    bytesInUse += byteSize;
    peakBytes = Math.max(peakBytes, bytesInUse);
    return new Memory(byteSize);
  }

  @Override
  public void free(DeviceMemory memory) {
    bytesInUse -= memory.byteSize();
    java.util.Arrays.fill(((Memory) memory).values, Double.NaN);
  }

  @Override
  public long bytesInUse() {
    return bytesInUse;
  }

  @Override
  public long peakBytes() {
    return peakBytes;
  }

  @Override
  public void resetPeak() {
    peakBytes = bytesInUse;
  }

  @Override
  public DeviceMemory wrap(MemorySegment memory) {
    throw new UnsupportedOperationException("the reference device computes in doubles and cannot use foreign memory");
  }

  @Override
  public void upload(MemorySegment host, Tensor tensor) {
    checkSize(host, tensor);
    double[] values = values(tensor);
    int offset = offset(tensor);
    for (int i = 0; i < tensor.elementCount(); i++) {
      values[offset + i] = switch (tensor.dtype()) {
        case F32 -> host.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * i);
        case BF16 -> Float.intBitsToFloat(host.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i) << 16);
        case F16 -> Float.float16ToFloat(host.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i));
        case I32 -> host.get(ValueLayout.JAVA_INT_UNALIGNED, 4L * i);
        case I64 -> host.get(ValueLayout.JAVA_LONG_UNALIGNED, 8L * i);
        case U8 -> host.get(ValueLayout.JAVA_BYTE, i) & 0xFF;
        case U16 -> host.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i) & 0xFFFF;
      };
    }
  }

  @Override
  public void download(Tensor tensor, MemorySegment host) {
    checkSize(host, tensor);
    double[] values = values(tensor);
    int offset = offset(tensor);
    for (int i = 0; i < tensor.elementCount(); i++) {
      double value = values[offset + i];
      switch (tensor.dtype()) {
        case F32 -> host.set(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * i, (float) value);
        case BF16 -> host.set(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i, bfloat16((float) value));
        case F16 -> host.set(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i, Float.floatToFloat16((float) value));
        case I32 -> host.set(ValueLayout.JAVA_INT_UNALIGNED, 4L * i, (int) value);
        case I64 -> host.set(ValueLayout.JAVA_LONG_UNALIGNED, 8L * i, (long) value);
        case U8 -> host.set(ValueLayout.JAVA_BYTE, i, (byte) (int) value);
        case U16 -> host.set(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i, (short) (int) value);
      }
    }
  }

  @Override
  public Completion downloadLater(Tensor tensor, MemorySegment host) {
    download(tensor, host);
    return () -> {};
  }

  @Override
  public boolean isHost() {
    return true;
  }

  private static short bfloat16(float value) {
    int bits = Float.floatToRawIntBits(value);
    return Float.isNaN(value) ? (short) 0x7FC0 : (short) ((bits + 0x7FFF + ((bits >>> 16) & 1)) >>> 16);
  }

  private static void checkSize(MemorySegment host, Tensor tensor) {
    if (host.byteSize() != tensor.byteSize()) {
      throw new ShapeException("host memory: expected " + tensor.byteSize() + " bytes for " + tensor + ", got " + host.byteSize());
    }
  }

  @Override
  public void synchronize() {}
}
