package dev.dalle.precision.optimizer;

import dev.dalle.precision.internal.AverageKernel;
import dev.dalle.tensor.Completion;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.DeviceMemoryException;
import dev.dalle.tensor.Parameter;
import dev.dalle.tensor.ParameterSet;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.files.NamedTensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * A {@link MovingAverage} in the host's memory, which takes none of the device's, averaged by a thread of its own while the device trains on. Source: Ramesh et
 * al. 2021, arXiv 2102.12092, appendix B.2.
 *
 * <p>An update posts copies of the values to memory of the host in which they wait to be averaged, and returns. At most one averaging is under way: the next
 * update that averages first waits for it, and so do all other methods. An averaging that fails leaves averages of no use, and every later call says so.
 *
 * <p>Takes 4 bytes of the host's memory for each number and, for the values on their way, as many as those take on the device. Owns both, and the thread, until
 * {@link #close()}.
 */
public final class HostMovingAverage implements MovingAverage {
  /** Elements a call, so that the compiler sees many calls early in the first averaging. */
  private static final long PIECE = 16_384;

  /** A parameter: its value of an update as bytes of its type, and its average as F32, the same memory under two views. */
  private record Part(Parameter parameter, MemorySegment staged, MemorySegment bytes, Tensor average) {}

  private final MovingAverageConfig config;
  private final Executor executor;
  private final Runnable stop;
  /** Written to by the device and by the averaging thread. */
  private final Arena arena = Arena.ofShared();
  private final List<Part> parts = new ArrayList<>();
  private final List<Completion> copies = new ArrayList<>();
  private CompletableFuture<Void> averaging = CompletableFuture.completedFuture(null);
  private long lastUpdate;
  private boolean failureTold;
  private boolean closed;

  /**
   * Averages equal to the parameters' present values. Waits for the device.
   *
   * @param parameters on any device
   * @throws DeviceMemoryException if the host has not enough memory
   */
  public HostMovingAverage(Collection<Parameter> parameters, MovingAverageConfig config) {
    this(parameters, config, Executors.newSingleThreadExecutor(work -> Thread.ofPlatform().daemon().name("moving-average").unstarted(work)));
  }

  private HostMovingAverage(Collection<Parameter> parameters, MovingAverageConfig config, ExecutorService thread) {
    this(parameters, config, thread, thread::shutdown);
  }

  /**
   * With somebody's executor.
   *
   * @param executor runs an averaging
   * @param stop called when there will be no other
   */
  HostMovingAverage(Collection<Parameter> parameters, MovingAverageConfig config, Executor executor, Runnable stop) {
    this.config = Objects.requireNonNull(config, "config");
    this.executor = executor;
    this.stop = stop;
    try {
      for (Parameter parameter : parameters) {
        MemorySegment average = allocate(4 * parameter.shape().elementCount());
        parts.add(new Part(parameter, allocate(parameter.value().byteSize()), average, Tensor.wrap(Device.cpu(), average, DType.F32, parameter.shape())));
      }
      start();
    } catch (Throwable t) {
      arena.close();
      stop.run();
      throw t;
    }
  }

  private MemorySegment allocate(long byteSize) {
    try {
      return arena.allocate(Math.max(1, byteSize), 64).asSlice(0, byteSize);
    } catch (OutOfMemoryError e) {
      throw (DeviceMemoryException) new DeviceMemoryException("the host's memory: " + byteSize + " bytes were asked for the moving average of parameters, and "
          + "the system gave no more; keep it on the device, or make the model smaller").initCause(e);
    }
  }

  private void start() {
    for (Part part : parts) {
      Tensor value = part.parameter().value();
      try (Scope scope = value.device().newScope()) {
        Tensor wide = value;
        if (value.dtype() != DType.F32) {
          wide = scope.allocate(DType.F32, value.shape());
          value.device().ops().copy(value, wide);
        }
        value.device().download(wide, part.bytes());
      }
    }
  }

  /**
   * {@inheritDoc} Waits for the averaging before this one, if it is still under way.
   *
   * @throws IllegalStateException if an averaging has failed, with its failure as the cause
   */
  @Override
  public boolean update(long update) {
    boolean due = config.isDue(update);
    checkUsable();
    if (!due) {
      return false;
    }
    settle();
    copies.clear();
    lastUpdate = update;
    for (Part part : parts) {
      Tensor value = part.parameter().value();
      copies.add(value.device().downloadLater(value, part.staged()));
    }
    List<Completion> staged = List.copyOf(copies);
    averaging = CompletableFuture.runAsync(() -> average(staged), executor);
    return true;
  }

  private void average(List<Completion> staged) {
    staged.forEach(Completion::await);
    float share = (float) (1 - config.decay());
    for (Part part : parts) {
      long count = part.average().elementCount();
      for (long from = 0; from < count; from += PIECE) {
        AverageKernel.run(share, part.staged(), part.parameter().value().dtype(), part.bytes(), from, Math.min(count, from + PIECE));
      }
    }
  }

  /** Fails if an averaging has failed, as far as that is known by now. */
  private void checkUsable() {
    if (closed) {
      throw new IllegalStateException("moving average: used after close()");
    }
    if (averaging.isCompletedExceptionally()) {
      throw failed();
    }
  }

  private IllegalStateException failed() {
    failureTold = true;
    Throwable cause = averaging.exceptionNow();
    return new IllegalStateException("moving average: that of update " + lastUpdate + " failed (" + cause + "), and the averages are of no use; go on from the "
        + "last state that was written", cause);
  }

  /** Waits until nothing is under way. For copies too: a device may work only while the thread that posts waits for it. */
  private void settle() {
    checkUsable();
    copies.forEach(Completion::await);
    try {
      averaging.join();
    } catch (CompletionException e) {
      throw failed();
    }
  }

  /**
   * {@inheritDoc} Waits for the device.
   *
   * @throws IllegalStateException if an averaging has failed, with its failure as the cause
   */
  @Override
  public void restart() {
    settle();
    start();
  }

  /**
   * {@inheritDoc}
   *
   * @param target on any device
   * @throws IllegalStateException if an averaging has failed, with its failure as the cause
   */
  @Override
  public void copyTo(ParameterSet target) {
    settle();
    ExponentialMovingAverage.checkTarget(parts.stream().map(Part::parameter).toList(), target);
    for (Part part : parts) {
      Tensor value = target.get(part.parameter().name()).value();
      if (value.dtype() == DType.F32) {
        value.device().upload(part.bytes(), value);
        continue;
      }
      try (Scope scope = value.device().newScope()) {
        Tensor wide = scope.allocate(DType.F32, value.shape());
        value.device().upload(part.bytes(), wide);
        value.device().ops().copy(wide, value);
      }
    }
  }

  /**
   * {@inheritDoc} They are on {@link Device#cpu()}.
   *
   * @throws IllegalStateException if an averaging has failed, with its failure as the cause
   */
  @Override
  public List<NamedTensor> state() {
    settle();
    return parts.stream().map(part -> ExponentialMovingAverage.named(part.parameter(), part.average())).toList();
  }

  /**
   * {@inheritDoc} Waits for the averaging that is under way, and gives memory and thread back. Closing twice is fine.
   *
   * @throws IllegalStateException if an averaging has failed and no call has said so yet, with its failure as the cause
   */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    try {
      // If the device fails here it may still write to the memory, which then stays.
      copies.forEach(Completion::await);
      averaging.handle((nothing, failure) -> nothing).join();
      arena.close();
    } finally {
      stop.run();
    }
    if (averaging.isCompletedExceptionally() && !failureTold) {
      throw failed();
    }
  }
}
