package dev.dalle.trainer.cli;

import dev.dalle.trainer.health.Finding;
import java.util.List;

/** One part of the machine, or a run, that {@code dalle doctor} looks at. It reports what is wrong as a finding and never throws for it. */
interface HealthCheck {

  /** The heading of its findings, for example {@code processor}. */
  String name();

  /** Looks now. */
  List<Finding> findings();
}
