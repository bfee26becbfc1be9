package dev.dalle.bindings.internal.load;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LibraryCacheTest {
  @TempDir
  Path folder;

  private final byte[] content = new byte[3_000_001];

  private URL jarred(String jar, int seed) throws IOException {
    new Random(seed).nextBytes(content);
    Path file = folder.resolve(jar);
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
      zip.putNextEntry(new ZipEntry("lib/x.so"));
      zip.write(content);
    }
    return URI.create("jar:" + file.toUri() + "!/lib/x.so").toURL();
  }

  private LibraryCache cache() {
    return new LibraryCache(folder.resolve("cache"));
  }

  @Test
  void unpacksOnceAndKeepsTheFile() throws IOException {
    URL url = jarred("a.jar", 1);
    Path file = cache().unpack(url, "x.so");
    assertArrayEquals(content, Files.readAllBytes(file));
    assertTrue(file.isAbsolute());
    FileTime old = FileTime.from(Instant.parse("2021-02-24T00:00:00Z"));
    Files.setLastModifiedTime(file, old);
    assertEquals(file, cache().unpack(url, "x.so"));
    assertEquals(old, Files.getLastModifiedTime(file));
  }

  @Test
  void replacesTruncatedAndDamagedCopies() throws IOException {
    URL url = jarred("a.jar", 1);
    Path file = cache().unpack(url, "x.so");
    Files.write(file, java.util.Arrays.copyOf(content, 1_000_000));
    assertArrayEquals(content, Files.readAllBytes(cache().unpack(url, "x.so")));
    byte[] damaged = content.clone();
    damaged[2_000_000] ^= 1;
    Files.write(file, damaged);
    assertArrayEquals(content, Files.readAllBytes(cache().unpack(url, "x.so")));
    Files.write(file, new byte[0]);
    assertArrayEquals(content, Files.readAllBytes(cache().unpack(url, "x.so")));
  }

  @Test
  void otherContentGetsAnotherFolder() throws IOException {
    Path one = cache().unpack(jarred("a.jar", 1), "x.so");
    byte[] first = content.clone();
    Path two = cache().unpack(jarred("b.jar", 2), "x.so");
    assertNotEquals(one, two);
    assertArrayEquals(first, Files.readAllBytes(one));
    assertArrayEquals(content, Files.readAllBytes(two));
  }

  @Test
  void sameContentInAJarAndInAFolderIsTheSame() throws IOException {
    URL url = jarred("a.jar", 1);
    Path loose = Files.write(folder.resolve("x.so"), content);
    assertEquals(cache().unpack(url, "x.so"), cache().unpack(loose.toUri().toURL(), "x.so"));
  }

  @RepeatedTest(10)
  void manyAtOnceLeaveOneWholeFile() throws Exception {
    URL url = jarred("a.jar", 1);
    int n = 8;
    CountDownLatch start = new CountDownLatch(1);
    List<Future<byte[]>> found = new ArrayList<>();
    try (ExecutorService pool = Executors.newFixedThreadPool(n)) {
      for (int i = 0; i < n; i++) {
        found.add(pool.submit(() -> {
          start.await();
          return Files.readAllBytes(cache().unpack(url, "x.so"));
        }));
      }
      start.countDown();
      for (Future<byte[]> bytes : found) {
        assertArrayEquals(content, bytes.get());
      }
    }
    try (Stream<Path> files = Files.walk(folder.resolve("cache"))) {
      assertEquals(List.of("x.so"), files.filter(Files::isRegularFile).map(f -> f.getFileName().toString()).toList());
    }
  }

  @Test
  void removesWhatKilledProcessesLeft() throws IOException {
    URL url = jarred("a.jar", 1);
    Path file = cache().unpack(url, "x.so");
    Path old = Files.createFile(file.resolveSibling("x.so.123.part"));
    Files.setLastModifiedTime(old, FileTime.from(Instant.now().minusSeconds(7200)));
    Path young = Files.createFile(file.resolveSibling("x.so.456.part"));
    Files.delete(file);
    cache().unpack(url, "x.so");
    assertTrue(Files.notExists(old));
    assertTrue(Files.exists(young));
  }
}
