package dev.dalle.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BpeFileTest {

  private static final BpeTokenizer TEXTBOOK = new BpeTrainer(1000, 2).train(List.of("aaabdaaabac"));
  private static final String BODY = "dalle-bpe 1\nsplit lowercase-az\nmerges 3\na a\na b\naa ab\n";

  @TempDir
  Path folder;

  private static String withEnd(String body) {
    CRC32C crc = new CRC32C();
    crc.update(body.getBytes(StandardCharsets.ISO_8859_1));
    return body + String.format("end %08x\n", crc.getValue());
  }

  private Path file(String content) throws IOException {
    return Files.write(folder.resolve("vocab.bpe"), content.getBytes(StandardCharsets.ISO_8859_1));
  }

  private void assertRefused(String message, String content) throws IOException {
    Path file = file(content);
    BpeFormatException e = assertThrows(BpeFormatException.class, () -> BpeTokenizer.load(file));
    assertEquals(file + ": " + message, e.getMessage());
  }

  @Test
  void writesOneMergeALine() throws IOException {
    Path file = folder.resolve("vocab.bpe");
    TEXTBOOK.save(file);
    assertEquals(withEnd(BODY), Files.readString(file));
    assertEquals(TEXTBOOK, BpeTokenizer.load(file));
  }

  @Test
  void anyVocabularyComesBackTheSame() throws IOException {
    Random random = new Random(13);
    for (int trial = 0; trial < 30; trial++) {
      List<String> captions = new ArrayList<>();
      for (int i = 0; i < 50; i++) {
        captions.add(RandomText.words(random, 1 + random.nextInt(26), 40) + " end ends ended");
      }
      BpeTokenizer tokenizer = new BpeTrainer(256 + random.nextInt(400), 1).train(captions);
      Path file = folder.resolve("vocab.bpe");
      tokenizer.save(file);
      byte[] first = Files.readAllBytes(file);
      BpeTokenizer loaded = BpeTokenizer.load(file);
      assertEquals(tokenizer, loaded);
      assertArrayEquals(tokenizer.encode(captions.getFirst()), loaded.encode(captions.getFirst()));
      loaded.save(file);
      assertArrayEquals(first, Files.readAllBytes(file));
    }
  }

  @Test
  void theTokenEndIsNotTakenForTheEnd() throws IOException {
    String body = "dalle-bpe 1\nsplit lowercase-az\nmerges 3\ne n\nen d\nend e\n";
    assertEquals("ende", BpeTokenizer.load(file(withEnd(body))).tokenText(258));
  }

  @Test
  void everyTruncatedFileIsRefused() throws IOException {
    String whole = withEnd(BODY);
    for (int length = 0; length < whole.length(); length++) {
      Path file = file(whole.substring(0, length));
      BpeFormatException e = assertThrows(BpeFormatException.class, () -> BpeTokenizer.load(file));
      assertTrue(e.getMessage().startsWith(file + ": "), e.getMessage());
    }
  }

  @Test
  void everyChangedByteIsRefused() throws IOException {
    byte[] whole = withEnd(BODY).getBytes(StandardCharsets.ISO_8859_1);
    for (int i = 0; i < whole.length; i++) {
      for (int value : new int[] {0, '\n', '\r', ' ', '0', '1', 'a', 'b', 'z', 0xFF, whole[i] ^ 1}) {
        if ((byte) value == whole[i]) {
          continue;
        }
        byte[] changed = whole.clone();
        changed[i] = (byte) value;
        Path file = Files.write(folder.resolve("vocab.bpe"), changed);
        assertThrows(BpeFormatException.class, () -> BpeTokenizer.load(file),
            () -> new String(changed, StandardCharsets.ISO_8859_1));
      }
    }
  }

  @Test
  void randomEditsAreRefusedOrLoad() throws IOException {
    Random random = new Random(14);
    String alphabet = "ab 1\n\u00ffmerges end split dalle-bpe 999999999";
    int refused = 0;
    for (int trial = 0; trial < 2000; trial++) {
      StringBuilder text = new StringBuilder(BODY);
      for (int edit = 1 + random.nextInt(4); edit > 0; edit--) {
        int at = random.nextInt(text.length());
        int end = Math.min(text.length(), at + random.nextInt(4));
        text.replace(at, end, "" + alphabet.charAt(random.nextInt(alphabet.length())));
      }
      // With a right checksum, so that the checks before it have to do the work.
      Path file = file(withEnd(text.toString()));
      try {
        BpeTokenizer loaded = BpeTokenizer.load(file);
        loaded.save(folder.resolve("again.bpe"));
        assertArrayEquals(Files.readAllBytes(file), Files.readAllBytes(folder.resolve("again.bpe")),
            "what loads is exactly what would be saved");
      } catch (BpeFormatException e) {
        refused++;
      }
    }
    assertTrue(refused > 1500, "refused " + refused);
  }

  @Test
  void saysWhatIsWrong() throws IOException {
    assertRefused("expected a vocabulary, and the file is empty", "");
    assertRefused("line 2: expected a key, got \"'merges': []\"", "{\n  'merges': []}");
    assertRefused("expected a vocabulary in format dalle-bpe, a tokenizer.json, a gzipped merge list of CLIP, a rank file of tiktoken, or a folder with "
        + "vocab.json and merges.txt; the file begins like none of them", "merges\n");
  }

  @Test
  void saysWhatIsWrongInALine() throws IOException {
    assertRefused("line 1: the file has version 3 of dalle-bpe, and this program reads version 2; use a newer "
        + "release", "dalle-bpe 3\nanything");
    assertRefused("line 1: expected version 2 of dalle-bpe, got \"one\"", BODY.replace("bpe 1", "bpe one"));
    assertRefused("line 1: expected \"dalle-bpe ...\", got the byte 0x0d; lines end in a line feed only, was the file "
        + "converted?", withEnd(BODY).replace("\n", "\r\n"));
    assertRefused("line 2: expected the split rule lowercase-az, got \"gpt\"",
        BODY.replace("lowercase-az", "gpt"));
    assertRefused("line 2: expected \"split ...\", got \"merges 3\"", BODY.replace("split lowercase-az\n", ""));
    for (String count : List.of("-1", "03", "1048321", "9999999999", "x", "")) {
      assertRefused("line 3: expected a number of merges from 0 to 1048320, got \"" + count + "\"",
          BODY.replace("merges 3", "merges " + count));
    }
    assertRefused("line 5: expected two tokens of letters a-z with a space between them, got \"a  b\"",
        BODY.replace("a b\n", "a  b\n"));
    assertRefused("line 5: expected two tokens of letters a-z with a space between them, got \"ab\"",
        BODY.replace("\na b\n", "\nab\n"));
    assertRefused("line 5: expected merge 2 of 3, got the byte 0xc3", BODY.replace("\na b\n", "\na \u00c3\n"));
    assertRefused("line 6: bad merge \"aa cd\": no line above makes the token \"cd\"",
        BODY.replace("aa ab", "aa cd"));
    assertRefused("line 5: bad merge \"a a\": the new token \"aa\" exists already as token 256",
        BODY.replace("\na b\n", "\na a\n"));
    assertRefused("line 5: expected merge 2 of 3, got a line of more than 65536 bytes",
        BODY.replace("\na b\n", "\na " + "b".repeat(70_000) + "\n"));
    assertRefused("line 7: expected merge 4 of 4, got the end line; merges are missing",
        withEnd(BODY).replace("merges 3", "merges 4"));
    assertRefused("line 6: expected the end line after 2 merges, got \"aa ab\"",
        withEnd(BODY).replace("merges 3", "merges 2"));
    assertRefused("line 5: expected merge 2 of 3, and the file ends before this line; it is truncated",
        BODY.substring(0, BODY.indexOf("a b\n")));
    assertRefused("line 5: expected merge 2 of 3, and the file ends within this line; it is truncated",
        BODY.substring(0, BODY.indexOf("a b\n") + 2));
    assertRefused("expected nothing after the end line 7, got 5 more bytes", withEnd(BODY) + "extra");
    String end = withEnd(BODY).substring(BODY.length()).strip();
    assertRefused("line 7: expected \"" + end + "\", got \"end 00000000\"; the file was changed or damaged after it "
        + "was saved", BODY + "end 00000000\n");
  }

  @Test
  void hugeFilesAreRefusedBeforeTheyAreParsed() throws IOException {
    Path file = folder.resolve("huge");
    try (RandomAccessFile huge = new RandomAccessFile(file.toFile(), "rw")) {
      huge.setLength((1L << 28) + 1);
    }
    BpeFormatException e = assertThrows(BpeFormatException.class, () -> BpeTokenizer.load(file));
    assertEquals(file + ": expected at most 268435456 bytes, and the file has more; it is no vocabulary",
        e.getMessage());
  }

  @Test
  void savingReplacesTheFileAndLeavesNothingElse() throws IOException {
    Path file = folder.resolve("vocab.bpe");
    Files.writeString(file, "old");
    TEXTBOOK.save(file);
    assertEquals(withEnd(BODY), Files.readString(file));
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(List.of(file), files.toList());
    }
    Path plain = Files.writeString(folder.resolve("plain"), "");
    assertEquals(Files.getPosixFilePermissions(plain), Files.getPosixFilePermissions(file),
        "as readable as any new file");
  }

  @Test
  void savingSaysWhereItCannotWrite() throws IOException {
    Path missing = folder.resolve("missing").resolve("vocab.bpe");
    NoSuchFileException e = assertThrows(NoSuchFileException.class, () -> TEXTBOOK.save(missing));
    assertEquals(missing + ": the folder " + missing.getParent() + " does not exist; create it first",
        e.getMessage());
    Path directory = Files.createDirectory(folder.resolve("directory"));
    IOException notAFile = assertThrows(IOException.class, () -> TEXTBOOK.save(directory));
    assertEquals(directory + ": expected the name of a file to write, got a folder", notAFile.getMessage());
    assertThrows(NoSuchFileException.class, () -> BpeTokenizer.load(missing));
  }
}
