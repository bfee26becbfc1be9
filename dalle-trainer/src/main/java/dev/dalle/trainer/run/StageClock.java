package dev.dalle.trainer.run;

/** Seconds that a stage has worked, over all starts of its run. One thread at a time. */
public final class StageClock {
  private double before;
  private final long begin = System.nanoTime();

  /** Seconds of earlier starts, from a checkpoint. */
  public void resumeFrom(double seconds) {
    before = seconds;
  }

  /** Seconds until now. */
  public double seconds() {
    return before + (System.nanoTime() - begin) / 1e9;
  }
}
