package dev.dalle.attention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Parameter;
import dev.dalle.tensor.ParameterSet;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tape;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.testing.GradientCheck;
import dev.dalle.tensor.testing.ReferenceDevice;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A bidirectional encoder of the same resblocks, as a contrastive model of captions and images needs two of. */
class EncoderTest {
  private static final int STATES = 7;
  private static final int WIDTH = 8;

  /** Two layers. */
  private record Encoder(ParameterSet parameters, List<Resblock> blocks) {
    static Encoder of(Scope scope) {
      ParameterSet parameters = new ParameterSet(scope);
      List<Resblock> blocks = new ArrayList<>();
      for (String layer : List.of("first", "second")) {
        List<ParameterSpec> specs = new ArrayList<>(AttentionBlock.specs(layer + ".attention", WIDTH, 1, 1));
        specs.addAll(MlpBlock.specs(layer + ".mlp", WIDTH, 16, 1, 1));
        for (ParameterSpec spec : specs) {
          spec.initialise(parameters.add(spec.name(), spec.kind(), spec.shape().toArray()), 3);
        }
        blocks.add(new AttentionBlock(layer + ".attention", new AttentionPattern.Bidirectional(STATES), 2, 1e-5, parameters));
        blocks.add(new MlpBlock(layer + ".mlp", 1e-5, parameters));
      }
      return new Encoder(parameters, blocks);
    }

    Tensor apply(Tape tape, Tensor x) {
      Tensor y = x;
      for (Resblock block : blocks) {
        y = block.apply(tape, y);
      }
      return y;
    }
  }

  private static float[] states(int changed) {
    float[] x = new float[2 * STATES * WIDTH];
    for (int i = 0; i < x.length; i++) {
      x[i] = (float) Math.sin(i + (i / WIDTH == changed ? 1 : 0));
    }
    return x;
  }

  private static float[] encode(Device device, int changed) {
    try (Scope scope = device.newScope()) {
      Tensor x = scope.allocate(DType.F32, 2, STATES, WIDTH);
      x.write(states(changed));
      return Encoder.of(scope).apply(Tape.inference(scope, DType.F32), x).toFloats();
    }
  }

  @Test
  void everyStateReadsEveryState() {
    float[] before = encode(new ReferenceDevice(), -1);
    float[] onProcessor = encode(Device.cpu(), -1);
    for (int i = 0; i < before.length; i++) {
      assertEquals(before[i], onProcessor[i], 1e-5f, "number " + i);
    }
    for (int changed : new int[] {0, STATES - 1}) {
      float[] after = encode(new ReferenceDevice(), changed);
      for (int state = 0; state < 2 * STATES; state++) {
        double difference = 0;
        for (int d = 0; d < WIDTH; d++) {
          difference += Math.abs(after[state * WIDTH + d] - before[state * WIDTH + d]);
        }
        assertTrue(state < STATES == difference > 1e-4, "state " + state + " differs by " + difference);
      }
    }
  }

  @Test
  void gradientIsThatOfCentralDifferences() {
    ReferenceDevice device = new ReferenceDevice();
    try (Scope scope = device.newScope()) {
      Encoder encoder = Encoder.of(scope);
      Tensor x = scope.allocate(DType.F32, 2, STATES, WIDTH);
      x.write(states(-1));
      List<Parameter> some = List.of(encoder.parameters().get("first.attention.qkv.weight"), encoder.parameters().get("second.mlp.in.bias"));
      GradientCheck.check(device, List.of(x), some, (tape, inputs) -> encoder.apply(tape, inputs.getFirst()));
    }
  }

  @Test
  void refusesWhatMakesNoSense() {
    assertEquals(49, new AttentionPattern.Bidirectional(STATES).pairCount());
    assertEquals("text and image: expected 1 to 1048576 states, got 0 (text length 0, grid side 0)",
        assertThrows(IllegalArgumentException.class, () -> new AttentionPattern.Bidirectional(0)).getMessage());
    ReferenceDevice device = new ReferenceDevice();
    try (Scope scope = device.newScope()) {
      Tensor any = scope.allocate(DType.F32, 1);
      assertEquals("pattern: expected a causal one, got Bidirectional[textLength=7], whose states read others that are not there yet",
          assertThrows(IllegalArgumentException.class, () -> device.operations(AttentionOps.class).decode(any, new AttentionPattern.Bidirectional(STATES), 0,
              any, any, any, any)).getMessage());
    }
  }
}
