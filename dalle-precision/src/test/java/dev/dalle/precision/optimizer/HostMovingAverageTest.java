package dev.dalle.precision.optimizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.tensor.Completion;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Parameter;
import dev.dalle.tensor.ParameterSet;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.ShapeException;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.files.NamedTensor;
import dev.dalle.tensor.files.Safetensors;
import dev.dalle.tensor.files.SafetensorsFile;
import dev.dalle.tensor.internal.cpu.CpuBackend;
import dev.dalle.tensor.internal.cpu.HostDevice;
import dev.dalle.tensor.testing.OpaqueDevice;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Averages in the host's memory beside those on the device, whose bits are right. */
class HostMovingAverageTest {
  private static final MovingAverageConfig EVERY = new MovingAverageConfig(0.9, 1);
  private static final DType[] TYPES = {DType.F32, DType.F16, DType.BF16};

  static Stream<Device> devices() {
    return Stream.of(Device.cpu(2), OpaqueDevice.open(2));
  }

  private static ParameterSet parameters(Scope scope, DType matrixType) {
    ParameterSet parameters = new ParameterSet(scope, matrixType);
    // More than one piece and what is left of a vector; less than a vector; nothing.
    parameters.add("matrix", Parameter.Kind.MATRIX, 23, 1_609);
    parameters.add("gain", Parameter.Kind.FULL, 13);
    parameters.add("none", Parameter.Kind.MATRIX, 0, 5);
    draw(parameters, 0);
    return parameters;
  }

  private static void draw(ParameterSet parameters, int update) {
    parameters.get("matrix").drawNormal(1, 2 * update, 0.5);
    parameters.get("gain").drawNormal(1, 2 * update + 1, 2);
  }

  private static void same(List<NamedTensor> expected, List<NamedTensor> actual) {
    assertEquals(expected.stream().map(NamedTensor::name).toList(), actual.stream().map(NamedTensor::name).toList());
    for (int i = 0; i < expected.size(); i++) {
      assertEquals(DType.F32, actual.get(i).tensor().dtype());
      assertEquals(expected.get(i).tensor().shape(), actual.get(i).tensor().shape());
      assertArrayEquals(expected.get(i).tensor().toFloats(), actual.get(i).tensor().toFloats(), expected.get(i).name());
    }
  }

  @ParameterizedTest
  @MethodSource("devices")
  void bitsAreThoseOfTheDevice(Device device) {
    for (DType type : TYPES) {
      long before = device.bytesInUse();
      try (Scope scope = device.newScope()) {
        ParameterSet parameters = parameters(scope, type);
        MovingAverageConfig config = new MovingAverageConfig(0.99, 3);
        MovingAverage expected = new ExponentialMovingAverage(scope, parameters.all(), config);
        long used = device.bytesInUse();
        try (MovingAverage host = new HostMovingAverage(parameters.all(), config)) {
          same(expected.state(), host.state());
          for (int update = 1; update <= 100; update++) {
            draw(parameters, update);
            assertEquals(expected.update(update), host.update(update));
            if (update == 50) {
              same(expected.state(), host.state());
            }
          }
          same(expected.state(), host.state());
          assertEquals(used, device.bytesInUse(), "bytes of the device");

          ParameterSet target = parameters(scope, type);
          ParameterSet expectedTarget = parameters(scope, type);
          host.copyTo(target);
          expected.copyTo(expectedTarget);
          same(wide(scope, expectedTarget), wide(scope, target));

          expected.restart();
          host.restart();
          same(expected.state(), host.state());
        }
      }
      assertEquals(before, device.bytesInUse());
    }
  }

  private static List<NamedTensor> wide(Scope scope, ParameterSet parameters) {
    return parameters.stream().map(parameter -> {
      Tensor copy = scope.allocate(DType.F32, parameter.shape());
      scope.device().ops().copy(parameter.value(), copy);
      return new NamedTensor(parameter.name(), copy);
    }).toList();
  }

  @ParameterizedTest
  @MethodSource("devices")
  void oneGoesOnWithTheFileOfTheOther(Device device, @TempDir Path folder) throws IOException {
    try (Scope scope = device.newScope()) {
      ParameterSet parameters = parameters(scope, DType.F16);
      MovingAverage onDevice = new ExponentialMovingAverage(scope, parameters.all(), EVERY);
      draw(parameters, 1);
      onDevice.update(1);
      Path first = folder.resolve("first");
      Safetensors.write(first, onDevice.state(), Map.of());
      draw(parameters, 2);
      onDevice.update(2);
      Path second = folder.resolve("second");
      try (MovingAverage host = new HostMovingAverage(parameters.all(), EVERY)) {
        read(first, host);
        host.update(2);
        same(onDevice.state(), host.state());
        host.update(3);
        Safetensors.write(second, host.state(), Map.of());
        read(second, onDevice);
        same(host.state(), onDevice.state());
      }
    }
  }

