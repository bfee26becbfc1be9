package dev.dalle.trainer.picture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Files as other programs write them, and the pixels that Pillow reads from them; foreign_pictures.py beside them made both. */
class ForeignPicturesTest {
  private static byte[] bytes(String name) throws IOException {
    try (InputStream in = ForeignPicturesTest.class.getResourceAsStream("foreign/" + name)) {
      return in.readAllBytes();
    }
  }

  private static Stream<List<String>> cases(String kind, int words) throws IOException {
    List<List<String>> cases = new String(bytes("cases.txt"), StandardCharsets.UTF_8).lines().filter(line -> line.startsWith(kind + " "))
        .map(line -> List.of(line.substring(kind.length() + 1).split(" ", words))).toList();
    assertTrue(cases.size() > 30, "only " + cases.size() + " files to be " + kind);
    return cases.stream();
  }

  static Stream<List<String>> readable() throws IOException {
    return cases("read", 4);
  }

  static Stream<List<String>> refused() throws IOException {
    return cases("refused", 2);
  }

  @ParameterizedTest
  @MethodSource("readable")
  void comesOutAsItDoesElsewhere(List<String> wanted) throws IOException {
    String name = wanted.getFirst();
    Picture got = PictureFiles.read(bytes(name), name);
    // 8-bit RGB without transparency, which the JDK reads alone.
    BufferedImage expected = ImageIO.read(new ByteArrayInputStream(bytes("expected/" + wanted.get(1))));
    assertEquals(expected.getWidth() + " x " + expected.getHeight(), got.width() + " x " + got.height());
    double most = Double.parseDouble(wanted.get(2));
    double mean = Double.parseDouble(wanted.get(3));
    double sum = 0;
    for (int r = 0; r < got.height(); r++) {
      for (int c = 0; c < got.width(); c++) {
        for (int k = 0; k < Picture.CHANNELS; k++) {
          int value = expected.getRGB(c, r) >> 16 - 8 * k & 0xff;
          assertEquals(value, got.value(r, c, k), most, "row " + r + ", column " + c + ", channel " + k);
          sum += Math.abs(value - got.value(r, c, k));
        }
      }
    }
    double off = sum / got.bytes().length;
    assertTrue(mean == 0 || off <= mean, "values are off by " + off + " on average");
  }

  @ParameterizedTest
  @MethodSource("readable")
  void sizeIsKnownWithoutReadingThePicture(List<String> wanted) throws IOException {
    String name = wanted.getFirst();
    Picture picture = PictureFiles.read(bytes(name), name);
    PictureFiles.Size size = PictureFiles.size(bytes(name), name);
    boolean turned = size.width() != picture.width();
    assertEquals(picture.width(), turned ? size.height() : size.width());
    assertEquals(picture.height(), turned ? size.width() : size.height());
    assertTrue(!turned || name.contains("orientation") || name.contains("thumbnail"), "only orientation turns a picture");
  }

  @ParameterizedTest
  @MethodSource("refused")
  void isRefusedWithAReasonAndWithoutTakingMemory(List<String> wanted) throws IOException {
    String name = wanted.getFirst();
    byte[] file = bytes(name);
    // The first reading of a format loads its decoder.
    assertThrows(PictureException.class, () -> PictureFiles.read(file, name));
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    String message = assertThrows(PictureException.class, () -> PictureFiles.read(file, name)).getMessage();
    long taken = threads.getCurrentThreadAllocatedBytes() - before;
    assertTrue(message.startsWith(name + ": ") && message.contains(wanted.get(1)), message);
    assertTrue(taken < 2_000_000, "took " + taken + " bytes");
  }
}
