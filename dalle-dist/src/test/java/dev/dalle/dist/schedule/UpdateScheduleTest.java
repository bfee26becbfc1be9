package dev.dalle.dist.schedule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.dist.Pending;
import dev.dalle.dist.schedule.UpdateStep.Kind;
import dev.dalle.dist.schedule.UpdateStep.Lane;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class UpdateScheduleTest {
  @Test
  void twoBlocksOnTwoMachinesOfTwoRanks() {
    List<String> names = UpdateSchedule.of(2, ScheduleOptions.of(2, 2)).steps().stream().map(UpdateStep::name).toList();
    assertEquals(List.of("GATHER of block 0", "GATHER of block 1", "FORWARD of block 0", "DROP of block 0", "FORWARD of block 1", "GATHER of block 0",
        "BACKWARD of block 1", "DROP of block 1", "REDUCE_SCATTER of block 1", "BACKWARD of block 0", "DROP of block 0", "REDUCE_SCATTER of block 0",
        "FACTOR_P of block 1", "ALL_REDUCE_P of block 1", "FACTOR_P of block 0", "ALL_REDUCE_P of block 0", "ORTHOGONALISE of block 1",
        "FACTOR_Q of block 1", "ALL_REDUCE_Q of block 1", "ORTHOGONALISE of block 0", "FACTOR_Q of block 0", "ALL_REDUCE_Q of block 0",
        "ALL_REDUCE_UNCOMPRESSED", "NORM_AND_FLAGS", "UPDATE of block 0", "UPDATE of block 1"), names);
  }

  @Test
  void oneRankOnlyComputes() {
    UpdateSchedule schedule = UpdateSchedule.of(3, ScheduleOptions.of(1, 1));
    assertTrue(schedule.steps().stream().allMatch(step -> step.lane() == Lane.COMPUTE));
    assertEquals(3 + 3 + 1 + 3, schedule.steps().size());
  }

  @Test
  void gathersWaitForReductionsThatMustHaveEnded() {
    UpdateSchedule schedule = UpdateSchedule.of(4, new ScheduleOptions(2, 2, true, 1, 0));
    for (int block = 0; block < 3; block++) {
      int gather = last(schedule, Kind.GATHER, block);
      assertTrue(schedule.steps().get(gather).dependencies().contains(last(schedule, Kind.REDUCE_SCATTER, block + 1)));
    }
  }

  @Test
  void otherStepsThanTheNextAreRefused() {
    ScheduleCursor cursor = new ScheduleCursor(UpdateSchedule.of(2, ScheduleOptions.of(2, 2)), new Recorder());
    String message = assertThrows(IllegalStateException.class, () -> cursor.reach(Kind.FORWARD, 1)).getMessage();
    assertEquals("schedule reached FORWARD of block 1: expected FORWARD of block 0 to be reached next", message);
    assertThrows(IllegalStateException.class, () -> cursor.done(Kind.FORWARD, 0));
    cursor.reach(Kind.FORWARD, 0);
    assertThrows(IllegalStateException.class, () -> cursor.reach(Kind.FORWARD, 0));
    assertThrows(IllegalStateException.class, cursor::finish);
  }

  @Test
  void anySizeKeepsTheRules() {
    Random random = new Random(5);
    for (int round = 0; round < 500; round++) {
      int blocks = 1 + random.nextInt(9);
      ScheduleOptions options = new ScheduleOptions(1 + random.nextInt(3), 1 + random.nextInt(3), random.nextBoolean(), random.nextInt(4),
          random.nextInt(4));
      UpdateSchedule schedule = UpdateSchedule.of(blocks, options);
      Recorder recorder = new Recorder();
      ScheduleCursor cursor = new ScheduleCursor(schedule, recorder);
      for (int block = 0; block < blocks; block++) {
        own(cursor, recorder, schedule, Kind.FORWARD, block);
      }
      for (int block = blocks - 1; block >= 0; block--) {
        own(cursor, recorder, schedule, Kind.BACKWARD, block);
      }
      cursor.finish();
      assertEquals(schedule.steps().size(), recorder.ended.size(), options::toString);
      assertTrue(recorder.mostAlive <= options.prefetch() + 1, () -> options + ": " + recorder.mostAlive + " blocks alive");
      assertTrue(recorder.alive.isEmpty(), options::toString);
    }
  }

  private static void own(ScheduleCursor cursor, Recorder recorder, UpdateSchedule schedule, Kind kind, int block) {
    cursor.reach(kind, block);
    UpdateStep step = schedule.steps().get(last(schedule, kind, block));
    recorder.begins(step);
    assertEquals(schedule.options().ranksPerMachine() > 1, recorder.alive.contains(block));
    recorder.ended.add(step.index());
    cursor.done(kind, block);
  }

  private static int last(UpdateSchedule schedule, Kind kind, int block) {
    return schedule.steps().stream().filter(step -> step.kind() == kind && step.block() == block).mapToInt(UpdateStep::index).max().orElseThrow();
  }

  /** Ends what is posted only when it is awaited. */
  private static final class Recorder implements StepExecutor {
    private final Set<Integer> ended = new HashSet<>();
    private final Set<Integer> alive = new HashSet<>();
    private final List<Integer> begun = new ArrayList<>();
    private int mostAlive;

    private void begins(UpdateStep step) {
      assertTrue(begun.isEmpty() || begun.getLast() < step.index());
      begun.add(step.index());
      assertTrue(ended.containsAll(step.dependencies()), step::name);
    }

    @Override
    public void compute(UpdateStep step) {
      begins(step);
      if (step.kind() == Kind.DROP) {
        assertTrue(alive.remove(step.block()), step::name);
      }
      ended.add(step.index());
    }

    @Override
    public Pending post(UpdateStep step) {
      begins(step);
      if (step.kind() == Kind.GATHER) {
        assertTrue(alive.add(step.block()), step::name);
        mostAlive = Math.max(mostAlive, alive.size());
      }
      return new Pending() {
        @Override
        public void await() {
          ended.add(step.index());
        }

        @Override
        public void await(Duration deadline) {
          await();
        }

        @Override
        public boolean isDone() {
          return ended.contains(step.index());
        }
      };
    }
  }
}
