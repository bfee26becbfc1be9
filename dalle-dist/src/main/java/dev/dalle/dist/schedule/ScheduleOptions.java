package dev.dalle.dist.schedule;

/**
 * What decides the order of an update.
 *
 * @param machines K, 1 or more
 * @param ranksPerMachine m, 1 or more; gathers and reduce-scatters vanish with 1
 * @param compressed whether machines average factors instead of gradients
 * @param prefetch how many blocks are gathered ahead of the current one, 0 or more
 * @param unfinishedReductions how many later blocks' reduce-scatters may still run when a block is gathered on the way back, 0 or more; with 0 nothing is
 *     gathered
 *     ahead there
 */
public record ScheduleOptions(int machines, int ranksPerMachine, boolean compressed, int prefetch, int unfinishedReductions) {
  /** Checks the numbers. */
  public ScheduleOptions {
    atLeast("machines", machines, 1);
    atLeast("ranks per machine", ranksPerMachine, 1);
    atLeast("prefetch", prefetch, 0);
    atLeast("unfinished reductions", unfinishedReductions, 0);
  }

  /** One block ahead, compressed if there is more than one machine. */
  public static ScheduleOptions of(int machines, int ranksPerMachine) {
    return new ScheduleOptions(machines, ranksPerMachine, machines > 1, 1, 1);
  }

  private static void atLeast(String name, int value, int least) {
    if (value < least) {
      throw new IllegalArgumentException(name + ": expected " + least + " or more, got " + value);
    }
  }
}
