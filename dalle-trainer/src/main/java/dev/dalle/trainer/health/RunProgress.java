package dev.dalle.trainer.health;

import dev.dalle.trainer.run.Checkpoint;
import dev.dalle.trainer.run.Checkpoint.Standing;
import java.util.List;

/** How far the run is, and how it goes on. */
final class RunProgress implements Verdict {
  private static final String NAME = "progress";

  @Override
  public List<Finding> of(RunLog log) {
    for (StageLog stage : log.stages()) {
      boolean saidElsewhere = stage.standing().flatMap(Standing::failure).isPresent() || log.damaged(Checkpoint.index(log.folder().path(), stage.key()));
      if (saidElsewhere) {
        return List.of();
      }
      if (!stage.finished()) {
        return List.of(unfinished(log, stage));
      }
    }
    return List.of(Finding.ok(NAME, log.metrics().isEmpty()
        ? "both stages are finished; dalle demo --out " + log.folder().path() + " measures them and writes the report" : "finished, with a report"));
  }

  private static Finding unfinished(RunLog log, StageLog stage) {
    if (log.busy()) {
      return Finding.ok(NAME, stage.name() + " is being trained; its last checkpoint is at " + stage.progress());
    }
    String found = stage.standing().isPresent() ? " was stopped; its last checkpoint is at " + stage.progress()
        : " has not begun, or was stopped before its first checkpoint";
    String out = " --out " + log.folder().path();
    return Finding.warning(NAME, stage.name() + found, "dalle demo" + out + " goes on from there and writes the report; dalle train " + stage.key() + out
        + " only trains the stage");
  }
}
