package dev.dalle.tensor;

import dev.dalle.tensor.internal.cpu.HalfProducts;
import dev.dalle.tensor.internal.cpu.HostPool;
import dev.dalle.tensor.internal.cpu.Products;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A device without memory or operations, on which a computation is gone through to learn what it would take: shapes are checked, {@link #peakBytes()} grows as
 * that of {@link Device#cpu()} would, and nothing is computed or allocated. What is read from it is zeros. Every family of operations is there, and does
 * nothing: what an implementation keeps beside the tensors is not counted, but for the operands of products of F16 in F32.
 */
public final class CountingDevice implements Device {
  private final Ops ops = new CheckedOps(this, productsAlone());
  private final Map<Class<?>, Object> families = new ConcurrentHashMap<>();
  private long bytesInUse;
  private long peakBytes;

  /** Nothing counted yet. */
  public CountingDevice() {}

  private record Nothing(long byteSize) implements DeviceMemory {}

  /** Every method does nothing, and gives false, zero or null. */
  private static <T> T nothing(Class<T> type) {
    return made(type, (proxy, method, arguments) -> nothingOf(method.getReturnType()));
  }

  private static Object nothingOf(Class<?> result) {
    return result == boolean.class ? (Object) false : result == int.class ? (Object) 0 : result == long.class ? (Object) 0L
        : result == float.class ? (Object) 0f : result == double.class ? (Object) 0.0 : null;
  }

  private static <T> T made(Class<T> type, InvocationHandler handler) {
    return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler));
  }

  /** Products take memory and give it back, everything else does nothing. */
  private Ops productsAlone() {
    Map<List<?>, Method> known = new HashMap<>();
    for (Method method : Products.class.getMethods()) {
      known.put(List.of(method.getName(), List.of(method.getParameterTypes())), method);
    }
    Products products = new HalfProducts(this, nothing(Products.class));
    return made(Ops.class, (proxy, method, arguments) -> {
      Method product = known.get(List.of(method.getName(), List.of(method.getParameterTypes())));
      if (product == null) {
        return nothingOf(method.getReturnType());
      }
      try {
        return product.invoke(products, arguments);
      } catch (InvocationTargetException e) {
        throw e.getCause();
      }
    });
  }

  @Override
  public String name() {
    return "counting";
  }

  @Override
  public Ops ops() {
    return ops;
  }

  @Override
  public <T> T operations(Class<T> family) {
    return family.cast(families.computeIfAbsent(family, CountingDevice::nothing));
  }

  @Override
  public boolean computesIn(DType dtype) {
    return dtype.isFloating();
  }

  @Override
  public DeviceMemory allocate(long byteSize) {
    DeviceMemory memory = new Nothing(HostPool.roundUp(byteSize));
    bytesInUse = Math.addExact(bytesInUse, memory.byteSize());
    peakBytes = Math.max(peakBytes, bytesInUse);
    return memory;
  }

  @Override
  public void free(DeviceMemory memory) {
    bytesInUse -= memory.byteSize();
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
    return new Nothing(memory.byteSize());
  }

  @Override
  public void upload(MemorySegment host, Tensor tensor) {}

  @Override
  public void download(Tensor tensor, MemorySegment host) {
    host.fill((byte) 0);
  }

  @Override
  public Completion downloadLater(Tensor tensor, MemorySegment host) {
    download(tensor, host);
    return () -> {};
  }

  /** Yes, as {@link Device#cpu()}, whose place it takes. */
  @Override
  public boolean isHost() {
    return true;
  }

  @Override
  public void synchronize() {}
}
