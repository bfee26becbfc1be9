package dev.dalle.precision.scale;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.precision.optimizer.Moments;
import dev.dalle.precision.optimizer.ValueUpdate;
import dev.dalle.precision.scale.ResidualNet.Fault;
import dev.dalle.precision.scale.ResidualNet.Place;
import dev.dalle.precision.scale.ResidualNet.Poison;
import dev.dalle.precision.testing.Kept;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Parameter;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.testing.OpaqueDevice;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiFunction;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What one value that is not finite does to training, wherever it lies and whenever it comes: one update is lost, and nothing else. */
class GradientFaultsTest {
  private static final double THRESHOLD = 3;
  private static final float[] NOT_FINITE = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY};

  /** Scalers of all kinds; scales are powers of two and stay so. */
  enum Kind {
    RESBLOCK((scope, net) -> ResidualNet.blockScaler(scope, net, 0x1p10)),
    LOSS((scope, net) -> ResidualNet.lossScaler(scope, net, 0x1p10)),
    NONE(ResidualNet::unscaled);

    private final BiFunction<Scope, ResidualNet, GradientScaler> made;

    Kind(BiFunction<Scope, ResidualNet, GradientScaler> made) {
      this.made = made;
    }

    /** Names of the blocks whose scale is divided if these blocks have gradients that are not finite. */
    List<String> divided(List<String> bad, GradientScaler scaler) {
      return switch (this) {
        case RESBLOCK -> bad;
        case LOSS -> scaler.blocks();
        case NONE -> List.of();
      };
    }
  }

  private static void same(Map<String, byte[]> expected, Map<String, byte[]> actual, String what) {
    assertEquals(expected.keySet(), actual.keySet());
    expected.forEach((name, bytes) -> assertArrayEquals(bytes, actual.get(name), what + ": " + name));
  }

  private static List<String> blockOf(String parameter) {
    return parameter.startsWith("block") ? List.of(parameter.substring(0, parameter.indexOf('.'))) : List.of();
  }

  /** In the gradient of each parameter: gains, biases and matrices of every block, and those outside. */
  @ParameterizedTest
  @EnumSource
  void aFaultInAParametersGradientCostsOneUpdate(Kind kind) {
    Device device = Device.cpu(2);
    try (Scope names = device.newScope()) {
      for (Parameter parameter : new ResidualNet(names, DType.F32, false, net -> kind.made.apply(names, net)).parameters) {
        for (float value : NOT_FINITE) {
          for (int bad : new int[] {1, 3}) {
            try (Scope scope = device.newScope()) {
              oneUpdateIsLost(scope, kind, new Poison(parameter.name(), value), bad);
            }
          }
        }
      }
    }
  }

  private static void oneUpdateIsLost(Scope scope, Kind kind, Poison poison, int bad) {
    ResidualNet net = new ResidualNet(scope, DType.F32, bad == 3, made -> kind.made.apply(scope, made));
    ResidualNet other = new ResidualNet(scope, DType.F32, false, made -> kind.made.apply(scope, made));
    double[] scales = net.scaler.scales();
    List<String> blocks = blockOf(poison.parameter());
    for (int update = 1; update <= 4; update++) {
      String what = poison + " in update " + bad + ": update " + update;
      if (update != bad) {
        net.poison();
        assertFalse(net.update(THRESHOLD).skipped(), what);
        other.update(THRESHOLD);
        same(other.bits(), net.bits(), what);
        continue;
      }
      Map<String, byte[]> before = net.bits();
      net.poison(poison);
      GradientVerdict verdict = net.update(THRESHOLD);
      assertTrue(verdict.skipped(), what);
      assertEquals(List.of(poison.parameter()), verdict.parameters());
      assertEquals(blocks, verdict.blocks());
      assertEquals(kind.divided(blocks, net.scaler), verdict.divided());
      same(before, net.bits(), what);
      for (int block = 0; block < scales.length; block++) {
        scales[block] /= verdict.divided().contains(net.scaler.blocks().get(block)) ? 2 : 1;
      }
      assertArrayEquals(scales, net.scaler.scales(), what);
    }
    assertArrayEquals(scales, net.scaler.scales());
  }

  /** What is kept in 16 bits, copies in 32 and random bits stay as they are too; branches in fp16, on a device that delays everything. */
  @ParameterizedTest
  @MethodSource("dev.dalle.precision.testing.Kept#all")
  void nothingThatIsKeptChanges(Kept kept) {
    for (Device device : List.of(Device.cpu(2), OpaqueDevice.open(1))) {
      try (Scope scope = device.newScope()) {
        ResidualNet net = new ResidualNet(scope, DType.F16, true, kept, made -> ResidualNet.blockScaler(scope, made, 4));
        for (int update = 1; update <= 6; update++) {
          int block = update / 2 % ResidualNet.BLOCKS;
          net.spoil(update == 2 ? new Fault[] {new Fault(block, Place.BEHIND_NORM, Float.NaN)} : new Fault[0]);
          net.poison(update == 4 ? new Poison[] {new Poison("block" + block + ".in.weight", Float.POSITIVE_INFINITY)} : new Poison[0]);
          Map<String, byte[]> before = net.bits();
          boolean skipped = net.update(THRESHOLD).skipped();
          assertEquals(update == 2 || update == 4, skipped, "update " + update);
          if (skipped) {
            same(before, net.bits(), "update " + update);
          } else {
            assertFalse(Arrays.equals(before.get("value.embed.weight"), net.bits().get("value.embed.weight")), "update " + update + " trains");
          }
        }
        assertArrayEquals(new double[] {4, 2, 2}, net.scaler.scales());
      }
    }
  }

  /** Several at once: each block is to blame for its own. */
  @Test
  void faultsInSeveralPlaces() {
    Device device = Device.cpu(2);
    try (Scope scope = device.newScope()) {
      ResidualNet net = new ResidualNet(scope, DType.F32, true, made -> ResidualNet.blockScaler(scope, made, 0x1p10));
      net.spoil(new Fault(0, Place.BEHIND_NORM, Float.NaN));
      net.poison(new Poison("block2.out.bias", Float.POSITIVE_INFINITY), new Poison("head.bias", Float.NaN));
      Map<String, byte[]> before = net.bits();
      GradientVerdict verdict = net.update(THRESHOLD);
      assertEquals(List.of("block0.norm.gain", "block0.norm.bias", "block2.out.bias", "head.bias"), verdict.parameters());
      assertEquals(List.of("block0", "block2"), verdict.blocks());
      assertEquals(List.of("block0", "block2"), verdict.divided());
      same(before, net.bits(), "the spoilt update");
      assertArrayEquals(new double[] {0x1p9, 0x1p10, 0x1p9}, net.scaler.scales());
    }
  }

  /** The paper's window, in training: every spoilt update is skipped, one in 125 divides, and the state stays when it does not. */
  @Test
  void noSecondDivisionWithin125Updates() {
    Device device = Device.cpu(1);
    try (Scope scope = device.newScope()) {
      ResidualNet net = new ResidualNet(scope, DType.F32, false,
          made -> new BlockGradientScaler(scope, made.order(), made.blocks, GradientScaleConfig.paper(1), Replicas.ALONE));
      Set<Integer> bad = new TreeSet<>(List.of(2, 3, 60, 127, 128, 129, 140));
      Set<Integer> divides = Set.of(2, 128);
      for (int update = 1; update <= 141; update++) {
        net.spoil(bad.contains(update) ? new Fault[] {new Fault(1, Place.BEHIND_NORM, Float.NEGATIVE_INFINITY)} : new Fault[0]);
        double before = net.scaler.scales()[1];
        Map<String, byte[]> bits = bad.contains(update) ? net.bits() : Map.of();
        GradientVerdict verdict = net.update(THRESHOLD);
        assertEquals(bad.contains(update), verdict.skipped(), "update " + update);
        assertEquals(divides.contains(update) ? List.of("block1") : List.of(), verdict.divided(), "update " + update);
        double expected = divides.contains(update) ? before / Math.sqrt(2) : bad.contains(update) ? before : before * Math.pow(2, 0.001);
        assertEquals(expected, net.scaler.scales()[1], 1e-12 * expected, "update " + update);
        if (verdict.skipped()) {
          same(bits, net.bits(), "update " + update);
        }
      }
      assertEquals(0x1p13 * Math.pow(2, 0.141), net.scaler.scales()[0], 1e-6, "the others grew in every update");
      GradientTotals totals = net.scaler.totals().orElseThrow();
      assertEquals(bad.size(), totals.skipped());
      assertEquals(Map.of("block1.norm.gain", 7L, "block1.norm.bias", 7L), totals.nonfinite());
    }
  }

  /** A scale at its least cannot fall, and one at its greatest cannot rise, whatever gradients do; training goes on all the same. */
  @Test
  void scalesStayInTheirRangeInTraining() {
    Device device = Device.cpu(1);
    try (Scope scope = device.newScope()) {
      ResidualNet net = new ResidualNet(scope, DType.F32, false,
          made -> new BlockGradientScaler(scope, made.order(), made.blocks, new GradientScaleConfig(4, 2, 8, 2, 2, 0), Replicas.ALONE));
      for (int update = 1; update <= 6; update++) {
        net.poison(new Poison("block0.norm.bias", Float.NaN));
        assertTrue(net.update(THRESHOLD).skipped());
      }
      assertArrayEquals(new double[] {2, 8, 8}, net.scaler.scales());
      net.poison();
      assertFalse(net.update(THRESHOLD).skipped());
      assertArrayEquals(new double[] {4, 8, 8}, net.scaler.scales());
    }
  }

  /** 1.8e19 squared is just within 32 bits, and two of them are not: the norm is, and nothing is lost. */
  @ParameterizedTest
  @EnumSource
  void squaresAreAddedInDouble(Kind kind) {
    Device device = Device.cpu(1);
    try (Scope scope = device.newScope()) {
      ResidualNet net = new ResidualNet(scope, DType.F32, false, made -> kind.made.apply(scope, made));
      double scale = net.scaler.lossFactor();
      net.poison(new Poison("embed.bias", 1.8e19f), new Poison("head.bias", 1.8e19f));
      GradientVerdict verdict = net.update(THRESHOLD);
      assertFalse(verdict.skipped());
      assertEquals((float) (Math.sqrt(2) * 1.8e19 / scale), verdict.norm(), 1e-6f * verdict.norm());
    }
  }

  /** Under a scale far below 1 gradients that are finite may have a norm that is not: the update is skipped, and no block is to blame. */
  @Test
  void aNormBeyond32BitsSkips() {
    Device device = Device.cpu(1);
    try (Scope scope = device.newScope()) {
      ResidualNet net = new ResidualNet(scope, DType.F32, false,
          made -> new BlockGradientScaler(scope, made.order(), made.blocks, new GradientScaleConfig(0x1p-100, 0x1p-110, 1, 1, 2, 0), Replicas.ALONE));
      net.poison(new Poison("block1.in.bias", 0x1p60f));
      Map<String, byte[]> before = net.bits();
      GradientVerdict verdict = net.update(THRESHOLD);
      assertTrue(verdict.skipped());
      assertEquals(List.of(), verdict.parameters());
      assertEquals(List.of(), verdict.divided());
      same(before, net.bits(), "the update");
      assertEquals(1, net.scaler.totals().orElseThrow().skipped());
      assertEquals(Map.of(), net.scaler.totals().orElseThrow().nonfinite());
    }
  }

  /** Names of the parameters of the network, so that a parameter that is added is spoilt too. */
  @Test
  void everyKindOfParameterIsSpoilt() {
    Device device = Device.cpu(1);
    try (Scope scope = device.newScope()) {
      ResidualNet net = new ResidualNet(scope, DType.F32, false, made -> ResidualNet.unscaled(scope, made));
      Map<Boolean, Set<Parameter.Kind>> kinds = net.order().stream()
          .collect(Collectors.groupingBy(parameter -> blockOf(parameter.name()).isEmpty(), Collectors.mapping(Parameter::kind, Collectors.toSet())));
      assertEquals(Set.of(Parameter.Kind.values()), kinds.get(true));
      assertEquals(Set.of(Parameter.Kind.values()), kinds.get(false));
    }
  }
}
