package dev.dalle.bindings.mpi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.bindings.NativeLibraries;
import dev.dalle.bindings.testing.Mpirun;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every function, called by real processes. */
class MpiTest {
  @TempDir
  Path folder;

  @ParameterizedTest
  @EnumSource(Mpirun.Family.class)
  void everyCall(Mpirun.Family family) throws IOException, InterruptedException {
    Mpirun mpirun = Mpirun.require(family);
    for (int ranks = 1; ranks <= 3; ranks++) {
      Mpirun.Run run = mpirun.start(ranks, folder.resolve("output"), List.of(), Calls.class);
      assertEquals(0, run.await(120), run::text);
      assertEquals(ranks, run.text().lines().filter(line -> line.startsWith("all right, ")).count(), run::text);
      assertTrue(run.text().contains(family == Mpirun.Family.OPEN_MPI ? "Open MPI" : "MPICH"), run::text);
    }
  }

  @ParameterizedTest
  @EnumSource(Mpirun.Family.class)
  void errorsAreThrownInTheLibrarysWords(Mpirun.Family family) throws IOException, InterruptedException {
    Mpirun.Run run = Mpirun.require(family).start(1, folder.resolve("output"), List.of(), Mistakes.class);
    assertEquals(0, run.await(120), run::text);
    String text = run.text().toLowerCase(java.util.Locale.ROOT);
    assertTrue(text.contains("mpi_isend returned ") && text.contains("invalid rank") && text.contains("rank 7, tag 0"), text);
    assertTrue(text.contains("can be done once"), text);
  }

  @ParameterizedTest
  @EnumSource(Mpirun.Family.class)
  void abortEndsAll(Mpirun.Family family) throws IOException, InterruptedException {
    Mpirun.Run run = Mpirun.require(family).start(2, folder.resolve("output"), List.of(), Abort.class);
    assertTrue(run.await(120) != 0, run::text);
  }

