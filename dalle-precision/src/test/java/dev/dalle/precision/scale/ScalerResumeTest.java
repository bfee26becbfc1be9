package dev.dalle.precision.scale;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.precision.testing.Bits;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Philox;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.files.NamedTensor;
import dev.dalle.tensor.files.Safetensors;
import dev.dalle.tensor.files.SafetensorsFile;
import dev.dalle.tensor.files.TensorFileException;
import dev.dalle.tensor.testing.OpaqueDevice;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Scales, windows and counts through a file. */
class ScalerResumeTest {
  @TempDir
  private Path folder;

  static Stream<Device> devices() {
    return Stream.of(Device.cpu(2), OpaqueDevice.open(2));
  }

  private static GradientScaler blocks(Scope scope, ResidualNet net) {
    GradientScaleConfig paper = GradientScaleConfig.paper(1);
    return new BlockGradientScaler(scope, net.order(), net.blocks,
        new GradientScaleConfig(paper.start(), paper.least(), paper.greatest(), paper.growth(), paper.division(), 3), Replicas.ALONE);
  }

  private static GradientScaler loss(Scope scope, ResidualNet net) {
    return new LossGradientScaler(scope, net.order(), net.blocks, new LossScale(1024, 2, 0.5, 3), Replicas.ALONE);
  }

  /** In about every third update a gradient of some block is not finite. */
  private static void run(ResidualNet net, int from, int to, List<GradientVerdict> verdicts) {
    for (int update = from; update <= to; update++) {
      int chosen = (int) (9 * Philox.uniform(3, 1, update));
      net.spoil(chosen < 3 ? new ResidualNet.Fault[] {new ResidualNet.Fault(chosen, ResidualNet.Place.BEHIND_NORM, Float.NaN)} : new ResidualNet.Fault[0]);
      verdicts.add(net.update(3));
    }
  }

  private static List<NamedTensor> state(ResidualNet net) {
    List<NamedTensor> state = new ArrayList<>(net.trained());
    state.addAll(net.scaler.state());
    return state;
  }

  @ParameterizedTest
  @MethodSource("devices")
  void resumedTrainingEqualsUninterruptedTrainingToTheBit(Device device) throws IOException {
    for (BiFunction<Scope, ResidualNet, GradientScaler> scaler : List.<BiFunction<Scope, ResidualNet, GradientScaler>>of(ScalerResumeTest::blocks,
        ScalerResumeTest::loss)) {
      for (int stop : new int[] {0, 7, 12}) {
        Path file = folder.resolve("state.safetensors");
        try (Scope scope = device.newScope()) {
          ResidualNet whole = new ResidualNet(scope, DType.F32, false, net -> scaler.apply(scope, net));
          List<GradientVerdict> expected = new ArrayList<>();
          run(whole, 1, 20, expected);
          ResidualNet interrupted = new ResidualNet(scope, DType.F32, false, net -> scaler.apply(scope, net));
          List<GradientVerdict> actual = new ArrayList<>();
          run(interrupted, 1, stop, actual);
          Safetensors.write(file, state(interrupted), Map.of());
          ResidualNet resumed = new ResidualNet(scope, DType.F32, false, net -> scaler.apply(scope, net));
          try (SafetensorsFile open = SafetensorsFile.open(file)) {
            Safetensors.read(open, "", state(resumed));
          }
          resumed.scaler.restore();
          assertArrayEquals(interrupted.scaler.scales(), resumed.scaler.scales());
          assertEquals(interrupted.scaler.totals(), resumed.scaler.totals());
          run(resumed, stop + 1, 20, actual);
          assertEquals(expected, actual);
          assertEquals(whole.scaler.totals(), resumed.scaler.totals());
          assertArrayEquals(whole.scaler.scales(), resumed.scaler.scales());
          assertEquals(expected.stream().filter(GradientVerdict::skipped).count(), whole.scaler.totals().orElseThrow().skipped());
          Map<String, float[]> there = resumed.state();
          whole.state().forEach((name, values) -> assertArrayEquals(values, there.get(name), name));
        }
      }
    }
  }

