package dev.dalle.dist.threads;

import java.util.OptionalInt;

/** A part of what was posted together. Guarded by the world's lock. */
interface Step {
  /** Whether everything was moved. */
  boolean isDone();

  /** The first rank that has not posted it. */
  OptionalInt missing();
}
