package dev.dalle.trainer.progress;

import java.io.PrintStream;
import java.time.Duration;
import org.apache.logging.log4j.Logger;

/** Where work that takes long says how far it is. One stage at a time, one thread at a time. */
public interface Progress {

  /**
   * Begins a stage.
   *
   * @param name what is done, for example {@code train dvae}
   * @param stepsDone how many steps an earlier run has done already
   * @param stepsTotal how many there are in all, at least {@code stepsDone}
   * @return the stage; close it when it ends, also when it fails
   */
  Stage stage(String name, long stepsDone, long stepsTotal);

  /** Begins a stage that starts from the beginning. */
  default Stage stage(String name, long stepsTotal) {
    return stage(name, 0, stepsTotal);
  }

  /** A stage under way. */
  interface Stage extends AutoCloseable {

    /**
     * One step is done.
     *
     * @param step how many are done now, this one included
     * @param loss the step's loss, in the unit of the stage; NaN if there is none to show
     * @param examples how many examples this step took
     */
    void step(long step, double loss, long examples);

    /** One step without a loss is done. */
    default void step(long step, long examples) {
      step(step, Double.NaN, examples);
    }

    /**
     * Says something about the work that stays beside its numbers until it is replaced, such as how many updates were skipped.
     *
     * @param text a few words; empty for nothing
     */
    default void note(String text) {}

    /**
     * Lets something else be written to the terminal: what is shown there is taken away before, and comes back by itself.
     *
     * @param writing writes whole lines, and flushes them
     */
    default void aside(Runnable writing) {
      writing.run();
    }

    /** Ends the stage. Closing twice is fine. */
    @Override
    void close();
  }

  /**
   * Shows a bar that is redrawn in place.
   *
   * @param out a terminal
   * @param columns its width in characters
   */
  static Progress bar(PrintStream out, int columns) {
    return new BarProgress(out, columns);
  }

  /**
   * Writes a line now and then, at info level.
   *
   * @param logger takes the lines
   * @param interval least time between two lines of a stage; its first and last step are always shown
   */
  static Progress lines(Logger logger, Duration interval) {
    return new LineProgress(logger::info, interval, System::nanoTime);
  }
}
