package dev.dalle.trainer.stage;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.attention.BlockRunner;
import dev.dalle.attention.TokenBatch;
import dev.dalle.attention.Transformer;
import dev.dalle.attention.TransformerConfig;
import dev.dalle.attention.TransformerConfig.Initialisation;
import dev.dalle.precision.scale.BlockCounts;
import dev.dalle.precision.scale.BlockGradientScaler;
import dev.dalle.precision.scale.GradientBlock;
import dev.dalle.precision.scale.GradientScaleConfig;
import dev.dalle.precision.scale.GradientScaler;
import dev.dalle.precision.scale.GradientVerdict;
import dev.dalle.precision.scale.LossGradientScaler;
import dev.dalle.precision.scale.LossScale;
import dev.dalle.precision.scale.Replicas;
import dev.dalle.precision.scale.UnscaledGradientScaler;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Parameter;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tape;
import dev.dalle.tensor.Tensor;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;

/** The transformer's resblocks under a gradient scaler: that the two fit together, and what comes of it. */
class ScaledTransformerTest {
  private static final TransformerConfig CONFIG = TransformerConfig.of(11, 5, 19, 23, 4, 36, 3).withInitialisation(new Initialisation(1, 1, false));
  private static final TokenBatch BATCH = new TokenBatch(new int[][] {{3, 0, 18}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}}, new int[][] {image(7), image(11)});

  private final Device device = Device.cpu(2);

  private static int[] image(int factor) {
    int[] image = new int[25];
    Arrays.setAll(image, i -> (i * factor + 5) % 23);
    return image;
  }

  private static List<GradientBlock> blocks(Transformer model) {
    return model.blocks().stream().map(block -> new GradientBlock(block.name(), block.parameters())).toList();
  }

  private static GradientScaler blockScaler(Scope scope, Transformer model) {
    return new BlockGradientScaler(scope, model.parameters().all(), blocks(model), GradientScaleConfig.paper(1), Replicas.ALONE);
  }

  private static GradientScaler lossScaler(Scope scope, Transformer model) {
    return new LossGradientScaler(scope, model.parameters().all(), blocks(model), new LossScale(), Replicas.ALONE);
  }

  private static GradientScaler unscaled(Scope scope, Transformer model) {
    return new UnscaledGradientScaler(scope, model.parameters().all(), blocks(model));
  }

  /**
   * An update without an optimizer.
   *
   * @param gradients of all parameters, as the optimizer would see them
   */
  private record Step(Map<String, float[]> gradients, GradientVerdict verdict) {
    /** Distance from exact gradients, as a share of them. */
    double error(String parameter, Step exact) {
      double difference = 0;
      double whole = 0;
      float[] expected = exact.gradients.get(parameter);
      for (int i = 0; i < expected.length; i++) {
        difference += Math.pow(gradients.get(parameter)[i] - expected[i], 2);
        whole += Math.pow(expected[i], 2);
      }
      return Math.sqrt(difference / whole);
    }
  }

  /**
   * Runs forwards and backwards.
   *
   * @param weight of the loss
   * @param spoilt block in whose gradient one value is NaN; any other name for none
   */
  private Step step(DType type, boolean checkpointed, BiFunction<Scope, Transformer, GradientScaler> made, double weight, String spoilt) {
    try (Scope scope = device.newScope()) {
      Transformer model = new Transformer(CONFIG, scope);
      model.initialise(1);
      GradientScaler scaler = made.apply(scope, model);
      BlockRunner kept = (tape, block, x) -> scaler.residual(tape, block.name(), x,
          (inner, y) -> block.name().equals(spoilt) ? spoilt(inner, block.branch(inner, y)) : block.branch(inner, y));
      BlockRunner runner = checkpointed ? (tape, block, x) -> tape.checkpoint(input -> kept.run(input.tape(), block, input.x()), x) : kept;
      Tape tape = Tape.recording(scope, type);
      tape.backward(model.loss(tape, BATCH, runner).total(), scope.of(new float[] {(float) (weight * scaler.lossFactor())}, 1));
      float[] factors = scaler.endUpdate(Double.POSITIVE_INFINITY).toFloats();
      Map<String, float[]> gradients = new HashMap<>();
      int place = 0;
      for (Parameter parameter : model.parameters()) {
        float factor = factors[factors.length == 1 ? 0 : place++];
        float[] gradient = parameter.gradient().toFloats();
        for (int i = 0; i < gradient.length; i++) {
          gradient[i] *= factor;
        }
        gradients.put(parameter.name(), gradient);
      }
      return new Step(gradients, scaler.verdict());
    }
  }

  private static Tensor spoilt(Tape tape, Tensor x) {
    return tape.filterGradient(x, (gradient, out) -> {
      tape.ops().copy(gradient, out);
      tape.ops().fill(out.reshape(out.elementCount()).slice(77, 78), Double.NaN);
    });
  }

  private Step step(DType type, boolean checkpointed, BiFunction<Scope, Transformer, GradientScaler> made) {
    return step(type, checkpointed, made, 1, "none");
  }

  /** Scales are powers of two before the first update. */
  @Test
  void scalesMoveNoBitOfF32() {
    Step plain = step(DType.F32, false, ScaledTransformerTest::unscaled);
    for (boolean checkpointed : new boolean[] {false, true}) {
      for (BiFunction<Scope, Transformer, GradientScaler> scaler : List.<BiFunction<Scope, Transformer, GradientScaler>>of(
          ScaledTransformerTest::blockScaler, ScaledTransformerTest::lossScaler)) {
        Step scaled = step(DType.F32, checkpointed, scaler);
        plain.gradients.forEach((name, gradient) -> assertArrayEquals(gradient, scaled.gradients.get(name), name));
        assertEquals(plain.verdict.norm(), scaled.verdict.norm());
      }
    }
  }

  /** Gradients such as lie deep in a large model, by means of a small weight of the loss. */
  @Test
  void scalesBringHalfPrecisionToTheGradientsOfF32() {
    double weight = 0x1p-14;
    Step exact = step(DType.F32, false, ScaledTransformerTest::unscaled, weight, "none");
    Step lost = step(DType.F16, false, ScaledTransformerTest::unscaled, weight, "none");
    Step blocks = step(DType.F16, true, ScaledTransformerTest::blockScaler, weight, "none");
    Step loss = step(DType.F16, false, ScaledTransformerTest::lossScaler, weight, "none");
    for (BlockCounts block : blocks.verdict.counts()) {
      assertEquals(2 * 36 * 36, block.elements(), block.block());
      assertEquals(2 * 36 * 36, block.leaving(), block.block());
      assertEquals(0, block.overflowed() + block.filtered() + block.leavingFiltered(), block.block());
    }
    for (Step scaled : List.of(blocks, loss)) {
      assertFalse(scaled.verdict.skipped());
      // About ten roundings to eleven bits, one after the other; of those of other blocks little comes along the stream.
      exact.gradients.keySet().forEach(name -> assertTrue(scaled.error(name, exact) <= 10 * 0x1p-11, () -> name + ": " + scaled.error(name, exact)));
    }
    for (String name : exact.gradients.keySet()) {
      if (name.startsWith("layer") && name.endsWith(".weight")) {
        assertTrue(lost.error(name, exact) > 20 * blocks.error(name, exact), () -> name + " without a scale: " + lost.error(name, exact));
      }
    }
  }

  /** What is not finite in one resblock is found in its own parameters only,. */
  @Test
  void aFaultStaysInItsResblock() {
    for (int number = 0; number < 8; number++) {
      String name = "layer" + (number / 2 + 1) + (number % 2 == 0 ? ".attention" : ".mlp");
      for (DType type : List.of(DType.F32, DType.F16)) {
        Step bad = step(type, number % 3 == 0, ScaledTransformerTest::blockScaler, 1, name);
        assertTrue(bad.verdict.skipped());
        assertEquals(List.of(name), bad.verdict.blocks());
        assertEquals(List.of(name), bad.verdict.divided());
        assertTrue(bad.verdict.parameters().stream().allMatch(parameter -> parameter.startsWith(name + ".")), () -> "" + bad.verdict.parameters());
        assertEquals(1, bad.verdict.counts().stream().filter(block -> block.leavingFiltered() > 0).count());
      }
    }
  }
}
