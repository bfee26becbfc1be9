package dev.dalle.trainer.picture;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.zip.CRC32;
import java.util.zip.DeflaterOutputStream;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.NodeList;

class PngTextTest {
  private static final Picture PICTURE = ResizingTest.pattern(7, 5);

  @TempDir Path folder;

  @Test
  void textsComeBackAsTheyWent() throws IOException {
    Map<String, String> texts = new LinkedHashMap<>();
    texts.put("Description", "a \"red\" heart\nof two lines\r\n\ttabbed \\ 'quoted'");
    texts.put("emoji", "\uD83E\uDDD1\u200D\uD83D\uDE80 \u2764\uFE0F");
    texts.put("dalle.cjk", "\u7d05\u3044\u5fc3 \ube68\uac04 \u7ea2\u5fc3 gr\u00f6\u00dfte");
    texts.put("k".repeat(79), "");
    texts.put("with spaces \u00e9", "x".repeat(1 << 20));
    Path file = folder.resolve("made/t.png");
    PictureFiles.writePng(PICTURE, texts, file);
    assertEquals(List.copyOf(texts.entrySet()), List.copyOf(PictureFiles.pngTexts(file).entrySet()));
    assertEquals(PICTURE, PictureFiles.read(file));
    PictureFiles.writePng(PICTURE, file);
    assertEquals(Map.of(), PictureFiles.pngTexts(file));
    assertArrayEquals(PictureFiles.png(PICTURE), Files.readAllBytes(file), "without texts nothing is added");
  }

  /** What the JDK's own reader sees. */
  @Test
  void othersReadTheTextsToo() throws IOException {
    byte[] png = PngText.with(Map.of("Description", "ein gro\u00dfes \u2764"), PictureFiles.png(PICTURE));
    ImageReader reader = ImageIO.getImageReadersByFormatName("png").next();
    reader.setInput(ImageIO.createImageInputStream(new ByteArrayInputStream(png)));
    var tree = (org.w3c.dom.Element) reader.getImageMetadata(0).getAsTree("javax_imageio_png_1.0");
    NodeList entries = tree.getElementsByTagName("iTXtEntry");
    assertEquals(1, entries.getLength());
    assertEquals("Description", ((org.w3c.dom.Element) entries.item(0)).getAttribute("keyword"));
    assertEquals("ein gro\u00dfes \u2764", ((org.w3c.dom.Element) entries.item(0)).getAttribute("text"));
  }

  @Test
  void whatCannotBeStoredIsRefused() {
    for (String key : List.of("", " a", "a ", "a  b", "k".repeat(80), "a\nb", "\u2764", "a\u00a0b")) {
      String message = refused(key, "x");
      assertEquals("text: expected a key of 1 to 79 printable characters of Latin-1 without outer or double spaces, got \"" + key + "\"", message);
    }
    assertEquals("text k: has a character that a PNG file cannot store: number 0 or half a pair of surrogates", refused("k", "a\0b"));
    assertEquals("text k: has a character that a PNG file cannot store: number 0 or half a pair of surrogates", refused("k", "a\uD83Eb"));
    assertEquals("text k: expected at most 1048576 bytes, got 1048578", refused("k", "\u00e9".repeat((1 << 19) + 1)));
    assertEquals(0, folder.toFile().list().length);
  }

  private String refused(String key, String text) {
    return assertThrows(IllegalArgumentException.class, () -> PictureFiles.writePng(PICTURE, Map.of(key, text), folder.resolve("p.png"))).getMessage();
  }

  private static byte[] chunk(String type, byte[] data) {
    CRC32 sum = new CRC32();
    sum.update(type.getBytes(StandardCharsets.ISO_8859_1));
    sum.update(data);
    ByteBuffer chunk = ByteBuffer.allocate(12 + data.length).putInt(data.length).put(type.getBytes(StandardCharsets.ISO_8859_1)).put(data);
    return chunk.putInt((int) sum.getValue()).array();
  }

  private static byte[] latin(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  private static byte[] joined(byte[]... parts) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      out.writeBytes(part);
    }
    return out.toByteArray();
  }

  private static byte[] png(byte[]... chunks) {
    byte[] plain = PictureFiles.png(PICTURE);
    return joined(Arrays.copyOf(plain, 33), joined(chunks), Arrays.copyOfRange(plain, 33, plain.length));
  }

  @Test
  void textsOfOtherProgramsAndOnesThatAreNone() throws IOException {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (DeflaterOutputStream deflater = new DeflaterOutputStream(packed)) {
      // A hundred million zeros in a hundred thousand bytes.
      for (int i = 0; i < 100; i++) {
        deflater.write(new byte[1_000_000]);
      }
    }
    byte[] file = png(chunk("tEXt", latin("old\0caf\u00e9")), chunk("tEXt", latin("old\0second")), chunk("tEXt", latin("no end")),
        chunk("zTXt", joined(latin("bomb\0\0"), packed.toByteArray())), chunk("iTXt", joined(latin("bomb2\0\1\0\0\0"), packed.toByteArray())),
        chunk("iTXt", latin("short\0")), chunk("iTXt", latin("short2\0\0\0en")), chunk("iTXt", latin("short3\0\0\0en\0x")), chunk("iTXt", new byte[0]),
        chunk("iTXt", latin("not utf-8\0\0\0\0\0\u00ff\u00fe")), chunk("iTXt", latin("good\0\0\0en\0gut\0yes")), chunk("tEXt", new byte[2 << 20]),
        chunk("tEXt", joined(latin("long\0"), new byte[2 << 20])));
    assertEquals("{old=caf\u00e9, good=yes}", PngText.of(file, "f").toString());
    assertEquals(PICTURE, PictureFiles.read(file, "f"), "a picture is read whatever its texts are");
  }

  @Test
  void damagedFilesAreErrors() {
    assertEquals("t.jpg: is not a PNG file; texts are read from PNG files only",
        assertThrows(PictureException.class, () -> PngText.of(latin("JFIF and more"), "t.jpg")).getMessage());
    byte[] whole = png(chunk("tEXt", latin("k\0v")));
    for (int length : new int[] {8, 12, 33, 40, 47, whole.length - 1}) {
      assertEquals("t.png: is a truncated PNG file of " + length + " bytes; download or export it again",
          assertThrows(PictureException.class, () -> PngText.of(Arrays.copyOf(whole, length), "t.png")).getMessage());
    }
    byte[] endless = whole.clone();
    ByteBuffer.wrap(endless).putInt(33, -1);
    assertTrue(assertThrows(PictureException.class, () -> PngText.of(endless, "t")).getMessage().contains("truncated"));
    byte[] flipped = whole.clone();
    flipped[43] ^= 1;
    assertEquals("t: is a damaged PNG file: the check sum of the chunk at byte 33 is wrong; download or export it again",
        assertThrows(PictureException.class, () -> PngText.of(flipped, "t")).getMessage());
    Random random = new Random(1);
    for (int trial = 0; trial < 500; trial++) {
      byte[] damaged = whole.clone();
      for (int i = 0; i < 3; i++) {
        damaged[random.nextInt(damaged.length)] = (byte) random.nextInt();
      }
      if (!Arrays.equals(damaged, whole)) {
        assertThrows(PictureException.class, () -> PngText.of(damaged, "t"));
      }
    }
    assertFalse(PngText.of(whole, "t").isEmpty());
  }
}
