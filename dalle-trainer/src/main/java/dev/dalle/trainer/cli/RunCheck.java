package dev.dalle.trainer.cli;

import dev.dalle.trainer.health.Finding;
import dev.dalle.trainer.health.RunHealth;
import dev.dalle.trainer.health.RunLog;
import java.util.List;

/** Whether a run is all right. */
record RunCheck(RunLog log) implements HealthCheck {
  @Override
  public String name() {
    return "run";
  }

  @Override
  public List<Finding> findings() {
    return RunHealth.of(log);
  }
}
