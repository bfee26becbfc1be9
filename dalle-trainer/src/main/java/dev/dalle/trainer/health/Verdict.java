package dev.dalle.trainer.health;

import java.util.List;

/**
 * One thing that can be wrong with a run. It says what was seen, in numbers, what that means, and which key of the configuration to change and how; the
 * thresholds are constants with their reasons.
 */
interface Verdict {
  /** What there is to say; nothing if the run's log does not tell yet. */
  List<Finding> of(RunLog log);
}
