package dev.dalle.trainer.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.trainer.data.CaptionedPictures;
import dev.dalle.trainer.data.EmojiStyle;
import dev.dalle.trainer.data.FolderPictures;
import dev.dalle.trainer.picture.PictureFiles;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataCommandTest {
  @TempDir Path folder;

  @Test
  void aFolderInWordsAndAsJson() throws IOException {
    Path pictures = TinyRun.pictures(folder.resolve("pictures"));
    List<String> lines = Cli.lines("data", "--data", pictures, "--samples", 12, "--check", "--side", 16);
    assertEquals("data set   pictures", lines.getFirst());
    assertTrue(lines.get(1).matches("examples   12: \\d+ for training, \\d+ held out"), lines.get(1));
    assertEquals("captions   12 different ones", lines.get(2));
    assertTrue(lines.contains("  training  a red square number 0  [p0.png]") || lines.contains("  held out  a red square number 0  [p0.png]"));
    assertEquals("failures   none, every picture was read", lines.getLast());
    String json = String.join("\n", Cli.lines("data", "--data", pictures, "--samples", 0, "--json"));
    assertTrue(json.contains("\"examples\" : 12") && json.contains("\"failures\" : [ ]") && json.contains("\"checked\" : false"), json);
  }

  @Test
  void aSheetAndItsCaptions() throws IOException {
    Path pictures = TinyRun.pictures(folder.resolve("pictures"));
    Path sheet = folder.resolve("out/sheet.png");
    List<String> lines = Cli.lines("data", "--data", pictures, "--show", 5, "--out", sheet, "--side", 16, "--seed", 2);
    assertEquals(3 * 16 + 4 * 4, PictureFiles.read(sheet).width());
    assertEquals(2 * 16 + 3 * 4, PictureFiles.read(sheet).height());
    List<String> shown = lines.subList(lines.indexOf(sheet + ", row by row:") + 1, lines.size());
    assertEquals(5, shown.size());
    assertTrue(shown.get(3).startsWith("  row 2, column 1: a "), shown.get(3));
    String colour = shown.getFirst().split(" a ")[1].split(" ")[0];
    List<String> colours = List.of("red", "green", "blue", "black");
    int value = List.of(0xff0000, 0x00ff00, 0x0000ff, 0).get(colours.indexOf(colour));
    for (int channel = 0; channel < 3; channel++) {
      assertEquals(value >> (16 - 8 * channel) & 0xff, PictureFiles.read(sheet).value(10, 10, channel));
    }
    assertEquals(lines, Cli.lines("data", "--data", pictures, "--show", 5, "--out", sheet, "--side", 16, "--seed", 2));
  }

  @Test
  void exportAndReadAgain() throws IOException {
    Path pictures = TinyRun.pictures(folder.resolve("pictures"));
    Path out = folder.resolve("export");
    assertEquals("exported to " + out, Cli.lines("data", "--data", pictures, "--export", out, "--side", 16).getLast());
    try (CaptionedPictures again = FolderPictures.open(out); CaptionedPictures first = FolderPictures.open(pictures)) {
      assertEquals(12, again.size());
      int training = first.split().training().length;
      long exported = java.util.stream.IntStream.range(0, 12).filter(i -> again.example(i).id().startsWith("training/")).count();
      assertEquals(training, exported);
      assertEquals(16, again.picture(3, 16).width());
    }
    assertTrue(Files.exists(out.resolve("training/00-a-red-square-number-0.png")) || Files.exists(out.resolve("held-out/00-a-red-square-number-0.png")));
    assertEquals("--export: " + out + " is not empty; name a new or empty folder", Cli.failure("data", "--data", pictures, "--export", out, "--side", 16));
  }

  @Test
  void picturesThatCannotBeRead() throws IOException {
    Path pictures = TinyRun.pictures(folder.resolve("pictures"));
    byte[] whole = Files.readAllBytes(pictures.resolve("p3.png"));
    Files.write(pictures.resolve("p3.png"), Arrays.copyOf(whole, whole.length - 15));
    Path table = Files.writeString(folder.resolve("table.csv"), "image,caption\npictures/p0.png,one\npictures/p3.png,two\npictures/none.png,three\n");
    Cli checked = Cli.run("data", "--data", table, "--check");
    assertEquals(1, checked.status());
    assertTrue(checked.out().contains("failures   2"), checked.out());
    assertTrue(checked.out().contains("  pictures/none.png: ") && checked.out().contains("does not exist"), checked.out());
    assertTrue(checked.out().contains("truncated"), checked.out());
    String message = Cli.failure("data", "--data", table, "--export", folder.resolve("x"), "--side", 16);
    assertTrue(message.startsWith("data set table.csv, example pictures/"), message);
  }

  @Test
  void aWrongColumn() throws IOException {
    Path table = Files.writeString(folder.resolve("table.csv"), "file,text\na.png,one\n");
    assertEquals("picture table " + table + ": has no column \"image\"; found [file, text]. Name the columns to use", Cli.failure("data", "--data", table));
    assertEquals("picture table " + table + ": has no column \"caption\"; found [file, text]. Name the columns to use",
        Cli.failure("data", "--data", table, "--image-column", "file"));
    assertTrue(Cli.lines("data", "--data", table, "--image-column", "file", "--caption-column", "text").contains("examples   1: 1 for training, 0 held out"));
  }

  @Test
  void aTarAndACorruptOne() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    byte[] picture = Files.readAllBytes(TinyRun.pictures(folder.resolve("pictures")).resolve("p1.png"));
    try (TarArchiveOutputStream tar = new TarArchiveOutputStream(bytes)) {
      put(tar, "a.png", picture);
      put(tar, "a.txt", "green".getBytes(StandardCharsets.UTF_8));
    }
    Path shards = Files.createDirectory(folder.resolve("shards"));
    Path shard = Files.write(shards.resolve("0.tar"), bytes.toByteArray());
    assertTrue(Cli.lines("data", "--data", shards, "--check").contains("captions   1 different ones"));
    byte[] corrupt = bytes.toByteArray();
    corrupt[148] ^= 0x5a;
    Files.write(shard, corrupt);
    String message = Cli.failure("data", "--data", shard);
    assertTrue(message.startsWith("shard " + shard + ": is damaged after 0 files"), message);
    Files.write(shard, Arrays.copyOf(bytes.toByteArray(), 520));
    assertTrue(Cli.failure("data", "--data", shards).contains(shard.toString()));
  }

  private static void put(TarArchiveOutputStream tar, String name, byte[] content) throws IOException {
    TarArchiveEntry entry = new TarArchiveEntry(name);
    entry.setSize(content.length);
    tar.putArchiveEntry(entry);
    tar.write(content);
    tar.closeArchiveEntry();
  }

  /** A small artifact of two drawings a style, one of them unreadable in one style. */
  @Test
  void emojiLicencesAndFailures() throws IOException {
    Path jar = folder.resolve("emoji.jar");
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(jar))) {
      for (EmojiStyle style : EmojiStyle.values()) {
        String broken = style == EmojiStyle.OPENMOJI ? ",\"owl\":{\"body\":\"<g><path d='M0 0h8v8H0z'/>\"}" : "";
        zip.putNextEntry(new ZipEntry("META-INF/resources/x/json/" + style.set() + ".json"));
        zip.write(("{\"prefix\":\"" + style.set() + "\",\"info\":{\"name\":\"n\",\"author\":{\"name\":\"Ann\",\"url\":\"u\"},\"license\":{\"title\":\"CC BY\","
            + "\"spdx\":\"CC-BY-4.0\",\"url\":\"l\"}},\"icons\":{\"red-heart\":{\"body\":\"<path fill='#0" + style.ordinal() + "f' d='M0 0h4v8H0z'/>\"}"
            + broken + "},\"width\":8,\"height\":8}").getBytes(StandardCharsets.UTF_8));
      }
    }
    // The library has to be loaded before the cache folder, which it shares, is another one.
    dev.dalle.bindings.NativeLibraries.reports();
    java.util.logging.Logger drawingLog = java.util.logging.Logger.getLogger("com.github.weisj.jsvg");
    String cache = System.setProperty("dalle.cache", folder.resolve("cache").toString());
    System.setProperty("dalle.emoji.jar", jar.toString());
    drawingLog.setLevel(java.util.logging.Level.OFF);
    try {
      List<String> lines = Cli.lines("data", "--side", 16);
      assertEquals("data set   emoji", lines.getFirst());
      assertTrue(lines.get(1).startsWith("examples   10: "), lines.get(1));
      assertTrue(lines.stream().anyMatch(line -> line.matches("  flat fluent +1  CC BY, Ann, u")), String.join("\n", lines));
      assertTrue(lines.contains("failures   1"), String.join("\n", lines));
      String json = String.join("\n", Cli.lines("data", "--data", "emoji", "--side", 16, "--json"));
      assertTrue(json.contains("\"spdx\" : \"CC-BY-4.0\"") && json.contains("\"withdrawn by their set\" : 0"), json);
    } finally {
      drawingLog.setLevel(null);
      System.clearProperty("dalle.emoji.jar");
      if (cache == null) {
        System.clearProperty("dalle.cache");
      } else {
        System.setProperty("dalle.cache", cache);
      }
    }
    assertTrue(Cli.failure("data").startsWith("the emoji drawings were not given: start with the launcher ./dalle"));
  }

  @Test
  void misuse() throws IOException {
    Path file = Files.writeString(folder.resolve("x.zip"), "x");
    assertEquals("unknown option '--shwo'; did you mean '--show'?", Cli.misuse("data", "--shwo", 3));
    assertEquals("--show: expected together with --out FILE.png", Cli.misuse("data", "--show", 3));
    assertEquals("--side: expected 8 to 1024 pixels, got 4", Cli.misuse("data", "--side", 4));
    assertTrue(Cli.misuse("data", "--data", file).startsWith("--data: cannot tell what " + file + " is; expected 'emoji', a folder"));
    assertEquals("--data: no such file or folder: " + folder.resolve("none"), Cli.misuse("data", "--data", folder.resolve("none")));
    assertTrue(Cli.misuse("data", "--data", file, "--data-kind", "zip").contains("expected one of emoji, folder, table, webdataset, got 'zip'"));
    assertEquals("--data-kind emoji: expected --data emoji, got --data " + file, Cli.misuse("data", "--data", file, "--data-kind", "emoji"));
    assertFalse(Files.exists(folder.resolve("none")));
  }
}
