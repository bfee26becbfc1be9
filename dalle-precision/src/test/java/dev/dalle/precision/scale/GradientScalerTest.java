package dev.dalle.precision.scale;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.precision.scale.ResidualNet.Fault;
import dev.dalle.precision.scale.ResidualNet.Place;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Parameter;
import dev.dalle.tensor.ParameterSet;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.internal.cpu.CpuBackend;
import dev.dalle.tensor.internal.cpu.HostDevice;
import dev.dalle.tensor.testing.OpaqueDevice;
import dev.dalle.tensor.testing.ReferenceDevice;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Scaled training of a small residual network: what it changes where nothing goes wrong, which is nothing, and what it does where something does. */
class GradientScalerTest {
  private static final double THRESHOLD = 3;

  static Stream<Device> devices() {
    return Stream.of(Device.cpu(2), OpaqueDevice.open(2));
  }

  private static void same(Map<String, float[]> expected, Map<String, float[]> actual, String what) {
    assertEquals(expected.keySet(), actual.keySet());
    expected.forEach((name, values) -> assertArrayEquals(values, actual.get(name), what + ": " + name));
  }

  private static List<DType> types(Device device) {
    return Stream.of(DType.F32, DType.BF16).filter(device::computesIn).toList();
  }

  /** Scales that are powers of two move exponents only, in F32 as in BF16: every bit must be as without. */
  @ParameterizedTest
  @MethodSource("devices")
  void scalingByPowersOfTwoChangesNoBit(Device device) {
    for (DType type : types(device)) {
      for (boolean checkpointed : new boolean[] {false, true}) {
        try (Scope scope = device.newScope()) {
          ResidualNet plain = new ResidualNet(scope, type, checkpointed, net -> ResidualNet.unscaled(scope, net));
          List<ResidualNet> scaled = List.of(new ResidualNet(scope, type, !checkpointed, net -> ResidualNet.blockScaler(scope, net, 0x1p13)),
              new ResidualNet(scope, type, checkpointed, net -> ResidualNet.lossScaler(scope, net, 0x1p10)));
          int clipped = 0;
          for (int update = 1; update <= 12; update++) {
            double threshold = update % 4 == 0 ? 1e6 : THRESHOLD;
            GradientVerdict expected = plain.update(threshold);
            assertFalse(expected.skipped());
            clipped += expected.clipped(threshold) ? 1 : 0;
            for (ResidualNet net : scaled) {
              if (update % 3 == 0) {
                net.scaler.observe();
              }
              GradientVerdict verdict = net.update(threshold);
              assertEquals(expected.norm(), verdict.norm());
              assertFalse(verdict.skipped());
              assertEquals(List.of(), verdict.parameters());
              same(plain.state(), net.state(), type + ", update " + update);
            }
          }
          assertEquals(9, clipped, "with clipping and without");
        }
      }
    }
  }

  /** As above on the reference device: there the filters must leave gradients right to ten digits. */
  @Test
  void scalesThatAreNoPowersOfTwoCancel() {
    ReferenceDevice device = new ReferenceDevice();
    try (Scope scope = device.newScope()) {
      ResidualNet plain = new ResidualNet(scope, DType.F32, false, net -> ResidualNet.unscaled(scope, net));
      ResidualNet scaled = new ResidualNet(scope, DType.F32, true,
          net -> new BlockGradientScaler(scope, net.order(), net.blocks, new GradientScaleConfig(1000, 1, 1e9, 1.1, 3, 1), Replicas.ALONE));
      for (int update = 1; update <= 3; update++) {
        plain.gradients();
        scaled.gradients();
        double[] scales = scaled.scaler.scales();
        for (Parameter parameter : plain.parameters) {
          double[] expected = ReferenceDevice.read(parameter.gradient());
          double[] actual = ReferenceDevice.read(scaled.parameters.get(parameter.name()).gradient());
          double scale = parameter.name().startsWith("block") ? scales[parameter.name().charAt(5) - '0'] : 1;
          for (int i = 0; i < expected.length; i++) {
            // Each block's two multiplications are rounded to 32 bits, and there are three blocks.
            assertEquals(expected[i], actual[i] / scale, 1e-5 * Math.max(1, Math.abs(expected[i])), parameter.name());
          }
        }
        plain.parameters.clearGradients();
        scaled.scaler.endUpdate(THRESHOLD);
        scaled.parameters.clearGradients();
      }
      assertArrayEquals(new double[] {1331, 1331, 1331}, scaled.scaler.scales(), 1e-9);
    }
  }