  /**
   * Stopped in the middle of the paper's window of 125 updates: what was divided before is not divided again too early after, nor too late, and every number is
   * that of training that was not stopped.
   */
  @Test
  void aWindowGoesOnWhereItWas() throws IOException {
    Map<Integer, Integer> badBlocks = Map.of(3, 1, 50, 0, 100, 1, 128, 1, 129, 1, 130, 1, 176, 0);
    Map<Integer, Boolean> divides = Map.of(3, true, 50, true, 100, false, 128, false, 129, true, 130, false, 176, true);
    Path file = folder.resolve("state.safetensors");
    try (Scope scope = Device.cpu(1).newScope()) {
      ResidualNet whole = paperNet(scope);
      ResidualNet resumed = whole;
      for (int update = 1; update <= 180; update++) {
        for (ResidualNet net : resumed == whole ? List.of(whole) : List.of(whole, resumed)) {
          Integer bad = badBlocks.get(update);
          net.spoil(bad == null ? new ResidualNet.Fault[0] : new ResidualNet.Fault[] {new ResidualNet.Fault(bad, ResidualNet.Place.BRANCH_END, Float.NaN)});
          GradientVerdict verdict = net.update(3);
          assertEquals(bad == null ? List.of() : List.of("block" + bad), verdict.blocks(), "update " + update);
          assertEquals(divides.getOrDefault(update, false) ? verdict.blocks() : List.of(), verdict.divided(), "update " + update);
        }
        if (update == 60 || update == 127) {
          Safetensors.write(file, state(resumed), Map.of());
          resumed = paperNet(scope);
          try (SafetensorsFile open = SafetensorsFile.open(file)) {
            Safetensors.read(open, "", state(resumed));
          }
          resumed.scaler.restore();
        }
        assertArrayEquals(whole.scaler.scales(), resumed.scaler.scales(), "update " + update);
      }
      Map<String, byte[]> expected = Bits.of(state(whole));
      Bits.of(state(resumed)).forEach((name, bytes) -> assertArrayEquals(expected.get(name), bytes, name));
    }
  }

  private static ResidualNet paperNet(Scope scope) {
    return new ResidualNet(scope, DType.F32, false, net -> new BlockGradientScaler(scope, net.order(), net.blocks, GradientScaleConfig.paper(1), Replicas.ALONE));
  }

  /** Every damage is found before anything is taken over, and in a file before anything is read. */
  @Test
  void damagedStatesAreRefused() throws IOException {
    Device device = Device.cpu(1);
    try (Scope scope = device.newScope()) {
      ResidualNet net = new ResidualNet(scope, DType.F32, false, made -> blocks(scope, made));
      run(net, 1, 6, new ArrayList<>());
      double[] scales = net.scaler.scales();
      GradientTotals totals = net.scaler.totals().orElseThrow();
      long nan = Double.doubleToRawLongBits(Double.NaN);
      refused(net, "scaling.scale", 1, nan, "gradient scale of block1: expected 128.0 to 1.6777216E7, got NaN; the checkpoint is damaged or was made with another range");
      refused(net, "scaling.scale", 0, Double.doubleToRawLongBits(64), "gradient scale of block0: expected 128.0 to 1.6777216E7, got 64.0; the checkpoint is "
          + "damaged or was made with another range");
      refused(net, "scaling.division", 2, 7, "gradient scale of block2: divided in update 7 of 6; the checkpoint is damaged");
      refused(net, "scaling.division", 2, -1, "gradient scale of block2: divided in update -1 of 6; the checkpoint is damaged");
      refused(net, "scaling.updates", 1, 9, "scaling.updates: 9 of 6 updates skipped; the checkpoint is damaged");
      refused(net, "scaling.updates", 0, -6, "scaling.updates: expected numbers from 0 on, got -6; the checkpoint is damaged");
      refused(net, "scaling.counts", 3, -1, "scaling.counts: expected numbers from 0 on, got -1; the checkpoint is damaged");
      refused(net, "scaling.nonfinite", 3, 7, "scaling.nonfinite: a gradient that was not finite in 7 updates, of which " + totals.skipped()
          + " were skipped; the checkpoint is damaged");
      assertArrayEquals(scales, net.scaler.scales());
      assertEquals(totals, net.scaler.totals().orElseThrow());

      ResidualNet other = new ResidualNet(scope, DType.F32, false, made -> loss(scope, made));
      refused(other, "scaling.scale", 0, nan, "loss scale: expected a number from 2^-126 to what a float holds, got NaN; the checkpoint is damaged");
      refused(other, "scaling.good", 0, 1L << 32, "loss scale: expected 0 to 2 good updates in a row, got 2147483647; the checkpoint is damaged or was made with "
          + "another interval");
      assertEquals(1024, other.scaler.lossFactor());
    }
  }

