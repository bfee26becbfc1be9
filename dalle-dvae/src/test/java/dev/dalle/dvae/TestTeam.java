package dev.dalle.dvae;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Ops;
import dev.dalle.tensor.cpu.CpuTeam;
import dev.dalle.tensor.cpu.BlockProduct;
import dev.dalle.tensor.internal.cpu.HostDevice;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;

/** A team of plain threads, and a device of it which has nothing but memory: enough for kernels of our own. */
record TestTeam(int threads) implements CpuTeam {
  static HostDevice device(int threads) {
    return new HostDevice("test-" + threads, new TestTeam(threads), dtype -> dtype == DType.F32,
        device -> (Ops) Proxy.newProxyInstance(Ops.class.getClassLoader(), new Class<?>[] {Ops.class}, (proxy, method, arguments) -> {
          throw new UnsupportedOperationException(method.getName());
        }));
  }

  @Override
  public BlockProduct product(BlockProduct.Spec spec) {
    throw new UnsupportedOperationException("this team has no products");
  }

  @Override
  public void forRanges(long count, long grain, RangeBody body) {
    long grains = Math.ceilDiv(count, grain);
    AtomicReference<RuntimeException> failure = new AtomicReference<>();
    List<Thread> started = new ArrayList<>();
    for (int thread = 0; thread < threads; thread++) {
      int number = thread;
      long from = grains * thread / threads * grain;
      long to = Math.min(count, grains * (thread + 1) / threads * grain);
      if (from >= to) {
        continue;
      }
      if (threads == 1) {
        body.run(number, from, to);
        return;
      }
      started.add(Thread.ofPlatform().start(() -> {
        try {
          body.run(number, from, to);
        } catch (RuntimeException e) {
          failure.compareAndSet(null, e);
        }
      }));
    }
    for (Thread thread : started) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
    if (failure.get() != null) {
      throw failure.get();
    }
  }
}
