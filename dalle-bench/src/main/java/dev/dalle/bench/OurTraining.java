package dev.dalle.bench;

import dev.dalle.precision.optimizer.AdamW;
import dev.dalle.precision.optimizer.ExponentialMovingAverage;
import dev.dalle.precision.optimizer.GlobalNorm;
import dev.dalle.precision.optimizer.MovingAverageConfig;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Parameter;
import dev.dalle.tensor.ParameterSet;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tape;
import dev.dalle.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/** Updates as the trainer's stages make them: loss, gradients, clipping, AdamW, moving average. */
final class OurTraining implements Formulation {
  /** A model's loss on a batch. */
  @FunctionalInterface
  interface Loss {
    /**
     * Computes.
     *
     * @param step chooses random numbers; step 0 has those that both sides share
     * @return F32 {@code [1]}
     */
    Tensor of(Tape tape, long step);
  }

  private final Device device = Ours.device();
  private final Scope scope;
  private final ParameterSet parameters;
  private final DType compute;
  private final Loss loss;
  private final AdamW optimizer;
  private final GlobalNorm norm;
  private final ExponentialMovingAverage average;
  private final Tensor one;
  private long step;

  /**
   * Nothing done yet.
   *
   * @param scope owns the parameters and whatever else the loss needs; closed with this
   */
  OurTraining(Scope scope, ParameterSet parameters, DType compute, Loss loss) {
    this.scope = scope;
    this.parameters = parameters;
    this.compute = compute;
    this.loss = loss;
    optimizer = new AdamW(scope, parameters.all(), Training.OPTIMIZER);
    norm = new GlobalNorm(scope, parameters.all());
    average = new ExponentialMovingAverage(scope, parameters.all(), new MovingAverageConfig(Training.AVERAGE_DECAY, 1));
    one = scope.of(new float[] {1}, 1);
  }

  @Override
  public void run() {
    step++;
    try (Scope inner = device.newScope()) {
      Tape tape = Tape.recording(inner, compute);
      tape.backward(loss.of(tape, step), one);
      optimizer.update(Training.STEP_SIZE, norm.measure(1, Training.CLIP_NORM));
      average.update(step);
      parameters.clearGradients();
    }
    device.synchronize();
  }

  /** The loss of step 0, then every parameter's gradient. */
  @Override
  public List<float[]> results() {
    List<float[]> results = new ArrayList<>();
    try (Scope inner = device.newScope()) {
      Tape tape = Tape.recording(inner, compute);
      Tensor value = loss.of(tape, 0);
      tape.backward(value, one);
      results.add(value.toFloats());
    }
    for (Parameter parameter : parameters) {
      results.add(parameter.gradient().toFloats());
    }
    parameters.clearGradients();
    return results;
  }

  @Override
  public void close() {
    scope.close();
  }
}
