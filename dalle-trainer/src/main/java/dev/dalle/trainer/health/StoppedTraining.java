package dev.dalle.trainer.health;

import dev.dalle.trainer.run.Checkpoint.Standing;
import dev.dalle.trainer.run.Compute;
import java.util.ArrayList;
import java.util.List;

/** A stage that could not go on, because its loss was no number. */
final class StoppedTraining implements Verdict {
  @Override
  public List<Finding> of(RunLog log) {
    List<Finding> findings = new ArrayList<>();
    for (StageLog stage : log.stages()) {
      Compute compute = stage == log.dvae() ? log.config().dvae().compute() : log.config().transformer().compute();
      stage.standing().flatMap(Standing::failure).ifPresent(found -> findings.add(Finding.fault("end of " + stage.name(), found,
          "halve " + stage.stepSizeText() + (compute == Compute.F32 ? "" : " or set " + stage.key() + ".compute to f32") + ", and train in another folder")));
    }
    return findings;
  }
}
