package dev.dalle.trainer.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.trainer.data.CaptionedPictures.Example;
import dev.dalle.trainer.picture.Picture;
import dev.dalle.trainer.picture.PictureException;
import dev.dalle.trainer.picture.PictureFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoredPicturesTest {
  @TempDir Path folder;

  static Picture grey(int value) {
    return Picture.filled(9 + value, 7, 0x010101 * value);
  }

  private void put(String name, int value) {
    PictureFiles.writePng(grey(value), folder.resolve(name));
  }

  private void say(String name, String text) throws IOException {
    Files.createDirectories(folder.resolve(name).getParent());
    Files.writeString(folder.resolve(name), text);
  }

  private static String failure(Runnable work) {
    return assertThrows(DataException.class, work::run).getMessage();
  }

  @Test
  void folderWithCaptionsBesidePictures() throws IOException {
    put("b.png", 1);
    say("b.txt", "  a grey\n bee ");
    put("deep/a.PNG", 2);
    say("deep/a.txt", "\uFEFFanother");
    say(".hidden.png", "no picture, and hidden");
    say("notes.txt", "belongs to no picture");
    try (FolderPictures data = FolderPictures.open(folder)) {
      assertEquals(folder.getFileName().toString(), data.name());
      assertEquals(2, data.size());
      assertEquals(new Example("b.png", "a grey bee"), data.example(0));
      assertEquals(new Example("deep/a.PNG", "another"), data.example(1));
      assertEquals(grey(2), data.picture(1, 64));
      assertThrows(IndexOutOfBoundsException.class, () -> data.example(2));
    }
  }

  @Test
  void folderErrors() throws IOException {
    assertEquals("picture folder " + folder + ": holds no picture; expected files ending in png, jpg, jpeg, webp or gif",
        failure(() -> FolderPictures.open(folder)));
    assertTrue(failure(() -> FolderPictures.open(folder.resolve("none"))).contains("none: does not exist; give a folder"));
    for (int i = 0; i < 5; i++) {
      put("p" + i + ".png", i);
    }
    say("p3.txt", "three");
    String message = failure(() -> FolderPictures.open(folder));
    assertTrue(message.contains("4 of 5 pictures have no caption: " + folder.resolve("p0.png")) && message.contains("and 1 more"), message);
    for (int i = 0; i < 5; i++) {
      say("p" + i + ".txt", i == 2 ? " \n" : "text");
    }
    assertEquals("caption " + folder.resolve("p2.txt") + ": is empty; write what the picture shows",
        failure(() -> FolderPictures.open(folder)));
    Files.write(folder.resolve("p2.txt"), new byte[] {'a', (byte) 0xe9, ' ', 'b'});
    assertTrue(failure(() -> FolderPictures.open(folder)).contains("p2.txt: is not UTF-8 text"));
    say("p2.txt", "two");
    say("p2.jpg", "x");
    assertTrue(failure(() -> FolderPictures.open(folder)).contains("share the caption p2.txt"));
  }

  @Test
  void aPictureGoneOrDamagedIsNamedWhenItIsAskedFor() throws IOException {
    put("a.png", 3);
    say("a.txt", "a");
    put("b.png", 4);
    say("b.txt", "b");
    FolderPictures data = FolderPictures.open(folder);
    Files.delete(folder.resolve("a.png"));
    byte[] whole = Files.readAllBytes(folder.resolve("b.png"));
    Files.write(folder.resolve("b.png"), Arrays.copyOf(whole, whole.length - 20));
    assertTrue(assertThrows(PictureException.class, () -> data.picture(0, 8)).getMessage().startsWith(folder.resolve("a.png") + ": does not exist"));
    assertTrue(assertThrows(PictureException.class, () -> data.picture(1, 8)).getMessage().contains("truncated"));
  }

  @Test
  void csvWithQuotesAndAnyColumnOrder() throws IOException {
    put("in/a.png", 1);
    put("b.png", 2);
    say("t.csv", "\uFEFFtext,score,file\r\n\"one, \"\"two\"\"\nthree\",0.5,in/a.png\r\n\r\nfour,0.1,b.png\r\nfive,1," + folder.resolve("b.png") + "\r\nsix,1,b.png\r\n");
    try (TablePictures data = TablePictures.open(folder.resolve("t.csv"), "file", "text")) {
      assertEquals("t.csv", data.name());
      assertEquals(4, data.size());
      assertEquals(new Example("in/a.png", "one, \"two\" three"), data.example(0));
      assertEquals(grey(1), data.picture(0, 1));
      assertEquals(grey(2), data.picture(1, 1));
      assertEquals(grey(2), data.picture(2, 1));
      assertEquals(new Example("b.png#2", "six"), data.example(3));
    }
    say("t.tsv", "file\ttext\nb.png\ta \"b\" c\n");
    assertEquals("b.png", TablePictures.open(folder.resolve("t.tsv"), "file", "text").example(0).id());
  }

  @Test
  void captionsOfOnePictureAreHeldOutTogether() throws IOException {
    StringBuilder table = new StringBuilder("image,caption\n");
    for (int i = 0; i < 900; i++) {
      table.append("p").append(i % 300).append(".png,text ").append(i).append('\n');
    }
    say("t.csv", table.toString());
    TablePictures data = TablePictures.open(folder.resolve("t.csv"), "image", "caption");
    int[] heldOut = data.split().heldOut();
    assertTrue(heldOut.length > 9 && heldOut.length % 3 == 0, heldOut.length + " held out");
    for (int i : heldOut) {
      assertTrue(Arrays.binarySearch(heldOut, (i + 300) % 900) >= 0, "picture " + i % 300 + " is on both sides");
    }
  }

  @Test
  void jsonLines() throws IOException {
    put("a.png", 1);
    say("t.jsonl", "{\"image\": \"a.png\", \"caption\": \"gr\\u00fcn\", \"more\": [1, {\"x\": 2}]}\n\n{\"caption\": \"b\", \"image\": \"c.png\"}\n");
    try (TablePictures data = TablePictures.open(folder.resolve("t.jsonl"), "image", "caption")) {
      assertEquals(2, data.size());
      assertEquals("gr\u00fcn", data.example(0).caption());
      assertTrue(assertThrows(PictureException.class, () -> data.picture(1, 8)).getMessage().contains("c.png: does not exist"));
    }
  }

  @Test
  void tableErrors() throws IOException {
    Path csv = folder.resolve("t.csv");
    Path jsonl = folder.resolve("t.jsonl");
    assertTrue(failure(() -> TablePictures.open(csv, "image", "caption")).contains("t.csv: does not exist"));
    say("t.csv", "image,title\na.png,b\n");
    assertEquals("picture table " + csv + ": has no column \"caption\"; found [image, title]. Name the columns to use",
        failure(() -> TablePictures.open(csv, "image", "caption")));
    say("t.csv", "image,caption\na.png,b\nc.png,d, e\n");
    String message = failure(() -> TablePictures.open(csv, "image", "caption"));
    assertTrue(message.contains("line 3: has 3 columns, the header has 2 [image, caption]"), message);
    say("t.csv", "image,caption\na.png,\"b\n");
    assertTrue(failure(() -> TablePictures.open(csv, "image", "caption")).contains("cannot be read after 0 examples"));
    say("t.csv", "image,caption,image\na.png,b,c\n");
    assertTrue(failure(() -> TablePictures.open(csv, "image", "caption")).contains("unusable header"));
    for (String empty : new String[] {"", "image,caption\n"}) {
      say("t.csv", empty);
      message = failure(() -> TablePictures.open(csv, "image", "caption"));
      assertTrue(message.contains(empty.isEmpty() ? "no column \"image\"; found []" : "holds no example"), message);
    }
    say("t.csv", "image,caption\na.png,b\nc.png,  \n");
    assertTrue(failure(() -> TablePictures.open(csv, "image", "caption")).contains("line 3: caption is empty"));
    say("t.jsonl", "{\"image\": \"a.png\", \"text\": \"b\"}\n");
    assertEquals("picture table " + jsonl + ", line 1: has no text in \"caption\"; found [image, text]. Name the columns to use",
        failure(() -> TablePictures.open(jsonl, "image", "caption")));
    say("t.jsonl", "{\"image\": \"a.png\", \"caption\": \"b\"}\n{\"image\": \n");
    assertTrue(failure(() -> TablePictures.open(jsonl, "image", "caption")).contains("line 2: is not JSON"));
    say("t.jsonl", "[1]\n");
    assertTrue(failure(() -> TablePictures.open(jsonl, "image", "caption")).contains("line 1: is not a JSON object"));
    say("t.jsonl", "\n");
    assertTrue(failure(() -> TablePictures.open(jsonl, "image", "caption")).contains("holds no example"));
    say("t.xlsx", "x");
    assertTrue(failure(() -> TablePictures.open(folder.resolve("t.xlsx"), "image", "caption")).contains("ends in .xlsx; expected .csv, .tsv or .jsonl"));
    Files.write(csv, "image,caption\na.png,caf\u00e9\n".getBytes(StandardCharsets.ISO_8859_1));
    assertTrue(failure(() -> TablePictures.open(csv, "image", "caption")).contains("is not UTF-8 text"));
  }
}