  static Stream<Arguments> faults() {
    List<Arguments> all = new ArrayList<>();
    for (int block = 0; block < ResidualNet.BLOCKS; block++) {
      for (Place place : new Place[] {Place.BRANCH_END, Place.BEHIND_NORM}) {
        for (float value : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
          for (boolean checkpointed : new boolean[] {false, true}) {
            for (int update : new int[] {1, 3}) {
              all.add(Arguments.of(new Fault(block, place, value), checkpointed, update));
            }
          }
        }
      }
    }
    return all.stream();
  }

  /** A fault inside a block: that update changes nothing, that block's scale alone is divided, and training goes on as if the update had not been. */
  @ParameterizedTest
  @MethodSource("faults")
  void aFaultInABlockCostsOneUpdateAndOneDivision(Fault fault, boolean checkpointed, int bad) {
    Device device = Device.cpu(2);
    try (Scope scope = device.newScope()) {
      ResidualNet net = new ResidualNet(scope, DType.F32, checkpointed, made -> ResidualNet.blockScaler(scope, made, 0x1p10));
      ResidualNet other = new ResidualNet(scope, DType.F32, checkpointed, made -> ResidualNet.unscaled(scope, made));
      for (int update = 1; update <= 5; update++) {
        Map<String, float[]> before = net.state();
        net.spoil(update == bad ? new Fault[] {fault} : new Fault[0]);
        GradientVerdict verdict = net.update(THRESHOLD);
        if (update != bad) {
          assertFalse(verdict.skipped());
          other.update(THRESHOLD);
          same(other.state(), net.state(), "update " + update);
          continue;
        }
        String name = "block" + fault.block();
        assertTrue(verdict.skipped());
        assertTrue(Float.isNaN(verdict.norm()));
        assertEquals(List.of(name), verdict.blocks());
        assertEquals(List.of(name), verdict.divided());
        assertTrue(verdict.parameters().contains(name + ".norm.gain"), () -> "" + verdict.parameters());
        assertTrue(verdict.parameters().stream().allMatch(parameter -> parameter.startsWith(name + ".")), () -> "" + verdict.parameters());
        assertEquals(fault.place() == Place.BRANCH_END, verdict.parameters().contains(name + ".out.bias"));
        same(before, net.state(), "the spoilt update");
      }
      double[] scales = {0x1p10, 0x1p10, 0x1p10};
      scales[fault.block()] /= 2;
      assertArrayEquals(scales, net.scaler.scales());
      GradientTotals totals = net.scaler.totals().orElseThrow();
      assertEquals(5, totals.updates());
      assertEquals(1, totals.skipped());
      assertEquals(1, totals.nonfinite().get("block" + fault.block() + ".norm.gain"));
      assertEquals(1, totals.blocks().stream().filter(block -> block.leavingFiltered() > 0).count(), "what was not finite went no further than its block");
    }
  }

  @ParameterizedTest
  @MethodSource("faults")
  void aFaultUnderOneScaleCostsOneUpdateAndHalvesIt(Fault fault, boolean checkpointed, int bad) {
    Device device = Device.cpu(2);
    try (Scope scope = device.newScope()) {
      ResidualNet net = new ResidualNet(scope, DType.F32, checkpointed, made -> ResidualNet.lossScaler(scope, made, 0x1p10));
      ResidualNet other = new ResidualNet(scope, DType.F32, checkpointed, made -> ResidualNet.unscaled(scope, made));
      for (int update = 1; update <= 4; update++) {
        Map<String, float[]> before = net.state();
        net.spoil(update == bad ? new Fault[] {fault} : new Fault[0]);
        GradientVerdict verdict = net.update(THRESHOLD);
        if (update == bad) {
          assertTrue(verdict.skipped());
          assertTrue(verdict.blocks().contains("block" + fault.block()));
          assertEquals(net.scaler.blocks(), verdict.divided());
          assertTrue(verdict.parameters().contains("embed.weight"), "nothing stops it on its way back");
          assertFalse(verdict.parameters().contains("head.weight"));
          same(before, net.state(), "the spoilt update");
        } else {
          assertFalse(verdict.skipped());
          other.update(THRESHOLD);
          same(other.state(), net.state(), "update " + update);
        }
      }
      assertEquals(0x1p9, net.scaler.lossFactor());
    }
  }

