package dev.dalle.dvae;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Parameter;
import dev.dalle.tensor.Philox;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tape;
import dev.dalle.tensor.Tensor;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The published networks and their loss beside the same graph in libtorch, from the same weights and the same noise. */
class LibtorchDvaeTest {
  private static final double TOLERANCE = 1e-5;
  private static final int BATCH = 2;
  private static final double BETA = 6.6;
  private static final long SEED = 11;
  private static final long STREAM = 12;

  private static void assertClose(String what, float[] expected, float[] actual) {
    double difference = difference(expected, actual);
    assertTrue(difference < TOLERANCE, what + ": off by " + difference);
  }

  /** Length of the difference relative to that of what is expected. */
  private static double difference(float[] expected, float[] actual) {
    double squares = 0;
    double differences = 0;
    for (int i = 0; i < expected.length; i++) {
      squares += (double) expected[i] * expected[i];
      differences += ((double) actual[i] - expected[i]) * ((double) actual[i] - expected[i]);
    }
    return expected.length == actual.length ? Math.sqrt(differences / squares) : Double.NaN;
  }

  /** As published but for the width, with biases as training leaves them. */
  private static Dvae dvae(Scope scope, DvaeConfig config) {
    Dvae dvae = TestModels.initialised(scope, config, 3);
    for (Parameter parameter : dvae.parameters()) {
      if (parameter.name().endsWith(".b")) {
        scope.device().ops().normal(9, Philox.stream(parameter.name().hashCode()), 0.2, parameter.value());
      }
    }
    return dvae;
  }

  private static float[] uniform(int count) {
    float[] uniform = new float[count];
    for (int i = 0; i < count; i++) {
      uniform[i] = Philox.uniform(SEED, STREAM, i);
    }
    return uniform;
  }

  @ParameterizedTest
  @CsvSource({"8, 12, 32, 16, 1", "16, 20, 64, 32, 0.5"})
  void logitsMapsAndTheGradientOfEveryParameterAreThoseOfThePublishedGraph(int width, int init, int vocabulary, int side, double temperature) {
    DvaeConfig config = DvaeConfig.plain(side, width, 4, 2, vocabulary, init);
    try (Scope scope = Device.cpu(2).newScope(); PointerScope pointers = new PointerScope()) {
      Dvae dvae = dvae(scope, config);
      Tensor pixels = TestModels.pixels(scope, config, BATCH, 5);
      int grid = side / 8;

      LibtorchDvae peer = new LibtorchDvae(dvae, ScalarType.Float, width, init, vocabulary);
      LibtorchDvae.Pass expected = peer.pass(LibtorchDvae.channelsFirst(ScalarType.Float, pixels.toFloats(), BATCH, side, side, 3),
          LibtorchDvae.channelsFirst(ScalarType.Float, uniform(BATCH * grid * grid * vocabulary), BATCH, grid, grid, vocabulary), temperature, BETA);
      expected.loss().backward();

      Tape tape = Tape.recording(scope, DType.F32);
      DvaeLoss loss = DvaeObjective.negativeElb(tape, dvae, pixels, new Relaxation(temperature, BETA, SEED, STREAM));
      // Before the way back, which may give their memory away.
      assertClose("logits", LibtorchDvae.pixelsFirst(expected.logits()), loss.logits().toFloats());
      assertClose("maps", LibtorchDvae.pixelsFirst(expected.maps()), loss.maps().toFloats());
      assertClose("loss", LibtorchDvae.floats(expected.loss()), loss.loss().toFloats());
      tape.backward(loss.loss(), scope.of(new float[] {1}, 1));
      for (Parameter parameter : dvae.parameters()) {
        assertClose(parameter.name(), LibtorchDvae.floats(peer.gradient(parameter.name())), parameter.gradient().toFloats());
      }
    }
  }
}
