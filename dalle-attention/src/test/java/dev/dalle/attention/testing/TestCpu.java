package dev.dalle.attention.testing;

import dev.dalle.tensor.Ops;
import dev.dalle.tensor.cpu.CpuTeam;
import dev.dalle.tensor.cpu.BlockProduct;
import dev.dalle.tensor.internal.cpu.CpuBackend;
import dev.dalle.tensor.internal.cpu.HostDevice;
import java.lang.reflect.Proxy;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;

/** The processor with a team of plain threads and without operations of its own: enough for the kernels of this module. */
public final class TestCpu {
  private TestCpu() {}

  /** A device with that many threads. */
  public static HostDevice device(int threads) {
    CpuBackend backend = new CpuBackend(1);
    return new HostDevice("test cpu", new Team(threads, backend), backend::computes, device -> (Ops) Proxy.newProxyInstance(TestCpu.class.getClassLoader(),
        new Class<?>[] {Ops.class}, (proxy, method, arguments) -> {
          throw new UnsupportedOperationException(method.getName() + ": this device has no operations");
        }));
  }

  private record Team(int threads, CpuBackend backend) implements CpuTeam {
    @Override
    public BlockProduct product(BlockProduct.Spec spec) {
      return backend.team().product(spec);
    }

    @Override
    public void forRanges(long count, long grain, RangeBody body) {
      long units = (count + grain - 1) / grain;
      AtomicReference<Throwable> failure = new AtomicReference<>();
      CountDownLatch done = new CountDownLatch(threads);
      for (int thread = 0; thread < threads; thread++) {
        int me = thread;
        long from = units * me / threads * grain;
        long to = Math.min(count, units * (me + 1) / threads * grain);
        Runnable work = () -> {
          try {
            if (from < to) {
              body.run(me, from, to);
            }
          } catch (Throwable t) {
            failure.compareAndSet(null, t);
          } finally {
            done.countDown();
          }
        };
        if (threads == 1) {
          work.run();
        } else {
          Thread.ofPlatform().daemon().start(work);
        }
      }
      try {
        done.await();
      } catch (InterruptedException e) {
        throw new IllegalStateException("interrupted while a kernel ran", e);
      }
      if (failure.get() != null) {
        throw new IllegalStateException("a kernel failed: " + failure.get().getMessage(), failure.get());
      }
    }
  }
}
