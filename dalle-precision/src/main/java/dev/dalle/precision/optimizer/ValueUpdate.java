package dev.dalle.precision.optimizer;

/** What {@link AdamW} does about a value that is kept in 16 bits, where a step is often smaller than the distance to the next number. F32 values ignore it. */
public enum ValueUpdate {
  /** Updates a copy in F32, which is part of the state; the value is the copy, rounded to nearest even. */
  MASTER_COPY,
  /** Keeps no copy and rounds the new value to nearest even: steps below half the distance to the next number are lost. */
  NEAREST_EVEN,
  /** Keeps no copy and rounds the new value up or down by chance, so that it is right on average; see {@link StochasticRounding}. */
  STOCHASTIC
}
