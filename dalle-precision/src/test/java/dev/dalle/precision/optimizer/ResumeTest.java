package dev.dalle.precision.optimizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.dalle.tensor.Device;
import dev.dalle.tensor.Parameter;
import dev.dalle.tensor.ParameterSet;
import dev.dalle.tensor.Philox;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.files.NamedTensor;
import dev.dalle.tensor.files.Safetensors;
import dev.dalle.tensor.files.SafetensorsFile;
import dev.dalle.tensor.testing.OpaqueDevice;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Parameters, moments, counter and averages through a file: training goes on as if nothing had happened. */
class ResumeTest {
  @TempDir
  private Path folder;

  static Stream<Device> devices() {
    return Stream.of(Device.cpu(2), OpaqueDevice.open(2));
  }

  /** A model, its optimizer and its averages. */
  private static final class Training {
    final ParameterSet parameters;
    final AdamW adam;
    final GlobalNorm norm;
    final ExponentialMovingAverage average;

    Training(Scope scope, float start) {
      parameters = new ParameterSet(scope);
      scope.device().ops().fill(parameters.add("weight", Parameter.Kind.MATRIX, 13, 31).value(), start);
      scope.device().ops().fill(parameters.add("gain", Parameter.Kind.FULL, 31).value(), -start);
      adam = new AdamW(scope, parameters.all(), AdamWConfig.TRANSFORMER);
      norm = new GlobalNorm(scope, parameters.all());
      average = new ExponentialMovingAverage(scope, parameters.all(), new MovingAverageConfig(0.9, 2));
    }

    /** Update number 4 meets a gradient that is not finite, so the optimizer's counter and the update's number differ from then on. */
    void run(int from, int to) {
      for (int update = from; update <= to; update++) {
        long stream = Philox.stream(update);
        double deviation = update == 4 ? Double.POSITIVE_INFINITY : 1;
        parameters.clearGradients();
        parameters.forEach(parameter -> parameter.addGradient(
            (gradient, accumulate) -> gradient.device().ops().normal(5, stream, deviation, gradient)));
        adam.update(0.01, norm.measure(1, 4));
        average.update(update);
      }
    }

    List<NamedTensor> state() {
      List<NamedTensor> tensors = new ArrayList<>(NamedTensor.ofParameters("model.", parameters));
      tensors.addAll(adam.state());
      tensors.addAll(average.state());
      return tensors;
    }
  }

  @ParameterizedTest
  @MethodSource("devices")
  void resumedTrainingEqualsUninterruptedTrainingToTheBit(Device device) throws IOException {
    Path path = folder.resolve("state.safetensors");
    try (Scope scope = device.newScope()) {
      Training whole = new Training(scope, 0.5f);
      whole.run(1, 11);

      Training interrupted = new Training(scope, 0.5f);
      interrupted.run(1, 5);
      Safetensors.write(path, interrupted.state(), Map.of());
      Training resumed = new Training(scope, 77);
      try (SafetensorsFile file = SafetensorsFile.open(path)) {
        Safetensors.read(file, "", resumed.state());
      }
      resumed.run(6, 11);

      assertEquals(10, whole.adam.updates());
      assertEquals(10, resumed.adam.updates());
      for (int i = 0; i < whole.state().size(); i++) {
        NamedTensor expected = whole.state().get(i);
        NamedTensor actual = resumed.state().get(i);
        assertEquals(expected.name(), actual.name());
        if (expected.tensor().dtype().isFloating()) {
          assertArrayEquals(expected.tensor().toFloats(), actual.tensor().toFloats(), expected.name());
        }
      }
    }
  }
}
