package dev.dalle.precision.optimizer;

import dev.dalle.tensor.ParameterSet;
import dev.dalle.tensor.ShapeException;
import dev.dalle.tensor.files.NamedTensor;
import java.util.List;

/**
 * Exponentially weighted averages of parameters, F32: every so many updates {@code average += (1 - decay) * (value - average)}. They start as a copy of the
 * parameters. Source: Ramesh et al. 2021, arXiv 2102.12092, appendices A.2 and B.2 (the start is our choice).
 *
 * <p>{@link ExponentialMovingAverage} keeps them on the device, {@link HostMovingAverage} in the host's memory. Of the same values both make the same averages,
 * to the bit, and what one has written to a file the other goes on from.
 *
 * <p>What is averaged is {@link dev.dalle.tensor.Parameter#value()}, with which the model computes, whatever its type: of a matrix in 16 bits the rounded value,
 * also where {@link AdamW} has a master copy of it ({@link ValueUpdate#MASTER_COPY}). So an average is one of models that have been run, and does not ask how
 * they are optimized. It is as good: each value is its master copy rounded, so such an average is off that of the master copies by half the distance of 16-bit
 * numbers at most (plus a few roundings to 32 bits), which is what it loses anyway when it goes into a model of the same type.
 *
 * <p>The number of the update is the caller's, so there is no counter to keep between runs. A skipped update counts like another: the average then moves
 * towards parameters that stayed. One thread at a time.
 */
public sealed interface MovingAverage extends AutoCloseable permits ExponentialMovingAverage, HostMovingAverage {
  /**
   * Takes the parameters' present values into the averages if this update's number is a multiple of the interval. Does not wait for the device.
   *
   * @param update number of the update just made, counting from 1
   * @return whether it was
   */
  boolean update(long update);

  /** Starts again from the parameters' present values. */
  void restart();

  /**
   * Copies the averages into parameters of the same names, such as those of a second model for evaluation, rounded to their types.
   *
   * @param target may have more parameters, which stay as they are
   * @throws IllegalArgumentException if a name is missing there; nothing was copied then
   * @throws ShapeException if a shape differs there; nothing was copied then
   */
  void copyTo(ParameterSet target);

  /**
   * All there is to keep between runs, for files: {@code average.NAME} of each parameter, F32. The tensors are the averages themselves: to be read or written
   * before the next update, and not after {@link #close()}.
   */
  List<NamedTensor> state();

  /** Ends it. The averages can then no longer be read. */
  @Override
  void close();
}
