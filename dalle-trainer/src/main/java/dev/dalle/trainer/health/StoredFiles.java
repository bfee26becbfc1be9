package dev.dalle.trainer.health;

import java.util.List;

/** Files that are missing or damaged. */
final class StoredFiles implements Verdict {
  private static final String NAME = "files";

  @Override
  public List<Finding> of(RunLog log) {
    if (log.damages().isEmpty()) {
      return List.of(Finding.ok(NAME, "all there and whole"));
    }
    return log.damages().stream().map(damage -> Finding.fault(NAME, text(log, damage), damage.remedy())).toList();
  }

  /** Most messages name the file themselves. */
  private static String text(RunLog log, RunLog.Damage damage) {
    return damage.problem().startsWith(log.folder().path().toString()) ? damage.problem() : damage.file() + " " + damage.problem();
  }
}
