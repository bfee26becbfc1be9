package dev.dalle.trainer.stage;

import dev.dalle.precision.schedule.PlateauConfig;
import dev.dalle.precision.schedule.PlateauHalving;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Shape;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.files.NamedTensor;
import dev.dalle.trainer.run.Halving;
import dev.dalle.trainer.run.TransformerStageConfig;
import java.util.List;

/** A warm-up, then a step size that is halved at plateaus of the loss. */
final class PlateauStepSizes implements StepSizes {
  /** Losses of so many batches, about, make the mean that is looked at. */
  private static final double SMOOTHED = 50;

  private final double peak;
  private final long warmup;
  private final PlateauHalving halving;
  private final Tensor saved;

  PlateauStepSizes(TransformerStageConfig config, Halving.OnPlateau plateau, Scope scope) {
    peak = config.stepSize();
    warmup = config.warmupSteps();
    halving = new PlateauHalving(new PlateauConfig(1 - 1 / SMOOTHED, Math.max(1, Math.round(plateau.patienceShare() * config.steps())), plateau.improvement(),
        plateau.most()));
    saved = scope.zeros(DType.I32, Shape.of(5, 2));
  }

  @Override
  public double at(long step) {
    return step < warmup ? peak * step / warmup : peak * halving.factor();
  }

  @Override
  public boolean wantsLoss() {
    return true;
  }

  @Override
  public void loss(double value) {
    halving.add(value);
  }

  @Override
  public List<NamedTensor> state() {
    PlateauHalving.State state = halving.state();
    long[] numbers = {state.losses(), Double.doubleToRawLongBits(state.smoothed()), Double.doubleToRawLongBits(state.best()), state.waited(), state.halvings()};
    int[] halves = new int[2 * numbers.length];
    for (int i = 0; i < numbers.length; i++) {
      halves[2 * i] = (int) numbers[i];
      halves[2 * i + 1] = (int) (numbers[i] >>> 32);
    }
    saved.write(halves);
    return List.of(new NamedTensor("plateau.state", saved));
  }

  @Override
  public void restore() {
    int[] halves = saved.toInts();
    long[] numbers = new long[halves.length / 2];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = halves[2 * i] & 0xFFFF_FFFFL | (long) halves[2 * i + 1] << 32;
    }
    halving.restore(new PlateauHalving.State(numbers[0], Double.longBitsToDouble(numbers[1]), Double.longBitsToDouble(numbers[2]), numbers[3],
        Math.toIntExact(numbers[4])));
  }
}