  @Test
  void aNamedLibraryThatIsNotThereIsSaid() throws IOException, InterruptedException {
    Path output = folder.resolve("output");
    Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx128m", "-XX:TieredStopAtLevel=1",
        "--enable-native-access=ALL-UNNAMED", "-Ddalle.mpi.library=/nowhere/libmpi.so", "-cp", System.getProperty("java.class.path"), Report.class.getName())
        .redirectErrorStream(true).redirectOutput(output.toFile()).start();
    assertEquals(0, process.waitFor());
    String text = java.nio.file.Files.readString(output);
    assertTrue(text.contains("LOAD_FAILED") && text.contains("/nowhere/libmpi.so: cannot open shared object file") && text.contains("apt-get install openmpi-bin"), text);
  }

  /** Prints what was found. */
  public static final class Report {
    private Report() {}

    public static void main(String[] args) {
      System.out.println(NativeLibraries.mpi());
    }
  }

  /** Makes mistakes. */
  public static final class Mistakes {
    private Mistakes() {}

    public static void main(String[] args) {
      Mpi mpi = Mpi.start(MpiThreads.SERIALIZED);
      try {
        mpi.world().send(Arena.ofAuto().allocate(4), 7, 0);
      } catch (MpiException e) {
        System.out.println(e.getMessage());
      }
      try {
        Mpi.start(MpiThreads.SERIALIZED);
      } catch (IllegalStateException e) {
        System.out.println(e.getMessage());
      }
      mpi.end();
    }
  }

  /** One process ends all. */
  public static final class Abort {
    private Abort() {}

    public static void main(String[] args) throws InterruptedException {
      Mpi mpi = Mpi.start(MpiThreads.SERIALIZED);
      if (mpi.world().rank() == 1) {
        mpi.abort(3);
      }
      Thread.sleep(100_000);
    }
  }

  /** Calls everything and compares. */
  public static final class Calls {
    private final MpiComm comm;
    private final int rank;
    private final int size;

    private Calls(MpiComm comm) {
      this.comm = comm;
      this.rank = comm.rank();
      this.size = comm.size();
    }

    public static void main(String[] args) {
      Mpi mpi = Mpi.start(MpiThreads.SERIALIZED);
      Calls calls = new Calls(mpi.world().duplicate());
      calls.transfers();
      calls.collectives();
      calls.splits();
      calls.cancel();
      calls.nullPointers();
      calls.comm.free();
      System.out.println("all right, " + mpi.threads() + ", " + NativeLibraries.mpi());
      mpi.end();
    }

    private static MemorySegment ints(int... values) {
      return Arena.ofAuto().allocateFrom(ValueLayout.JAVA_INT, values);
    }

    private static void await(MpiRequest... requests) {
      for (MpiRequest request : requests) {
        while (!request.test()) {
          Thread.yield();
        }
      }
    }

    private static void expect(MemorySegment found, int... expected) {
      int[] values = found.toArray(ValueLayout.JAVA_INT);
      if (!Arrays.equals(values, expected)) {
        throw new AssertionError("expected " + Arrays.toString(expected) + ", got " + Arrays.toString(values));
      }
    }

    private void transfers() {
      int next = (rank + 1) % size;
      int before = (rank + size - 1) % size;
      MemorySegment got = ints(0, 0);
      MpiRequest receive = comm.receive(got, MpiComm.ANY_RANK, 5);
      await(comm.send(ints(rank, 9), next, 5), receive);
      expect(got, before, 9);
      if (receive.source() != before || receive.tag() != 5) {
        throw new AssertionError("status: " + receive.source() + ", " + receive.tag());
      }
      // More than libraries send ahead of the receiver's call.
      MemorySegment large = Arena.ofAuto().allocate(3_000_000);
      MemorySegment sent = Arena.ofAuto().allocate(3_000_000).fill((byte) (rank + 1));
      await(comm.receive(large, before, 6), comm.send(sent, next, 6));
      if (large.get(ValueLayout.JAVA_BYTE, 2_999_999) != before + 1) {
        throw new AssertionError("large transfer");
      }
    }

    private void collectives() {
      await(comm.barrier());
      MemorySegment told = ints(rank + 7, 3);
      await(comm.broadcast(told, size - 1));
      expect(told, size + 6, 3);
      MemorySegment all = Arena.ofAuto().allocate(4L * size);
      await(comm.gather(ints(rank * rank), all));
      int[] squares = new int[size];
      Arrays.setAll(squares, i -> i * i);
      expect(all, squares);

      // Rank i has i + 1 elements.
      int[] counts = new int[size];
      int[] displacements = new int[size];
      Arrays.setAll(counts, i -> i + 1);
      Arrays.setAll(displacements, i -> i * (i + 1) / 2);
      int[] expected = new int[size * (size + 1) / 2];
      for (int i = 0; i < size; i++) {
        Arrays.fill(expected, displacements[i], displacements[i] + counts[i], i);
      }
      int[] own = expected.clone();
      for (int i = 0; i < own.length; i++) {
        own[i] = expected[i] == rank ? rank : -1;
      }
      MemorySegment parts = ints(own);
      await(comm.gatherInPlace(parts, 4, new MpiComm.Parts(counts, displacements)));
      expect(parts, expected);

      int[] ones = new int[size];
      int[] places = new int[size];
      int[] given = new int[size];
      int[] got = new int[size];
      Arrays.fill(ones, 1);
      Arrays.setAll(places, i -> i);
      Arrays.setAll(given, i -> 10 * rank + i);
      Arrays.setAll(got, i -> 10 * i + rank);
      MemorySegment out = Arena.ofAuto().allocate(4L * size);
      MpiComm.Parts each = new MpiComm.Parts(ones, places);
      await(comm.exchange(ints(given), each, out, each, 4));
      expect(out, got);
    }

    private void splits() {
      MpiComm reversed = comm.split(0, -rank).orElseThrow();
      if (reversed.rank() != size - 1 - rank || comm.splitByMachine().size() != size || comm.split(rank == 0 ? -1 : 1, 0).isPresent() != (rank != 0)) {
        throw new AssertionError("splits");
      }
      reversed.free();
    }

    private void cancel() {
      MpiRequest never = comm.receive(ints(0), MpiComm.ANY_RANK, 99);
      never.cancel();
      await(never);
    }

    /** The Java run-time finds them by a signal, which MPI must leave to it. */
    private void nullPointers() {
      int found = 0;
      for (int i = 0; i < 20_000; i++) {
        try {
          found += (i % 100 == 99 ? null : this).rank < 0 ? 1 : 0;
        } catch (NullPointerException e) {
          found++;
        }
      }
      if (found != 200) {
        throw new AssertionError("null pointers: " + found);
      }
    }
  }
}
