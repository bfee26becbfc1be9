package dev.dalle.tensor.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Parameter;
import dev.dalle.tensor.Philox;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tape;
import dev.dalle.tensor.Tensor;
import java.util.List;
import java.util.Random;
import java.util.function.BiFunction;

/**
 * Compares gradients from a tape with central differences, both in double on a {@link ReferenceDevice}. The compared scalar is the sum of
 * the output times fixed normal weights, so that every output counts.
 */
public final class GradientCheck {
  private static final double STEP = 1e-5;

  private GradientCheck() {}

  /**
   * Checks up to 40 elements of every watched tensor and parameter.
   *
   * @param device where inputs and parameters live
   * @param inputs F32 tensors whose gradient is compared; may be empty
   * @param parameters may be empty
   * @param function of a tape and the inputs; must give the same output whenever it is called with the same values
   */
  public static void check(ReferenceDevice device, List<Tensor> inputs, Iterable<Parameter> parameters,
      BiFunction<Tape, List<Tensor>, Tensor> function) {
    try (Scope scope = device.newScope()) {
      Tape tape = Tape.recording(scope, DType.F32);
      for (Parameter parameter : parameters) {
        parameter.clearGradient();
      }
      for (Tensor input : inputs) {
        tape.watch(input);
      }
      Tensor out = function.apply(tape, inputs);
      Tensor weights = scope.allocate(out.dtype(), out.shape());
      double[] weight = new double[Math.toIntExact(out.elementCount())];
      for (int i = 0; i < weight.length; i++) {
        weight[i] = Philox.normal(17, 4, i);
      }
      ReferenceDevice.write(weights, weight);
      tape.backward(out, weights);
      for (int i = 0; i < inputs.size(); i++) {
        compare("input " + i, inputs.get(i), ReferenceDevice.read(tape.gradient(inputs.get(i))),
            () -> objective(device, inputs, function, weight));
      }
      for (Parameter parameter : parameters) {
        compare(parameter.name(), parameter.value(), ReferenceDevice.read(parameter.gradient()),
            () -> objective(device, inputs, function, weight));
      }
    }
  }

  private static double objective(Device device, List<Tensor> inputs, BiFunction<Tape, List<Tensor>, Tensor> function,
      double[] weight) {
    try (Scope scope = device.newScope()) {
      double[] out = ReferenceDevice.read(function.apply(Tape.inference(scope, DType.F32), inputs));
      double sum = 0;
      for (int i = 0; i < out.length; i++) {
        sum += weight[i] * out[i];
      }
      return sum;
    }
  }

  private static void compare(String what, Tensor tensor, double[] gradient, java.util.function.DoubleSupplier objective) {
    double[] values = ReferenceDevice.values(tensor);
    int offset = ReferenceDevice.offset(tensor);
    Random random = new Random(5);
    int checks = Math.min(40, gradient.length);
    for (int check = 0; check < checks; check++) {
      int i = checks == gradient.length ? check : random.nextInt(gradient.length);
      double before = values[offset + i];
      values[offset + i] = before + STEP;
      double above = objective.getAsDouble();
      values[offset + i] = before - STEP;
      double below = objective.getAsDouble();
      values[offset + i] = before;
      double difference = (above - below) / (2 * STEP);
      // The error of a central difference: STEP^2 times the third derivative, plus the rounding of the sum over 2 STEP.
      double tolerance = 1e-7 + 1e-6 * Math.abs(difference) + 1e-10 * Math.abs(above);
      assertEquals(difference, gradient[i], tolerance, what + ": gradient of element " + i);
    }
  }
}