  private static void read(Path path, MovingAverage average) throws IOException {
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      Safetensors.read(file, "", average.state());
    }
  }

  /** Runs averagings on a thread that waits until it may. */
  private static final class Gate implements Executor {
    private final CountDownLatch open = new CountDownLatch(1);
    private final AtomicInteger done = new AtomicInteger();
    private final AtomicBoolean waitedFor = new AtomicBoolean();

    @Override
    public void execute(Runnable work) {
      Thread.ofPlatform().daemon().start(() -> {
        try {
          open.await();
          work.run();
          done.incrementAndGet();
        } catch (InterruptedException e) {
          throw new IllegalStateException(e);
        }
      });
    }

    /** Opens as soon as the calling thread waits for something, or, so that a test which fails ends, after a while. */
    void openWhenWaitedFor() {
      Thread caller = Thread.currentThread();
      Thread.ofPlatform().daemon().start(() -> {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (caller.getState() != Thread.State.WAITING && System.nanoTime() < end) {
          Thread.onSpinWait();
        }
        waitedFor.set(caller.getState() == Thread.State.WAITING);
        open.countDown();
      });
    }
  }

  /** What waits to be averaged stays as it is until it was, however long that takes, and whatever becomes of the parameters. */
  @ParameterizedTest
  @MethodSource("devices")
  void theNextWaitsForASlowAveraging(Device device) {
    Gate gate = new Gate();
    try (Scope scope = device.newScope()) {
      ParameterSet parameters = parameters(scope, DType.BF16);
      MovingAverage expected = new ExponentialMovingAverage(scope, parameters.all(), EVERY);
      try (MovingAverage host = new HostMovingAverage(parameters.all(), EVERY, gate, () -> {})) {
        for (int update = 1; update <= 2; update++) {
          if (update == 2) {
            assertEquals(0, gate.done.get(), "the first update did not wait");
            gate.openWhenWaitedFor();
          }
          draw(parameters, update);
          expected.update(update);
          host.update(update);
        }
        assertTrue(gate.waitedFor.get(), "the second update waited");
        draw(parameters, 3);
        same(expected.state(), host.state());
      }
    }
  }

  @Test
  void updatesDoNotWaitForTheDevice() {
    OpaqueDevice device = OpaqueDevice.open(1);
    try (Scope scope = device.newScope()) {
      ParameterSet parameters = parameters(scope, DType.F16);
      try (MovingAverage host = new HostMovingAverage(parameters.all(), EVERY)) {
        draw(parameters, 1);
        int pending = device.pending();
        host.update(1);
        assertEquals(pending + 3, device.pending());
        device.ops().fill(parameters.get("gain").value(), 1);
        // The first averaging waits for three copies, and nothing behind them.
        host.update(2);
        assertEquals(1 + 3, device.pending());
        host.state();
        assertEquals(0, device.pending());
      }
    }
  }

  @ParameterizedTest
  @MethodSource("devices")
  void closingWaitsAndGivesEverythingBack(Device device) throws InterruptedException {
    Gate gate = new Gate();
    AtomicInteger stopped = new AtomicInteger();
    try (Scope scope = device.newScope()) {
      ParameterSet parameters = parameters(scope, DType.F16);
      MovingAverage host = new HostMovingAverage(parameters.all(), EVERY, gate, stopped::incrementAndGet);
      Tensor matrix = host.state().getFirst().tensor();
      host.update(1);
      gate.openWhenWaitedFor();
      host.close();
      assertTrue(gate.waitedFor.get());
      assertEquals(1, stopped.get());
      assertThrows(IllegalStateException.class, matrix::toFloats, "the memory is given back");
      host.close();
      assertEquals(1, stopped.get());
      for (Runnable use : List.<Runnable>of(() -> host.update(2), host::restart, host::state, () -> host.copyTo(parameters))) {
        assertEquals("moving average: used after close()", assertThrows(IllegalStateException.class, use::run).getMessage());
      }
    }
    assertEquals(0, device.bytesInUse());
  }

  @Test
  void closingEndsTheThread() throws InterruptedException {
    try (Scope scope = Device.cpu(1).newScope()) {
      ParameterSet parameters = parameters(scope, DType.F32);
      List<Thread> before = threads();
      MovingAverage host = new HostMovingAverage(parameters.all(), EVERY);
      host.update(1);
      List<Thread> made = threads().stream().filter(thread -> !before.contains(thread)).toList();
      assertEquals(1, made.size());
      assertTrue(made.getFirst().isDaemon());
      host.close();
      assertTrue(made.getFirst().join(Duration.ofSeconds(20)));
    }
  }

  private static List<Thread> threads() {
    return Thread.getAllStackTraces().keySet().stream().filter(thread -> thread.getName().equals("moving-average")).toList();
  }

  private static final class DeviceFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    DeviceFailure() {
      super("the device broke");
    }
  }

  /** The processor, one of whose later copies fails the first time that somebody waits for it. */
  private static final class FailingCopies extends HostDevice {
    private static final CpuBackend BACKEND = new CpuBackend(1);
    private boolean failing;

    FailingCopies() {
      super("failing copies", BACKEND.team(), BACKEND::computes, BACKEND::ops);
    }

    @Override
    public Completion downloadLater(Tensor tensor, MemorySegment host) {
      super.downloadLater(tensor, host);
      AtomicBoolean fails = new AtomicBoolean(failing);
      failing = false;
      return () -> {
        if (fails.getAndSet(false)) {
          throw new DeviceFailure();
        }
      };
    }
  }

  @Test
  void aFailureIsToldByEveryLaterCall() {
    FailingCopies device = new FailingCopies();
    try (Scope scope = device.newScope()) {
      ParameterSet parameters = parameters(scope, DType.F16);
      try (MovingAverage host = new HostMovingAverage(parameters.all(), new MovingAverageConfig(0.9, 2), Runnable::run, () -> {})) {
        host.update(2);
        device.failing = true;
        host.update(4);
        for (Runnable use : List.<Runnable>of(() -> host.update(5), () -> host.update(6), host::restart, host::state, () -> host.copyTo(parameters))) {
          IllegalStateException told = assertThrows(IllegalStateException.class, use::run);
          assertEquals("moving average: that of update 4 failed (" + DeviceFailure.class.getName() + ": the device broke), and the averages are of no use; go on"
              + " from the last state that was written", told.getMessage());
          assertSame(DeviceFailure.class, told.getCause().getClass());
        }
      }
    }
    assertEquals(0, device.bytesInUse());
  }

  @Test
  void aFailureThatNobodyWasToldOfIsToldByClosing() {
    FailingCopies device = new FailingCopies();
    device.failing = true;
    AtomicInteger stopped = new AtomicInteger();
    try (Scope scope = device.newScope()) {
      MovingAverage host = new HostMovingAverage(parameters(scope, DType.F16).all(), EVERY, Runnable::run, stopped::incrementAndGet);
      host.update(1);
      assertSame(DeviceFailure.class, assertThrows(IllegalStateException.class, host::close).getCause().getClass());
      assertEquals(1, stopped.get());
      host.close();
    }
  }

  /** Where the device is waited for on the calling thread its failure is that thread's, and memory to which it might write stays. */
  @Test
  void aDeviceThatFailsWhileItIsWaitedForSaysSoItself() {
    FailingCopies device = new FailingCopies();
    device.failing = true;
    AtomicInteger stopped = new AtomicInteger();
    try (Scope scope = device.newScope()) {
      // An averaging that never begins.
      MovingAverage host = new HostMovingAverage(parameters(scope, DType.F16).all(), EVERY, work -> {}, stopped::incrementAndGet);
      Tensor matrix = host.state().getFirst().tensor();
      host.update(1);
      assertThrows(DeviceFailure.class, host::close);
      assertEquals(1, stopped.get());
      assertEquals(23 * 1_609, matrix.toFloats().length);
    }
  }

  @Test
  void aTargetThatDoesNotFitIsRefusedAndStaysAsItIs() {
    try (Scope scope = Device.cpu(1).newScope(); MovingAverage host = new HostMovingAverage(parameters(scope, DType.F16).all(), EVERY)) {
      ParameterSet target = new ParameterSet(scope);
      Tensor matrix = target.add("matrix", Parameter.Kind.MATRIX, 23, 1_609).value();
      scope.device().ops().fill(matrix, 3);
      assertEquals("no parameter is named gain", assertThrows(IllegalArgumentException.class, () -> host.copyTo(target)).getMessage());
      target.add("gain", Parameter.Kind.MATRIX, 3);
      assertEquals("gain: expected [13] like its average, got [3]", assertThrows(ShapeException.class, () -> host.copyTo(target)).getMessage());
      assertEquals(3, matrix.reshape(23 * 1_609).slice(0, 1).toFloat());
      assertThrows(IllegalArgumentException.class, () -> host.update(0));
    }
  }
}
