package dev.dalle.tensor.internal.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.tensor.DeviceMemoryException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reuse, rounding and limits of the pool of native memory. */
class HostPoolTest {
  @Test
  void givesTheSameBlockAgain() {
    HostPool pool = new HostPool(Long.MAX_VALUE);
    HostPool.Block first = pool.allocate(1000);
    assertEquals(0, first.segment.address() % 64);
    assertTrue(first.segment.byteSize() >= 1000);
    pool.free(first);
    assertEquals(0, pool.bytesInUse());
    assertSame(first, pool.allocate(999));
    pool.free(first);
    pool.trim();
    assertEquals(0, pool.freeBytes());
  }

  @Test
  void wastesAtMostAnEighth() {
    for (long size = 1; size < 1L << 40; size = size * 3 / 2 + 7) {
      long rounded = HostPool.roundUp(size);
      assertTrue(rounded >= size && (size <= 256 || rounded - size <= size / 8 + 64), size + " became " + rounded);
      assertEquals(rounded, HostPool.roundUp(rounded));
    }
  }

  @Test
  void keepsToItsLimitAndSaysSo() {
    HostPool pool = new HostPool(1 << 20);
    HostPool.Block half = pool.allocate(1 << 19);
    HostPool.Block quarter = pool.allocate(1 << 18);
    pool.free(quarter);
    // The free quarter is given back to make room.
    HostPool.Block other = pool.allocate(400_000);
    assertEquals("the processor's memory: 300000 bytes were asked for, " + pool.bytesInUse()
        + " are in use and 1048576 may be used (dalle.memory.limit sets another limit); make the batch or the model smaller",
        assertThrows(DeviceMemoryException.class, () -> pool.allocate(300_000)).getMessage());
    pool.free(half);
    pool.free(other);
    assertEquals(0, pool.bytesInUse());
    pool.trim();
  }

  @Test
  void findsTheSmallerOfMachineAndControlGroup(@TempDir Path folder) throws IOException {
    Path meminfo = folder.resolve("meminfo");
    assertEquals(Long.MAX_VALUE, MemoryLimit.detect(meminfo, folder));
    Files.writeString(meminfo, "MemTotal:       24000000 kB\nMemAvailable:    8000000 kB\n");
    long reserve = 256L << 20;
    assertEquals(8_000_000L * 1024 - reserve, MemoryLimit.detect(meminfo, folder));
    Files.writeString(folder.resolve("memory.max"), "max\n");
    Files.writeString(folder.resolve("memory.current"), "1000000\n");
    assertEquals(8_000_000L * 1024 - reserve, MemoryLimit.detect(meminfo, folder));
    Files.writeString(folder.resolve("memory.max"), "2000000000\n");
    assertEquals(1_999_000_000L - reserve, MemoryLimit.detect(meminfo, folder));
  }
}