  private void refused(ResidualNet net, String name, int place, long number, String message) throws IOException {
    List<NamedTensor> state = net.scaler.state();
    Tensor tensor = state.stream().filter(named -> named.name().equals(name)).findFirst().orElseThrow().tensor();
    int[] halves = tensor.toInts();
    halves[2 * place] = (int) number;
    halves[2 * place + 1] = (int) (number >>> 32);
    tensor.write(halves);
    assertEquals(message, assertThrows(IllegalArgumentException.class, net.scaler::restore).getMessage());
    Path path = folder.resolve("damaged.safetensors");
    Safetensors.write(path, state.stream().map(named -> new NamedTensor("a." + named.name(), named.tensor())).toList(), Map.of());
    // Whole again, so that only the file can be to blame.
    net.scaler.state();
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      assertEquals(path + ": state of gradient scaling: " + message + ". Begin without this state",
          assertThrows(TensorFileException.class, () -> net.scaler.checkStored(file, "a.")).getMessage());
      net.scaler.checkStored(file, "b.");
    }
    net.scaler.restore();
  }

  /** What is whole passes, and is not taken over yet; what is missing or of another model is left to reading, which changes nothing either. */
  @Test
  void checkingAFileChangesNothing() throws IOException {
    Path path = folder.resolve("state.safetensors");
    try (Scope scope = Device.cpu(1).newScope()) {
      ResidualNet trained = new ResidualNet(scope, DType.F32, false, made -> blocks(scope, made));
      run(trained, 1, 6, new ArrayList<>());
      Safetensors.write(path, state(trained), Map.of());
      ResidualNet fresh = new ResidualNet(scope, DType.F32, false, made -> blocks(scope, made));
      ResidualNet underLoss = new ResidualNet(scope, DType.F32, false, made -> loss(scope, made));
      GradientScaler smaller = new BlockGradientScaler(scope, fresh.order(), fresh.blocks.subList(0, 2), GradientScaleConfig.paper(1), Replicas.ALONE);
      GradientScaler none = new UnscaledGradientScaler(scope, fresh.order(), fresh.blocks);
      try (SafetensorsFile file = SafetensorsFile.open(path)) {
        for (GradientScaler scaler : List.of(fresh.scaler, underLoss.scaler, smaller, none)) {
          double[] scales = scaler.scales();
          Map<String, byte[]> before = Bits.of(scaler.state());
          scaler.checkStored(file, "");
          assertArrayEquals(scales, scaler.scales());
          Bits.of(scaler.state()).forEach((name, bytes) -> assertArrayEquals(before.get(name), bytes, name));
          if (scaler != fresh.scaler) {
            assertThrows(TensorFileException.class, () -> Safetensors.read(file, "scaling.", scaler.state()));
            Bits.of(scaler.state()).forEach((name, bytes) -> assertArrayEquals(before.get(name), bytes, name));
          }
        }
        String message = assertThrows(TensorFileException.class, () -> Safetensors.read(file, "scaling.", smaller.state())).getMessage();
        assertTrue(message.contains("scaling.scale: expected I32[2, 2], found I32[3, 2]"), message);
      }
    }
  }
}
