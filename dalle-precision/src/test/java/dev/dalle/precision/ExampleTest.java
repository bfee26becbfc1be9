package dev.dalle.precision;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.precision.optimizer.AdamW;
import dev.dalle.precision.optimizer.AdamWConfig;
import dev.dalle.precision.optimizer.Moments;
import dev.dalle.precision.optimizer.ValueUpdate;
import dev.dalle.precision.scale.BlockCounts;
import dev.dalle.precision.scale.BlockGradientScaler;
import dev.dalle.precision.scale.GradientBlock;
import dev.dalle.precision.scale.GradientScaleConfig;
import dev.dalle.precision.scale.GradientScaler;
import dev.dalle.precision.scale.GradientVerdict;
import dev.dalle.precision.scale.Replicas;
import dev.dalle.precision.schedule.Schedule;
import dev.dalle.precision.schedule.WarmupCosineSchedule;
import dev.dalle.tensor.Activation;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Parameter;
import dev.dalle.tensor.ParameterSet;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tape;
import dev.dalle.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The example of the package documentation: a network that this module knows nothing of, trained in fp16. */
class ExampleTest {
  private static final int WIDTH = 16;
  private static final int ROWS = 32;
  private static final int STEPS = 60;

  // @start region="block"
  /** What a block adds to the stream: a norm, whose result is fp16, and a matrix. */
  private static Tensor branch(Tape tape, ParameterSet parameters, String block, Tensor x) {
    Tensor normed = tape.layerNorm(x, parameters.get(block + ".gain"), parameters.get(block + ".bias"), 1e-5, DType.F16);
    return tape.activation(Activation.QUICK_GELU, tape.linear(normed, parameters.get(block + ".matrix"), parameters.get(block + ".shift")));
  }
  // @end

  private static List<GradientBlock> network(ParameterSet parameters) {
    List<GradientBlock> blocks = new ArrayList<>();
    for (String block : List.of("first", "second", "third")) {
      Parameter gain = parameters.add(block + ".gain", Parameter.Kind.FULL, WIDTH);
      Parameter bias = parameters.add(block + ".bias", Parameter.Kind.FULL, WIDTH);
      Parameter matrix = parameters.add(block + ".matrix", Parameter.Kind.MATRIX, WIDTH, WIDTH);
      Parameter shift = parameters.add(block + ".shift", Parameter.Kind.FULL, WIDTH);
      parameters.scope().device().ops().fill(gain.value(), 1);
      parameters.scope().device().ops().fill(bias.value(), 0);
      parameters.scope().device().ops().fill(shift.value(), 0);
      Tensor start = parameters.scope().allocate(DType.F32, matrix.shape());
      parameters.scope().device().ops().normal(3, blocks.size(), 0.25, start);
      parameters.scope().device().ops().copy(start, matrix.value());
      blocks.add(new GradientBlock(block, List.of(gain, bias, matrix, shift)));
    }
    return blocks;
  }

  private static Tensor normal(Scope scope, long stream) {
    Tensor tensor = scope.allocate(DType.F32, ROWS, WIDTH);
    scope.device().ops().normal(7, stream, 1, tensor);
    return tensor;
  }

  @Test
  void aNetworkOfOnesOwnLearnsInSixteenBits() {
    List<Double> losses = new ArrayList<>();
    List<GradientVerdict> verdicts = new ArrayList<>();
    try (Scope scope = Device.cpu(1).newScope()) {
      Tensor input = normal(scope, 1);
      Tensor target = normal(scope, 2);
      // @start region="training"
      ParameterSet parameters = new ParameterSet(scope, DType.F16); // matrices in fp16; gains and biases stay in 32 bits
      List<GradientBlock> blocks = network(parameters); // names, and which parameters belong to them
      GradientScaler scaler = new BlockGradientScaler(scope, parameters.all(), blocks, GradientScaleConfig.paper(1), Replicas.ALONE);
      AdamW optimizer = new AdamW(scope, parameters.all(),
          AdamWConfig.TRANSFORMER.withMoments(Moments.SIXTEEN_BIT).withValueUpdate(ValueUpdate.STOCHASTIC, 1)); // 1-6-9 and 0-6-10
      Schedule stepSizes = new WarmupCosineSchedule(3e-2, 3e-3, 6, STEPS);
      for (int step = 1; step <= STEPS; step++) {
        try (Scope update = scope.device().newScope()) {
          Tape tape = Tape.recording(update, DType.F16);
          Tensor x = input;
          for (GradientBlock block : blocks) {
            x = scaler.residual(tape, block.name(), x, (inner, y) -> branch(inner, parameters, block.name(), y));
          }
          Tensor difference = update.allocate(DType.F32, x.shape()); // of half the squared distance to the target
          tape.ops().copy(x, difference);
          tape.ops().addScaled(target, -1, difference);
          losses.add(squared(difference)); // @replace regex="losses.*" replacement="..."
          tape.backward(x, difference);
          optimizer.update(stepSizes.at(step), scaler.endUpdate(4)); // clipped to a norm of 4; does nothing if a gradient is not finite
          parameters.clearGradients();
          GradientVerdict verdict = scaler.verdict(); // says whether it was skipped, and for which parameters of which block
          verdicts.add(verdict); // @replace regex="verdicts.*" replacement="..."
        }
      }
      // @end
      assertEquals(STEPS, optimizer.updates() + verdicts.stream().filter(GradientVerdict::skipped).count());
    }
    assertTrue(losses.getLast() < 0.8 * losses.getFirst(), losses.toString());
    assertEquals(List.of("first", "second", "third"), verdicts.getLast().counts().stream().map(BlockCounts::block).toList());
  }

  private static double squared(Tensor difference) {
    double sum = 0;
    for (float value : difference.toFloats()) {
      sum += (double) value * value;
    }
    return sum;
  }
}
