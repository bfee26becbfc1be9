package dev.dalle.trainer.picture;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.awt.image.DataBufferUShort;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PictureFilesTest {
  /** 8 x 6 with transparency, lossless; encoded by Pillow 13. The colours are those of the pattern, cut down to multiples of 64. */
  private static final String WEBP_LOSSLESS = "UklGRk4AAABXRUJQVlA4TEEAAAAvB0ABEE8wwAMsEEhCG300Akkbm48nfxCdhWAfC4Fq2rYiibcuQgghTAj9"
      + "dRgiCOEN8BH9j+vWD7/G3khqVVUPAAA=";

  /** 16 x 16 of (200, 40, 90), lossy, by Pillow 13. */
  private static final String WEBP_LOSSY =
      "UklGRjYAAABXRUJQVlA4ICoAAABwAQCdASoQABAAAMASJaACdAF1AAD+9YiVr//ZK3/+zy//+yVv+x5AAAA=";

  /** 16 x 8 of cyan 0, magenta 255, yellow 255, black 0 (pure red), by Pillow 13. */
  private static final String CMYK_JPEG = "/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwACAQEBAQECAQEBAgICAgIEAwICAgIFBAQDBAYFBgYGBQYGBgcJCAYH"
      + "CQcGBggLCAkKCgoKCgYICwwLCgwJCgoK/8AAFAgACAAQBEMRAE0RAFkRAEsRAP/EAB8AAAEFAQEBAQEBAAAAAAAAAAABAgMEBQYHCAkKC//EALUQAAIBAwMC"
      + "BAMFBQQEAAABfQECAwAEEQUSITFBBhNRYQcicRQygZGhCCNCscEVUtHwJDNicoIJChYXGBkaJSYnKCkqNDU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hp"
      + "anN0dXZ3eHl6g4SFhoeIiYqSk5SVlpeYmZqio6Slpqeoqaqys7S1tre4ubrCw8TFxsfIycrS09TV1tfY2drh4uPk5ebn6Onq8fLz9PX29/j5+v/aAA4EQwBN"
      + "AFkASwAAPwD9/K/n/r+f+v38oooor//Z";

  @TempDir Path folder;

  private static byte[] encoded(BufferedImage image, String format) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    assertTrue(ImageIO.write(image, format, out), "no writer for " + format);
    return out.toByteArray();
  }

  private static byte[] photo(String format) throws IOException {
    return encoded(Pixels.toImage(ResizingTest.pattern(40, 56)), format);
  }

  @Test
  void pngComesBackAsItWent() {
    for (Picture picture : List.of(ResizingTest.pattern(13, 7), Picture.filled(1, 1, 0x010203))) {
      Path file = folder.resolve("made/on/the/way/p.png");
      PictureFiles.writePng(picture, file);
      assertEquals(picture, PictureFiles.read(file));
      assertEquals(new PictureFiles.Size(picture.width(), picture.height()), PictureFiles.size(file));
    }
  }

  @Test
  void transparencyLiesOnWhite() throws IOException {
    BufferedImage image = new BufferedImage(3, 1, BufferedImage.TYPE_INT_ARGB);
    image.setRGB(0, 0, 0x00ff0000);
    image.setRGB(1, 0, 0x80ff0000);
    image.setRGB(2, 0, 0xff00ff00);
    Picture picture = PictureFiles.read(encoded(image, "png"), "half");
    assertArrayEquals(new byte[] {-1, -1, -1, -1, 127, 127, 0, -1, 0}, picture.bytes());
  }

  @Test
  void greyStaysAsBrightAsStored() throws IOException {
    BufferedImage eight = new BufferedImage(2, 1, BufferedImage.TYPE_BYTE_GRAY);
    eight.getRaster().setSample(0, 0, 0, 64);
    eight.getRaster().setSample(1, 0, 0, 200);
    assertArrayEquals(new byte[] {64, 64, 64, (byte) 200, (byte) 200, (byte) 200}, PictureFiles.read(encoded(eight, "png"), "g").bytes());
    BufferedImage sixteen = new BufferedImage(2, 1, BufferedImage.TYPE_USHORT_GRAY);
    short[] data = ((DataBufferUShort) sixteen.getRaster().getDataBuffer()).getData();
    data[0] = 0x40ff;
    data[1] = (short) 0xc801;
    assertArrayEquals(new byte[] {64, 64, 64, (byte) 200, (byte) 200, (byte) 200}, PictureFiles.read(encoded(sixteen, "png"), "g").bytes());
    BufferedImage bits = new BufferedImage(2, 1, BufferedImage.TYPE_BYTE_BINARY);
    bits.setRGB(1, 0, 0xffffff);
    assertArrayEquals(new byte[] {0, 0, 0, -1, -1, -1}, PictureFiles.read(encoded(bits, "png"), "b").bytes());
  }

  @Test
  void readsJpegAndTheFirstFrameOfGif() throws IOException {
    BufferedImage image = new BufferedImage(20, 11, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    graphics.setColor(new Color(30, 160, 220));
    graphics.fillRect(0, 0, 20, 11);
    graphics.dispose();
    for (String format : List.of("jpg", "gif")) {
      Picture picture = PictureFiles.read(encoded(image, format), format);
      assertEquals(20, picture.width());
      assertEquals(11, picture.height());
      assertClose(picture, 30, 160, 220, 3);
    }
  }

  @Test
  void readsWebp() {
    Picture lossless = PictureFiles.read(Base64.getDecoder().decode(WEBP_LOSSLESS), "w");
    Picture pattern = ResizingTest.pattern(6, 8);
    for (int r = 0; r < 6; r++) {
      for (int c = 0; c < 8; c++) {
        int alpha = r == 0 && c == 0 ? 0 : r == 1 && c == 1 ? 128 : 255;
        for (int k = 0; k < 3; k++) {
          int value = pattern.value(r, c, k) / 64 * 64;
          assertEquals((value * alpha + 255 * (255 - alpha)) / 255.0, lossless.value(r, c, k), 0.51, r + ", " + c + ", " + k);
        }
      }
    }
    Picture lossy = PictureFiles.read(Base64.getDecoder().decode(WEBP_LOSSY), "w");
    assertEquals(16, lossy.width());
    assertClose(lossy, 200, 40, 90, 4);
  }

  @Test
  void readsCmykJpeg() {
    Picture picture = PictureFiles.read(Base64.getDecoder().decode(CMYK_JPEG), "c");
    assertEquals(16, picture.width());
    assertEquals(8, picture.height());
    // A printing profile's red is not the screen's; it must be red all the same.
    assertTrue(picture.value(3, 3, 0) > 220 && picture.value(3, 3, 1) < 60 && picture.value(3, 3, 2) < 60,
        "got " + picture.value(3, 3, 0) + ", " + picture.value(3, 3, 1) + ", " + picture.value(3, 3, 2));
  }

  private static void assertClose(Picture picture, int red, int green, int blue, int tolerance) {
    for (int r = 0; r < picture.height(); r++) {
      for (int c = 0; c < picture.width(); c++) {
        assertEquals(red, picture.value(r, c, 0), tolerance);
        assertEquals(green, picture.value(r, c, 1), tolerance);
        assertEquals(blue, picture.value(r, c, 2), tolerance);
      }
    }
  }

  /** What Pillow's exif_transpose makes of [[0, 1, 2], [3, 4, 5]]. */
  private static final List<int[][]> UPRIGHT = List.of(new int[][] {{0, 1, 2}, {3, 4, 5}}, new int[][] {{2, 1, 0}, {5, 4, 3}},
      new int[][] {{5, 4, 3}, {2, 1, 0}}, new int[][] {{3, 4, 5}, {0, 1, 2}}, new int[][] {{0, 3}, {1, 4}, {2, 5}},
      new int[][] {{3, 0}, {4, 1}, {5, 2}}, new int[][] {{5, 2}, {4, 1}, {3, 0}}, new int[][] {{2, 5}, {1, 4}, {0, 3}});

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
  void turnsPhotographsUpright(int orientation) throws IOException {
    // Blocks of 16 x 16 of one grey each, so that JPEG keeps them.
    BufferedImage image = new BufferedImage(48, 32, BufferedImage.TYPE_BYTE_GRAY);
    for (int r = 0; r < 32; r++) {
      for (int c = 0; c < 48; c++) {
        image.getRaster().setSample(c, r, 0, 40 * (r / 16 * 3 + c / 16));
      }
    }
    for (boolean little : new boolean[] {true, false}) {
      Picture upright = PictureFiles.read(withOrientation(encoded(image, "jpg"), orientation, little), "photo");
      int[][] expected = UPRIGHT.get(orientation - 1);
      assertEquals(16 * expected.length, upright.height());
      assertEquals(16 * expected[0].length, upright.width());
      for (int r = 0; r < expected.length; r++) {
        for (int c = 0; c < expected[0].length; c++) {
          assertEquals(40 * expected[r][c], upright.value(16 * r + 8, 16 * c + 8, 0), 3);
        }
      }
    }
  }

  private static byte[] withOrientation(byte[] jpeg, int orientation, boolean little) {
    byte o = (byte) orientation;
    byte[] tiff = little
        ? new byte[] {'I', 'I', 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, o, 0, 0, 0, 0, 0, 0, 0}
        : new byte[] {'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, o, 0, 0, 0, 0, 0, 0};
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(jpeg, 0, 2);
    out.writeBytes(new byte[] {-1, (byte) 0xe1, 0, (byte) (tiff.length + 8)});
    out.writeBytes("Exif\0\0".getBytes(StandardCharsets.US_ASCII));
    out.writeBytes(tiff);
    out.write(jpeg, 2, jpeg.length - 2);
    return out.toByteArray();
  }

  @ParameterizedTest
  @ValueSource(strings = {"png", "jpg", "gif"})
  void truncatedFilesAreErrors(String format) throws IOException {
    byte[] whole = photo(format);
    PictureFiles.read(whole, "whole");
    for (int percent : new int[] {2, 10, 50, 90, 98}) {
      byte[] part = Arrays.copyOf(whole, Math.max(9, whole.length * percent / 100));
      String message = assertThrows(PictureException.class, () -> PictureFiles.read(part, "cats/7." + format),
          format + " cut to " + percent + " % was read").getMessage();
      assertTrue(message.startsWith("cats/7." + format + ": is a ") && message.contains("truncated")
          && message.contains(part.length + " bytes") && message.contains("download or export it again"), message);
    }
  }

  @Test
  void truncatedWebpIsAnError() {
    for (String file : List.of(WEBP_LOSSLESS, WEBP_LOSSY)) {
      byte[] whole = Base64.getDecoder().decode(file);
      for (int length : new int[] {17, 25, whole.length / 2, whole.length - 4}) {
        String message = assertThrows(PictureException.class, () -> PictureFiles.read(Arrays.copyOf(whole, length), "w.webp")).getMessage();
        assertTrue(message.contains("w.webp: is a") && message.contains("truncated"), message);
      }
    }
  }

  @Test
  void damagedBytesNeverEscapeAsAnythingElse() throws IOException {
    for (byte[] whole : List.of(photo("png"), photo("jpg"), photo("gif"), Base64.getDecoder().decode(WEBP_LOSSLESS))) {
      java.util.Random random = new java.util.Random(3);
      for (int trial = 0; trial < 60; trial++) {
        byte[] damaged = whole.clone();
        for (int i = 0; i < 4; i++) {
          damaged[16 + random.nextInt(whole.length - 16)] = (byte) random.nextInt();
        }
        try {
          PictureFiles.read(damaged, "damaged");
        } catch (PictureException expected) {
          assertTrue(expected.getMessage().startsWith("damaged: "), expected.getMessage());
        }
      }
    }
  }

  @Test
  void missingFilesAndThingsThatAreNoPictures() throws IOException {
    Path missing = folder.resolve("none.png");
    assertEquals(missing + ": does not exist; check the path, or the list that names it",
        assertThrows(PictureException.class, () -> PictureFiles.read(missing)).getMessage());
    assertTrue(assertThrows(PictureException.class, () -> PictureFiles.read(folder)).getMessage().contains("is not a file"));
    assertEquals("x.jpg: is not a picture, it is markup beginning \"<html><body>404\"; expected PNG, JPEG, WebP or GIF."
        + " Download or export it again, or leave it out", assertThrows(PictureException.class,
            () -> PictureFiles.read("<html><body>404 not found".getBytes(StandardCharsets.UTF_8), "x.jpg")).getMessage());
    for (byte[] other : List.of(new byte[0], "hello".getBytes(StandardCharsets.UTF_8), new byte[] {0, 1, 2, (byte) 0xff})) {
      String message = assertThrows(PictureException.class, () -> PictureFiles.read(other, "y")).getMessage();
      assertTrue(message.startsWith("y: is not a picture, it is "), message);
    }
  }

  @Test
  void filesTooLargeForPicturesAreNotReadIntoMemory() throws IOException {
    Path large = folder.resolve("large.png");
    try (FileChannel channel = FileChannel.open(large, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.SPARSE)) {
      channel.write(ByteBuffer.wrap(photo("png")), 0);
      channel.write(ByteBuffer.allocate(1), 3_000_000_000L);
    }
    assertEquals(large + ": has 3000000001 bytes, more than the 1073741824 that are read; if it is a picture, shrink it",
        assertThrows(PictureException.class, () -> PictureFiles.read(large)).getMessage());
  }

  @Test
  void aPictureThatTheHeapHasNoRoomForIsRefused() {
    long heap = Runtime.getRuntime().maxMemory();
    int side = (int) Math.sqrt(Math.min(heap / 16, 200_000_000L)) + 1;
    Canvas canvas = Canvas.covered(side, side);
    String message = assertThrows(PictureException.class, () -> SizeLimit.check(canvas, PictureFormat.PNG, 1 << 29, "wide.png")).getMessage();
    assertTrue(message.startsWith("wide.png: has " + side + " x " + side + " pixels, more than "), message);
    assertTrue(message.contains("shrink it"), message);
    assertEquals(heap / 16 < 200_000_000L, message.contains("larger heap with -Xmx"), message);
    SizeLimit.check(Canvas.covered(side - 1, side - 1), PictureFormat.PNG, 1 << 29, "wide.png");
  }

  /** Bounds that no encoder reaches, so that a true picture is never refused for being small as a file. */
  @ParameterizedTest
  @ValueSource(strings = {"png", "gif", "jpg"})
  void aLargePictureOfOneColourIsRead(String format) throws IOException {
    BufferedImage image = new BufferedImage(3000, 2000, format.equals("png") ? BufferedImage.TYPE_BYTE_BINARY : BufferedImage.TYPE_BYTE_GRAY);
    byte[] file = encoded(image, format);
    assertEquals(Picture.filled(2000, 3000, 0), PictureFiles.read(file, file.length + " bytes"));
  }

  @Test
  void aFileThatCannotBeWrittenIsNamed() throws IOException {
    Path blocked = Files.writeString(folder.resolve("file"), "in the way").resolve("p.png");
    String message = assertThrows(java.io.UncheckedIOException.class,
        () -> PictureFiles.writePng(Picture.filled(1, 1, 0), blocked)).getMessage();
    assertTrue(message.startsWith("cannot write the picture " + blocked), message);
  }
}