  /** Behind the norm no parameter sees it any more: the filter makes it a zero, and nothing is skipped. */
  @Test
  void whatLeavesABlockIsFiltered() {
    Device device = Device.cpu(2);
    for (int block = 0; block < ResidualNet.BLOCKS; block++) {
      try (Scope scope = device.newScope()) {
        ResidualNet net = new ResidualNet(scope, DType.F32, true, made -> ResidualNet.blockScaler(scope, made, 0x1p10));
        ResidualNet zero = new ResidualNet(scope, DType.F32, true, made -> ResidualNet.blockScaler(scope, made, 0x1p10));
        net.spoil(new Fault(block, Place.BRANCH_BEGIN, Float.NaN));
        zero.spoil(new Fault(block, Place.BRANCH_BEGIN, 0));
        for (int update = 1; update <= 3; update++) {
          GradientVerdict verdict = net.update(THRESHOLD);
          assertFalse(verdict.skipped());
          for (int i = 0; i < ResidualNet.BLOCKS; i++) {
            assertEquals(i == block ? 1 : 0, verdict.counts().get(i).leavingFiltered());
            assertEquals(84, verdict.counts().get(i).elements());
            assertEquals(84, verdict.counts().get(i).leaving());
          }
          zero.update(THRESHOLD);
          same(zero.state(), net.state(), "update " + update);
        }
        assertArrayEquals(new double[] {0x1p10, 0x1p10, 0x1p10}, net.scaler.scales());
      }
    }
  }

  /** The stream itself is not filtered: it reaches the embedding, whose gradient makes the update be skipped, and no block is to blame. */
  @Test
  void aFaultOutsideAllBlocksSkipsAndDividesNothing() {
    Device device = Device.cpu(2);
    try (Scope scope = device.newScope()) {
      ResidualNet net = new ResidualNet(scope, DType.F32, false, made -> new BlockGradientScaler(scope, made.order(), made.blocks,
          new GradientScaleConfig(1024, 1, 4096, 1.25, 2, 3), Replicas.ALONE));
      Map<String, float[]> before = net.state();
      net.spoil(new Fault(-1, Place.STREAM, Float.NaN));
      GradientVerdict verdict = net.update(THRESHOLD);
      assertTrue(verdict.skipped());
      assertEquals(List.of(), verdict.blocks());
      assertEquals(List.of(), verdict.divided());
      assertEquals(List.of("embed.weight", "embed.bias"), verdict.parameters());
      verdict.counts().forEach(block -> assertEquals(1, block.filtered(), "on its way into each block it is"));
      same(before, net.state(), "the spoilt update");
      assertArrayEquals(new double[] {1280, 1280, 1280}, net.scaler.scales(), "a block whose gradients are finite grows");
      net.spoil();
      assertFalse(net.update(THRESHOLD).skipped());
    }
  }

