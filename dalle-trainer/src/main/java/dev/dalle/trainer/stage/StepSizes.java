package dev.dalle.trainer.stage;

import dev.dalle.precision.schedule.Schedule;
import dev.dalle.precision.schedule.WarmupHalvingSchedule;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.files.NamedTensor;
import dev.dalle.tensor.files.SafetensorsFile;
import dev.dalle.tensor.files.TensorFileException;
import dev.dalle.trainer.run.Halving;
import dev.dalle.trainer.run.TransformerStageConfig;
import java.util.List;

/** The step size of each update of stage two: known before, or decided by the loss. */
interface StepSizes {
  /** That of an update, counting from 1. */
  double at(long step);

  /** Whether {@link #loss} must be told each loss. */
  default boolean wantsLoss() {
    return false;
  }

  /** The loss of the update just made. */
  default void loss(double value) {}

  /** What has to be kept between runs. */
  default List<NamedTensor> state() {
    return List.of();
  }

  /**
   * Refuses a file of numbers that cannot be gone on from; changes nothing.
   *
   * @throws TensorFileException if so
   */
  default void checkStored(SafetensorsFile file) throws TensorFileException {}

  /** Goes on from what was read into {@link #state()}. */
  default void restore() {}

  /** Those of a configuration. */
  static StepSizes of(TransformerStageConfig config, Scope scope) {
    if (config.halving().isEmpty()) {
      return config.stepSizes()::at;
    }
    return switch (config.halving().get()) {
      case Halving.AtMilestones milestones -> milestones(config, milestones)::at;
      case Halving.OnPlateau plateau -> new PlateauStepSizes(config, plateau, scope);
    };
  }

  private static Schedule milestones(TransformerStageConfig config, Halving.AtMilestones milestones) {
    long warmup = config.warmupSteps();
    List<Long> updates = milestones.shares().stream().map(share -> Math.max(warmup, Math.round(share * config.steps()))).toList();
    return new WarmupHalvingSchedule(config.stepSize(), warmup, updates, config.steps());
  }
}
