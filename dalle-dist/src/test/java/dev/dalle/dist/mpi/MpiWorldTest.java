package dev.dalle.dist.mpi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.bindings.testing.Mpirun;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class MpiWorldTest {
  @TempDir
  Path folder;

  @ParameterizedTest
  @CsvSource({"OPEN_MPI, host", "OPEN_MPI, opaque", "MPICH, host"})
  void contract(Mpirun.Family family, String device) throws IOException, InterruptedException {
    Mpirun.Run run = Mpirun.require(family).start(4, folder.resolve("output"), List.of(), ContractRank.class, device, family.name());
    assertEquals(0, run.await(300), run::text);
    for (int rank = 0; rank < 4; rank++) {
      // Seven types twice, two reductions of codes, three sizes of worlds, five more.
      String line = "rank " + rank + ": 24 succeeded, 0 failed";
      assertTrue(run.text().contains(line), run::text);
    }
  }

  private List<String[]> seen(Mpirun.Run run) {
    return run.text().lines().filter(line -> line.contains("seen|")).map(line -> line.substring(line.indexOf("seen|")).split("\\|")).toList();
  }

  private static void everyoneNames(Mpirun.Run run, List<String[]> seen, int ranks, String operation) {
    assertEquals(ranks - 1, seen.stream().filter(line -> Integer.parseInt(line[1]) != ranks - 1).count(), run::text);
    for (String[] line : seen) {
      assertEquals(Integer.toString(ranks - 1), line[2], run::text);
      String who = Integer.parseInt(line[1]) == ranks - 1 ? "this rank " : "rank " + (ranks - 1) + " ";
      assertTrue(line[4].matches("world, rank " + line[1] + ": .* \\(number " + line[3] + "\\): " + who + ".*"), run::text);
      assertTrue(Integer.parseInt(line[1]) == ranks - 1 || line[4].contains(operation), run::text);
    }
  }

  /** As within one process: every rank but the one at fault gets one exception that names it, the operation and its number, and none hangs. */
  @ParameterizedTest
  @CsvSource({
      "OPEN_MPI, FAILS, failed: java.lang.IllegalStateException: the fault",
      "OPEN_MPI, CLOSES, has closed its communicator; the last that it posted was barrier (number 1 of world)",
      "OPEN_MPI, ABORTS, aborted: the fault",
      "OPEN_MPI, IS_LATE, has not posted it within 1500 ms; the last that it posted was barrier (number 1 of world)",
      "OPEN_MPI, DIFFERS, posted barrier where rank 0 posted all-reduce of 3 F32 SUM",
      "OPEN_MPI, HAS_ANOTHER_SIZE, posted all-reduce of 4 F32 SUM where rank 0 posted all-reduce of 3 F32 SUM",
      "OPEN_MPI, HAS_ANOTHER_TYPE, posted all-reduce of 3 I32 SUM where rank 0 posted all-reduce of 3 F32 SUM",
      "OPEN_MPI, HAS_ANOTHER_REDUCTION, posted all-reduce of 3 F32 MAXIMUM where rank 0 posted all-reduce of 3 F32 SUM",
      "MPICH, CLOSES, has closed its communicator",
      "MPICH, DIFFERS, posted barrier where rank 0 posted all-reduce of 3 F32 SUM"})
  void everyRankLearnsWhoIsAtFault(Mpirun.Family family, String fault, String found) throws IOException, InterruptedException {
    Mpirun.Run run = Mpirun.require(family).start(3, folder.resolve("output"), List.of(), FaultRank.class, fault);
    assertTrue(run.await(60) != 0, run::text);
    List<String[]> seen = seen(run);
    everyoneNames(run, seen, 3, "all-reduce of F32[3] (number 2)");
    assertTrue(seen.stream().allMatch(line -> line[4].contains(found)), run::text);
  }

  @Test
  void failuresReachSplits() throws IOException, InterruptedException {
    Mpirun.Run run = Mpirun.require(Mpirun.Family.OPEN_MPI).start(3, folder.resolve("output"), List.of(), FaultRank.class, "SPLITS");
    assertTrue(run.await(60) != 0, run::text);
    assertEquals(2, seen(run).size(), run::text);
    assertTrue(seen(run).stream().allMatch(line -> line[4].contains("world.1, rank ") && line[4].contains("rank 2 of world aborted: no disk")), run::text);
  }

  private static long ready(Mpirun.Run run, int ranks) throws InterruptedException {
    for (int i = 0; i < 600; i++) {
      Matcher all = Pattern.compile("ready (\\d+) (\\d)").matcher(run.text());
      long culprit = -1;
      int found = 0;
      while (all.find()) {
        found++;
        culprit = all.group(2).equals(Integer.toString(ranks - 1)) ? Long.parseLong(all.group(1)) : culprit;
      }
      if (found == ranks) {
        return culprit;
      }
      Thread.sleep(50);
    }
    throw new AssertionError(run.text());
  }

  private static void signal(String name, long process) throws IOException, InterruptedException {
    assertEquals(0, new ProcessBuilder("kill", "-" + name, Long.toString(process)).inheritIO().start().waitFor());
  }

  /** A killed rank is for the launcher: it ends all others and has the last word. */
  @ParameterizedTest
  @EnumSource(Mpirun.Family.class)
  void aKilledRankEndsAll(Mpirun.Family family) throws IOException, InterruptedException {
    Mpirun.Run run = Mpirun.require(family).start(3, folder.resolve("output"), List.of(), FaultRank.class, "WAITS");
    signal("KILL", ready(run, 3));
    assertTrue(run.await(60) != 0, run::text);
    String last = run.text().substring(run.text().lastIndexOf("ready "));
    assertTrue(last.contains(family == Mpirun.Family.OPEN_MPI ? "exited on signal 9 (Killed)" : "KILLED BY SIGNAL: 9 (Killed)")
        || last.contains("EXIT CODE: 9"), run::text);
  }

  @Test
  void aStoppedRankIsNamed() throws IOException, InterruptedException {
    Mpirun.Run run = Mpirun.require(Mpirun.Family.OPEN_MPI).start(3, folder.resolve("output"), List.of(), FaultRank.class, "STOPS");
    signal("STOP", ready(run, 3));
    assertTrue(run.await(60) != 0, run::text);
    // It may come to itself before it is ended.
    List<String[]> others = seen(run).stream().filter(line -> !line[1].equals("2")).toList();
    everyoneNames(run, others, 3, "all-reduce of F32[100000]");
    assertTrue(others.stream().allMatch(line -> line[4].contains("rank 2 does not answer; its process is stopped")), run::text);
  }
}
