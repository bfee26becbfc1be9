package dev.dalle.trainer.stage;

import dev.dalle.precision.schedule.PlateauConfig;
import dev.dalle.precision.schedule.PlateauHalving;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.files.NamedTensor;
import dev.dalle.tensor.files.SafetensorsFile;
import dev.dalle.tensor.files.TensorFileException;
import dev.dalle.tensor.files.WideNumbers;
import dev.dalle.trainer.run.Halving;
import dev.dalle.trainer.run.TransformerStageConfig;
import java.util.List;
import java.util.Optional;

/** A warm-up, then a step size that is halved at plateaus of the loss. */
final class PlateauStepSizes implements StepSizes {
  /** Losses of so many batches, about, make the mean that is looked at. */
  private static final double SMOOTHED = 50;

  private final double peak;
  private final long warmup;
  private final PlateauConfig rules;
  private final PlateauHalving halving;
  private final WideNumbers saved;

  PlateauStepSizes(TransformerStageConfig config, Halving.OnPlateau plateau, Scope scope) {
    peak = config.stepSize();
    warmup = config.warmupSteps();
    rules = new PlateauConfig(1 - 1 / SMOOTHED, Math.max(1, Math.round(plateau.patienceShare() * config.steps())), plateau.improvement(), plateau.most());
    halving = new PlateauHalving(rules);
    saved = WideNumbers.of(scope, "plateau.state", 5);
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
    return List.of(saved.write(state.losses(), Double.doubleToRawLongBits(state.smoothed()), Double.doubleToRawLongBits(state.best()), state.waited(),
        state.halvings()));
  }

  @Override
  public void checkStored(SafetensorsFile file) throws TensorFileException {
    Optional<long[]> found = saved.find(file, "");
    if (found.isPresent()) {
      try {
        // Of the same rules, so that this one stays as it is.
        new PlateauHalving(rules).restore(state(found.get()));
      } catch (IllegalArgumentException e) {
        throw new TensorFileException(file.path() + ": state of the step size: " + e.getMessage() + ". Begin without this state", e);
      }
    }
  }

  @Override
  public void restore() {
    halving.restore(state(saved.read()));
  }

  private static PlateauHalving.State state(long[] numbers) {
    return new PlateauHalving.State(numbers[0], Double.longBitsToDouble(numbers[1]), Double.longBitsToDouble(numbers[2]), numbers[3],
        (int) Math.clamp(numbers[4], -1, Integer.MAX_VALUE));
  }
}
