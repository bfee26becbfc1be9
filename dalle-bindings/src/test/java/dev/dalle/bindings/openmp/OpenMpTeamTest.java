package dev.dalle.bindings.openmp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("native")
class OpenMpTeamTest {
  @Test
  void callsEachThreadOnceAndOnItsOwnJavaThread() {
    for (int n : new int[] {1, 2, 3, 7}) {
      try (OpenMpTeam team = new OpenMpTeam(n)) {
        for (int round = 0; round < 50; round++) {
          AtomicIntegerArray calls = new AtomicIntegerArray(n);
          Set<Thread> threads = ConcurrentHashMap.newKeySet();
          team.parallel(i -> {
            calls.incrementAndGet(i);
            threads.add(Thread.currentThread());
          });
          for (int i = 0; i < n; i++) {
            assertEquals(1, calls.get(i));
          }
          assertEquals(n, threads.size());
          assertTrue(threads.contains(Thread.currentThread()));
        }
      }
    }
  }

  @Test
  void keepsItsWorkersFromRegionToRegion() {
    try (OpenMpTeam team = new OpenMpTeam(2)) {
      Set<Thread> threads = ConcurrentHashMap.newKeySet();
      for (int i = 0; i < 100; i++) {
        team.parallel(n -> threads.add(Thread.currentThread()));
      }
      assertEquals(2, threads.size());
    }
  }

  @Test
  void rethrowsWhatABodyThrowsAndGoesOn() {
    try (OpenMpTeam team = new OpenMpTeam(2)) {
      IllegalStateException e = assertThrows(IllegalStateException.class, () -> team.parallel(i -> {
        throw new IllegalStateException("from " + i);
      }));
      assertEquals(1, e.getSuppressed().length);
      assertEquals(Set.of("from 0", "from 1"), Set.of(e.getMessage(), e.getSuppressed()[0].getMessage()));
      Error error = new StackOverflowError();
      assertSame(error, assertThrows(StackOverflowError.class, () -> team.parallel(i -> {
        if (i == 1) {
          throw error;
        }
      })));
      AtomicInteger sum = new AtomicInteger();
      team.parallel(i -> sum.addAndGet(i + 1));
      assertEquals(3, sum.get());
    }
  }

  @Test
  void partsOfALoopCoverItAndDependOnArgumentsAlone() {
    try (OpenMpTeam team = new OpenMpTeam(3)) {
      for (long count : new long[] {0, 1, 13, 63, 64, 65, 207, 1000}) {
        for (long grain : new long[] {1, 16, 64}) {
          List<String> first = parts(team, count, grain);
          assertEquals(first, parts(team, count, grain));
        }
      }
    }
  }

  private static List<String> parts(OpenMpTeam team, long count, long grain) {
    AtomicIntegerArray seen = new AtomicIntegerArray((int) count);
    List<String> parts = Collections.synchronizedList(new ArrayList<>());
    team.parallelFor(count, grain, (thread, begin, end) -> {
      assertEquals(0, begin % grain);
      assertTrue(end - begin >= Math.min(grain, count), () -> begin + " to " + end + " of " + count + " by " + grain);
      parts.add(thread + ": " + begin + " to " + end);
      for (long i = begin; i < end; i++) {
        seen.incrementAndGet((int) i);
      }
    });
    for (int i = 0; i < count; i++) {
      assertEquals(1, seen.get(i));
    }
    assertTrue(parts.size() <= 3);
    Collections.sort(parts);
    return parts;
  }

  @Test
  void everyTaskIsDoneOnce() {
    try (OpenMpTeam team = new OpenMpTeam(2)) {
      int[] done = new int[101];
      team.parallelTasks(done.length, (thread, index) -> done[index] += index);
      int[] wanted = new int[101];
      java.util.Arrays.setAll(wanted, i -> i);
      assertArrayEquals(wanted, done);
    }
  }

  @Test
  @SuppressWarnings("try")                             // closed on purpose, to see what a closed one says
  void refusesWhatOpenMpCannotDo() throws InterruptedException {
    try (OpenMpTeam team = new OpenMpTeam(2)) {
      assertEquals("OpenMpTeam: a region was started inside a region; run the inner loop on the calling thread",
          assertThrows(IllegalStateException.class, () -> team.parallel(i -> team.parallel(j -> { }))).getMessage());
      AtomicReference<Throwable> caught = new AtomicReference<>();
      Thread.ofVirtual().start(() -> {
        try {
          team.parallel(i -> { });
        } catch (IllegalStateException e) {
          caught.set(e);
        }
      }).join();
      assertTrue(caught.get().getMessage().contains("called on a virtual thread; use a platform thread"));
      team.close();
      assertEquals("OpenMpTeam: used after close()",
          assertThrows(IllegalStateException.class, () -> team.parallel(i -> { })).getMessage());
    }
    assertEquals("threads: expected 1 to 1024, got 0", assertThrows(IllegalArgumentException.class, () -> new OpenMpTeam(0)).getMessage());
  }

  @Test
  void regionsOfSeveralCallersExcludeEachOther() throws InterruptedException {
    try (OpenMpTeam team = new OpenMpTeam(2)) {
      AtomicInteger inside = new AtomicInteger();
      AtomicInteger most = new AtomicInteger();
      Runnable work = () -> {
        for (int i = 0; i < 200; i++) {
          team.parallel(n -> {
            most.accumulateAndGet(inside.incrementAndGet(), Math::max);
            inside.decrementAndGet();
          });
        }
      };
      Thread other = Thread.ofPlatform().start(work);
      work.run();
      other.join();
      assertTrue(most.get() <= 2, () -> most + " bodies at once");
    }
  }
}