  /** Gradients 3 in a block of scale 8 and 4 outside, so the norm is 5; then the same under a scale of 8 for all. */
  @ParameterizedTest
  @MethodSource("devices")
  void factorsUnscaleThenClip(Device device) {
    try (Scope scope = device.newScope()) {
      ParameterSet parameters = new ParameterSet(scope);
      Parameter inner = parameters.add("inner", Parameter.Kind.MATRIX, 2);
      parameters.add("empty", Parameter.Kind.MATRIX, 3);
      Parameter outer = parameters.add("outer", Parameter.Kind.FULL, 1);
      List<GradientBlock> blocks = List.of(new GradientBlock("b", List.of(inner)));
      GradientScaler block = new BlockGradientScaler(scope, parameters.all(), blocks, new GradientScaleConfig(8, 1, 16, 1, 2, 5), Replicas.ALONE);
      set(inner, 0, -24);
      set(outer, 4);
      assertArrayEquals(new float[] {0.125f, 1, 1}, block.endUpdate(5).toFloats(), "5 is not above the threshold");
      assertEquals(5, block.verdict().norm());
      assertArrayEquals(new float[] {0.1f, 0.8f, 0.8f}, block.endUpdate(4).toFloats());
      assertTrue(block.verdict().clipped(4));
      assertArrayEquals(new float[] {0.125f, 1, 1}, block.endUpdate(Double.POSITIVE_INFINITY).toFloats());
      GradientScaler loss = new LossGradientScaler(scope, parameters.all(), List.of(), new LossScale(8, 2, 0.5, 2), Replicas.ALONE);
      set(outer, 32);
      assertArrayEquals(new float[] {0.1f, 0.1f, 0.1f}, loss.endUpdate(4).toFloats());
      assertEquals(8, loss.lossFactor());
      loss.endUpdate(4);
      assertEquals(16, loss.lossFactor(), "two good updates in a row");
      set(outer, Float.NEGATIVE_INFINITY);
      assertArrayEquals(new float[] {Float.NaN, Float.NaN, Float.NaN}, loss.endUpdate(4).toFloats());
      assertEquals(List.of("outer"), loss.verdict().parameters());
      assertEquals(8, loss.lossFactor());
      assertArrayEquals(new float[] {Float.NaN, Float.NaN, Float.NaN}, block.endUpdate(4).toFloats());
      assertEquals(List.of(), block.verdict().blocks());
      GradientScaler none = new UnscaledGradientScaler(scope, parameters.all(), blocks);
      assertTrue(Float.isNaN(none.endUpdate(4).toFloat()));
      assertTrue(none.verdict().skipped());
      assertEquals(List.of("outer"), none.verdict().parameters());
      set(inner, Float.NaN, 0);
      none.endUpdate(4);
      assertEquals(List.of("b"), none.verdict().blocks());
      assertEquals(Optional.empty(), none.totals());
    }
  }

  private static void set(Parameter parameter, float... gradient) {
    parameter.clearGradient();
    parameter.addGradient((tensor, accumulate) -> tensor.write(gradient));
  }

  /** Two processes, played one after the other: what the first sends is kept, and the second hears it. */
  @Test
  void replicasDecideTheSame() {
    Device device = Device.cpu(1);
    try (Scope scope = device.newScope()) {
      ParameterSet parameters = new ParameterSet(scope);
      Parameter inner = parameters.add("inner", Parameter.Kind.MATRIX, 1);
      Parameter outer = parameters.add("outer", Parameter.Kind.FULL, 1);
      boolean[] flagsThere = new boolean[2];
      double[] squaresThere = {100};
      Replicas pair = (flags, squares) -> {
        for (int i = 0; i < flags.length; i++) {
          flags[i] |= flagsThere[i];
        }
        return squares + squaresThere[0];
      };
      GradientScaler scaler = new BlockGradientScaler(scope, parameters.all(), List.of(new GradientBlock("b", List.of(inner))),
          new GradientScaleConfig(2, 1, 16, 1, 2, 5), pair);
      set(inner, 8);
      set(outer, 3);
      // 4^2 + 3^2 + 100 = 125.
      float norm = (float) Math.sqrt(125);
      assertArrayEquals(new float[] {(float) (1 / norm / 2), 1 / norm}, scaler.endUpdate(1).toFloats(), 1e-9f);
      assertEquals(norm, scaler.verdict().norm());
      flagsThere[0] = true;
      assertArrayEquals(new float[] {Float.NaN, Float.NaN}, scaler.endUpdate(1).toFloats());
      assertEquals(List.of("b"), scaler.verdict().divided());
      assertEquals(List.of("inner"), scaler.verdict().parameters());
      assertArrayEquals(new double[] {1}, scaler.scales());
    }
  }

