package dev.dalle.precision.scale;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Parameter;
import dev.dalle.tensor.Scope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Branches in F16, where gradients that are too small are lost and those that are too large are infinite. */
class HalfTrainingTest {
  private final Device device = Device.cpu(2);

  /** Distance of the gradients of matrices inside blocks, unscaled, from those in F32, as a share of those. */
  private static double error(ResidualNet exact, ResidualNet net, double[] scales) {
    double difference = 0;
    double whole = 0;
    for (Parameter parameter : exact.parameters) {
      if (parameter.name().startsWith("block")) {
        float[] expected = parameter.gradient().toFloats();
        float[] actual = net.parameters.get(parameter.name()).gradient().toFloats();
        double scale = scales[parameter.name().charAt(5) - '0'];
        for (int i = 0; i < expected.length; i++) {
          difference += Math.pow(actual[i] / scale - expected[i], 2);
          whole += Math.pow(expected[i], 2);
        }
      }
    }
    return Math.sqrt(difference / whole);
  }

  @Test
  void smallGradientsSurviveUnderAScaleOnly() {
    try (Scope scope = device.newScope()) {
      ResidualNet exact = new ResidualNet(scope, DType.F32, false, net -> ResidualNet.unscaled(scope, net));
      ResidualNet lost = new ResidualNet(scope, DType.F16, false, net -> ResidualNet.unscaled(scope, net));
      ResidualNet blocks = new ResidualNet(scope, DType.F16, true, net -> ResidualNet.blockScaler(scope, net, 0x1p28));
      ResidualNet loss = new ResidualNet(scope, DType.F16, false, net -> ResidualNet.lossScaler(scope, net, 0x1p28));
      for (ResidualNet net : List.of(exact, lost, blocks, loss)) {
        net.weighLoss(0x1p-30);
        net.gradients();
      }
      assertTrue(error(exact, lost, lost.scaler.scales()) > 0.3, "without a scale much is lost");
      // A product of sums of 12 numbers, each rounded to 11 bits, three times over.
      assertTrue(error(exact, blocks, blocks.scaler.scales()) < 5e-3);
      assertTrue(error(exact, loss, loss.scaler.scales()) < 5e-3);
      blocks.scaler.endUpdate(3);
      assertEquals(0, blocks.scaler.verdict().counts().stream().mapToLong(BlockCounts::underflowed).sum());
      assertFalse(blocks.scaler.verdict().skipped());
      lost.scaler.endUpdate(3);
      assertFalse(lost.scaler.verdict().skipped(), "and nothing tells");
    }
  }

  /** The gradients in front of one matrix are hundreds of times those behind it: one scale cannot suit all, and each block finds its own. */
  @Test
  void everyBlockFindsItsScale() {
    try (Scope scope = device.newScope()) {
      ResidualNet net = new ResidualNet(scope, DType.F16, true, made -> new BlockGradientScaler(scope, made.order(), made.blocks,
          new GradientScaleConfig(0x1p30, 1, 0x1p30, 1, 2, 0), Replicas.ALONE));
      net.weighLoss(0x1p-16);
      Parameter large = net.parameters.get("block1.out.weight");
      device.ops().scale(large.value(), 1000, large.value());
      Map<String, float[]> start = net.state();
      List<GradientVerdict> verdicts = new ArrayList<>();
      do {
        verdicts.add(net.update(3));
      } while (verdicts.getLast().skipped() && verdicts.size() < 40);
      assertTrue(verdicts.size() > 5 && verdicts.size() < 40, "updates until one counts: " + verdicts.size());
      for (GradientVerdict verdict : verdicts.subList(0, verdicts.size() - 1)) {
        assertEquals(verdict.blocks(), verdict.divided());
        assertTrue(verdict.parameters().stream().allMatch(name -> name.startsWith("block")), "an overflow stays in its block: " + verdict.parameters());
      }
      double[] scales = net.scaler.scales();
      assertTrue(scales[0] * 32 < scales[2] && scales[1] * 32 < scales[2], () -> Arrays.toString(scales));
      assertFalse(Arrays.equals(start.get("value.block0.in.weight"), net.state().get("value.block0.in.weight")));
    }
  }
}
