package dev.dalle.trainer.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.dalle.tensor.files.DiskFullException;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicFilesTest {

  @TempDir Path folder;

  @Test
  void writesAndReplacesAndLeavesNothingElse() throws IOException {
    Path file = folder.resolve("new folder/état.json");
    AtomicFiles.writeString(file, "first");
    AtomicFiles.writeString(file, "zweite Fassung ä");
    assertEquals("zweite Fassung ä", Files.readString(file));
    assertEquals(List.of("état.json"), names(file.getParent()));
  }

  @Test
  void aWriterThatFailsInTheMiddleLeavesTheOldFile() throws IOException {
    Path file = folder.resolve("model.safetensors");
    AtomicFiles.writeString(file, "old");
    IOException failure =
        assertThrows(
            IOException.class,
            () ->
                AtomicFiles.write(
                    file,
                    out -> {
                      out.write(new byte[200_000]);
                      throw new IOException("the cable fell out");
                    }));
    assertEquals("the cable fell out", failure.getMessage());
    assertThrows(
        IllegalStateException.class,
        () ->
            AtomicFiles.replace(
                file,
                temporary -> {
                  Files.writeString(temporary, "half");
                  throw new IllegalStateException("bug");
                }));
    assertEquals("old", Files.readString(file));
    assertEquals(List.of("model.safetensors"), names(folder));
  }

  @Test
  void aBodyThatWritesNoFileIsAnErrorAndKeepsTheOldOne() throws IOException {
    Path file = folder.resolve("a");
    AtomicFiles.writeString(file, "old");
    assertThrows(NoSuchFileException.class, () -> AtomicFiles.replace(file, temporary -> {}));
    assertEquals("old", Files.readString(file));
  }

  /** The kernel's own message, from a device that is always full. */
  @Test
  void aFullDiskGivesOneClearMessage() throws IOException {
    Path full = Path.of("/dev/full");
    assumeTrue(Files.isWritable(full), "this system has no /dev/full");
    Path file = folder.resolve("checkpoint.json");
    AtomicFiles.writeString(file, "old");
    DiskFullException failure =
        assertThrows(
            DiskFullException.class,
            () ->
                AtomicFiles.replace(
                    file,
                    temporary -> {
                      Files.writeString(temporary, "half");
                      try (OutputStream out = new FileOutputStream(full.toFile())) {
                        out.write(1);
                      } catch (IOException e) {
                        throw new UncheckedIOException("wrapped by a writer", e);
                      }
                    }));
    assertTrue(
        failure.getMessage().matches("no room on the disk while saving .*checkpoint\\.json \\(\\d+ MB free\\); the file is as it was.*"),
        failure.getMessage());
    assertInstanceOf(UncheckedIOException.class, failure.getCause());
    assertEquals("old", Files.readString(file));
    assertEquals(List.of("checkpoint.json"), names(folder));
  }

  /** The real thing, where this test may mount a file system of 64 KB. */
  @Test
  void aFullFileSystemKeepsTheOldFile() throws Exception {
    Path small = Files.createDirectory(folder.resolve("small"));
    assumeTrue(run("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", small.toString()) == 0, "mounting a small file system needs root");
    try {
      Path file = small.resolve("weights");
      AtomicFiles.write(file, out -> out.write(new byte[30_000]));
      assertThrows(DiskFullException.class, () -> AtomicFiles.write(file, out -> out.write(new byte[60_000])));
      assertEquals(30_000, Files.size(file));
      assertEquals(List.of("weights"), names(small));
      // What was freed can be used again.
      AtomicFiles.write(file, out -> out.write(new byte[20_000]));
      assertEquals(20_000, Files.size(file));
    } finally {
      assertEquals(0, run("umount", small.toString()));
    }
  }

  @Test
  void leftoversOfDeadProcessesGoAndThoseOfLivingOnesStay() throws Exception {
    Process dead = new ProcessBuilder("true").start();
    dead.waitFor();
    Path left = Files.writeString(folder.resolve(".m.bin." + dead.pid() + "-0123abcd.tmp"), "half");
    Path other = Files.writeString(folder.resolve(".other." + dead.pid() + "-0123abcd.tmp"), "half");
    Path ours = Files.writeString(folder.resolve(".m.bin." + ProcessHandle.current().pid() + "-0123abcd.tmp"), "being written");
    // The number of a process of an earlier boot that is now ours.
    Path recycled = Files.writeString(folder.resolve(".m.bin." + ProcessHandle.current().pid() + "-89abcdef.tmp"), "half");
    Files.setLastModifiedTime(recycled, FileTime.from(Instant.parse("2020-01-01T00:00:00Z")));
    Path foreign = Files.writeString(folder.resolve(".m.bin.swp"), "an editor's");

    AtomicFiles.writeString(folder.resolve("m.bin"), "new");
    assertFalse(Files.exists(left));
    assertFalse(Files.exists(recycled));
    assertTrue(Files.exists(other), "belongs to another target");
    assertTrue(Files.exists(ours));
    assertTrue(Files.exists(foreign));

    assertEquals(1, AtomicFiles.removeLeftovers(folder));
    assertFalse(Files.exists(other));
    assertEquals(0, AtomicFiles.removeLeftovers(folder.resolve("missing")));
  }

  @Test
  void aReaderNeverSeesAMixture() throws Exception {
    Path file = folder.resolve("shared");
    AtomicFiles.write(file, out -> out.write(new byte[50_000]));
    try (ExecutorService threads = Executors.newFixedThreadPool(3)) {
      List<Future<?>> writers =
          IntStream.of(1, 2)
              .<Future<?>>mapToObj(
                  value ->
                      threads.submit(
                          () -> {
                            byte[] content = new byte[50_000];
                            java.util.Arrays.fill(content, (byte) value);
                            for (int i = 0; i < 40; i++) {
                              AtomicFiles.write(file, out -> out.write(content));
                            }
                            return null;
                          }))
              .toList();
      while (writers.stream().anyMatch(w -> !w.isDone())) {
        byte[] seen = Files.readAllBytes(file);
        assertEquals(50_000, seen.length);
        assertEquals(seen[0], seen[49_999]);
      }
      for (Future<?> writer : writers) {
        writer.get();
      }
    }
    assertEquals(List.of("shared"), names(folder));
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  private static int run(String... command) throws IOException, InterruptedException {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
      return process.waitFor(10, TimeUnit.SECONDS) ? process.exitValue() : -1;
    } catch (IOException e) {
      return -1;
    }
  }
}