  @Test
  void onlyAScalerThatFollowsUpdatesWaits() {
    OpaqueDevice device = OpaqueDevice.open(1);
    try (Scope scope = device.newScope()) {
      ParameterSet parameters = new ParameterSet(scope);
      set(parameters.add("p", Parameter.Kind.MATRIX, 4), 1, 2, 3, 4);
      GradientScaler none = new UnscaledGradientScaler(scope, parameters.all(), List.of());
      int pending = device.pending();
      none.endUpdate(4);
      none.endUpdate(4);
      assertTrue(device.pending() >= pending + 4);
      assertEquals((float) Math.sqrt(30), none.verdict().norm());
      assertEquals(0, device.pending());
      CountingReads reads = new CountingReads();
      try (Scope other = reads.newScope()) {
        ResidualNet net = new ResidualNet(other, DType.F32, true, made -> ResidualNet.blockScaler(other, made, 1024));
        net.update(THRESHOLD);
        int before = reads.reads;
        net.update(THRESHOLD);
        assertEquals(before + 1, reads.reads, "one read an update");
      }
    }
  }

  /** The processor, counting how often a host reads from it. */
  private static final class CountingReads extends HostDevice {
    private static final CpuBackend BACKEND = new CpuBackend(1);
    private int reads;

    CountingReads() {
      super("counting reads", BACKEND.team(), BACKEND::computes, BACKEND::ops);
    }

    @Override
    public void download(Tensor tensor, MemorySegment host) {
      reads++;
      super.download(tensor, host);
    }
  }

  @Test
  void refusesWhatCannotBe() {
    OpaqueDevice device = OpaqueDevice.open(1);
    try (Scope scope = device.newScope()) {
      ParameterSet parameters = new ParameterSet(scope);
      Parameter a = parameters.add("a", Parameter.Kind.MATRIX, 1);
      Parameter b = parameters.add("b", Parameter.Kind.MATRIX, 1);
      GradientBlock first = new GradientBlock("first", List.of(a));
      refused("blocks: expected different names, got [first, first]",
          () -> new UnscaledGradientScaler(scope, parameters.all(), List.of(first, new GradientBlock("first", List.of(b)))));
      refused("blocks: a[1] is in first and in second",
          () -> new UnscaledGradientScaler(scope, parameters.all(), List.of(first, new GradientBlock("second", List.of(b, a)))));
      refused("blocks: a[1] of first is not among the parameters", () -> new UnscaledGradientScaler(scope, List.of(b), List.of(first)));
      for (GradientScaler scaler : List.of(new BlockGradientScaler(scope, parameters.all(), List.of(first), GradientScaleConfig.paper(1), Replicas.ALONE),
          new LossGradientScaler(scope, parameters.all(), List.of(first), new LossScale(), Replicas.ALONE),
          new UnscaledGradientScaler(scope, parameters.all(), List.of(first)))) {
        refused("block: expected one of [first], got second", () -> scaler.residual(null, "second", null, null));
        assertEquals("verdict: no update has ended yet", assertThrows(IllegalStateException.class, scaler::verdict).getMessage());
        double[] scales = scaler.scales();
        Optional<GradientTotals> totals = scaler.totals();
        int pending = device.pending();
        for (double threshold : new double[] {0, -1, Double.NaN, Double.NEGATIVE_INFINITY}) {
          String message = assertThrows(IllegalArgumentException.class, () -> scaler.endUpdate(threshold)).getMessage();
          assertTrue(message.endsWith("hreshold: expected a positive number or infinity, got " + threshold), message);
        }
        assertEquals(pending, device.pending(), "nothing was posted");
        assertArrayEquals(scales, scaler.scales());
        assertEquals(totals, scaler.totals());
        assertThrows(IllegalStateException.class, scaler::verdict);
        scaler.endUpdate(1);
        assertFalse(scaler.verdict().skipped());
      }
    }
  }

  private static void refused(String message, Runnable call) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, call::run).getMessage());
  }

  @Test
  void givesItsMemoryBack() {
    Device device = Device.cpu(1);
    try (Scope model = device.newScope()) {
      ResidualNet net = new ResidualNet(model, DType.F32, false, made -> ResidualNet.blockScaler(model, made, 1024));
      net.update(THRESHOLD);
      net.scaler.state();
      long before = device.bytesInUse();
      net.scaler.observe();
      net.update(THRESHOLD);
      net.scaler.histograms();
      net.scaler.state();
      assertEquals(before, device.bytesInUse());
    }
    assertEquals(0, device.bytesInUse());
  }
}
