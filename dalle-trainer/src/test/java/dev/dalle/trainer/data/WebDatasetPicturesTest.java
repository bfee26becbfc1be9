package dev.dalle.trainer.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.trainer.data.CaptionedPictures.Example;
import dev.dalle.trainer.picture.PictureException;
import dev.dalle.trainer.picture.PictureFiles;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WebDatasetPicturesTest {
  @TempDir Path folder;

  private static byte[] png(int value) {
    return PictureFiles.png(StoredPicturesTest.grey(value));
  }

  private static byte[] text(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** Names and contents in turn. */
  private Path shard(String name, Object... files) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (TarArchiveOutputStream tar = new TarArchiveOutputStream(bytes)) {
      tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
      for (int i = 0; i < files.length; i += 2) {
        byte[] content = (byte[]) files[i + 1];
        TarArchiveEntry entry = new TarArchiveEntry((String) files[i]);
        entry.setSize(content.length);
        tar.putArchiveEntry(entry);
        tar.write(content);
        tar.closeArchiveEntry();
      }
    }
    return Files.write(folder.resolve(name), bytes.toByteArray());
  }

  private static String failure(Path... shards) {
    return assertThrows(DataException.class, () -> WebDatasetPictures.open(List.of(shards)).close()).getMessage();
  }

  @Test
  void readsShards() throws IOException {
    String longName = "folder/" + "x".repeat(150);
    Path a = shard("a.tar", "0001.png", png(1), "0001.txt", text(" one \n"), "0001.cls", text("5"), "0002.seg.json",
        text("{\"caption\": \"zwei\", \"n\": 2}"), "0002.png", png(2), "README", text("passed over"), "dir/.hidden", text("x"));
    Path b = shard("b.tar", longName + ".json", text("{\"caption\": \"not this\"}"), longName + ".txt", text("three"), longName + ".png", png(3));
    try (WebDatasetPictures data = WebDatasetPictures.open(List.of(a, b))) {
      assertEquals("a.tar and 1 more", data.name());
      assertEquals(3, data.size());
      assertEquals(new Example("a.tar/0001", "one"), data.example(0));
      assertEquals(new Example("a.tar/0002", "zwei"), data.example(1));
      assertEquals(new Example("b.tar/" + longName, "three"), data.example(2));
      for (int i = 2; i >= 0; i--) {
        assertEquals(StoredPicturesTest.grey(i + 1), data.picture(i, 8));
      }
      assertThrows(IndexOutOfBoundsException.class, () -> data.picture(3, 8));
    }
  }

  @Test
  void aDamagedPictureIsNamedWithItsPlace() throws IOException {
    byte[] whole = png(1);
    Path shard = shard("a.tar", "1.png", Arrays.copyOf(whole, whole.length - 9), "1.txt", text("one"));
    try (WebDatasetPictures data = WebDatasetPictures.open(List.of(shard))) {
      String message = assertThrows(PictureException.class, () -> data.picture(0, 8)).getMessage();
      assertTrue(message.startsWith("shard " + shard + ", entry 1.png at offset 512: is a ") && message.contains("truncated"), message);
    }
  }

  @Test
  void cutShardsAreNamedWithEntryAndOffset() throws IOException {
    byte[] tar = Files.readAllBytes(shard("whole.tar", "1.png", png(1), "1.txt", text("one"), "2.png", png(2), "2.txt", text("two")));
    int tested = 0;
    for (int length = 0; length < tar.length; length += 100) {
      Path cut = Files.write(folder.resolve("cut.tar"), Arrays.copyOf(tar, length));
      // Past the closing block of zeros nothing but padding is missing.
      boolean whole = length >= 512 * 9;
      if (whole) {
        WebDatasetPictures.open(List.of(cut)).close();
      } else {
        String message = failure(cut);
        assertTrue(message.startsWith("shard " + cut), message);
        assertTrue(message.contains("download it again") || message.contains("Download it again"), message);
        assertTrue(length <= 512 || message.contains("entry ") && message.contains(" at offset "), length + ": " + message);
        tested++;
      }
    }
    assertTrue(tested > 20, "only " + tested);
  }

  @Test
  void damagedHeadersAreNoticed() throws IOException {
    Path shard = shard("a.tar", "1.png", png(1), "1.txt", text("one"));
    byte[] tar = Files.readAllBytes(shard);
    int second = 512 + Math.ceilDiv(png(1).length, 512) * 512;
    tar[second + 3] ^= 0x15;
    Files.write(shard, tar);
    String message = failure(shard);
    assertTrue(message.contains("behind entry 1.png at offset 512 does not match its checksum"), message);
    Files.write(shard, text("a text file is no tar. ".repeat(100)));
    message = failure(shard);
    assertTrue(message.startsWith("shard " + shard + ": is damaged"), message);
  }

  @Test
  void examplesMustBeWhole() throws IOException {
    String message = failure(shard("a.tar", "1.png", png(1), "2.png", png(2), "2.txt", text("two")));
    assertTrue(message.contains("entry 1.png at offset 512: the key \"1\" has no caption, only [1.png]"), message);
    message = failure(shard("b.tar", "1.txt", text("one"), "2.png", png(2), "2.txt", text("two")));
    assertTrue(message.contains("the key \"1\" has no picture, only [1.txt]"), message);
    message = failure(shard("c.tar", "1.png", png(1), "1.json", text("{\"text\": \"one\"}")));
    assertTrue(message.contains("entry 1.json at offset ") && message.contains("has no text in \"caption\"; found [text]"), message);
    assertTrue(failure(shard("d.tar", "1.png", png(1), "1.json", text("{\"cap"))).contains("is not JSON"));
    assertTrue(failure(shard("e.tar", "1.png", png(1), "1.txt", text("\n"))).contains("the caption is empty"));
    message = failure(shard("f.tar", "1.png", png(1), "1.txt", text("a"), "2.png", png(2), "2.txt", text("b"), "1.png", png(1), "1.txt", text("c")));
    assertTrue(message.contains("the key \"1\" occurs twice"), message);
  }

  @Test
  void missingEmptyOrCompressedShards() throws IOException {
    assertTrue(failure().contains("no shard given"));
    assertTrue(failure(folder.resolve("none.tar")).contains("none.tar: does not exist"));
    assertTrue(failure(shard("empty.tar")).contains("holds no example"));
    assertTrue(failure(shard("other.tar", "README", text("hello"))).contains("holds no example"));
    Path packed = folder.resolve("a.tar.gz");
    try (GZIPOutputStream out = new GZIPOutputStream(Files.newOutputStream(packed))) {
      out.write(Files.readAllBytes(shard("a.tar", "1.png", png(1), "1.txt", text("one"))));
    }
    assertTrue(failure(packed).contains("is compressed with gzip"));
  }
}
