package dev.dalle.trainer.report;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.trainer.report.Metric.Goal;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReportValuesTest {

  private static final PngPicture DOT = PngPicture.ofRgb(1, 1, new byte[3]);

  private static void refused(String message, Executable action) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, action).getMessage());
  }

  @Test
  void pixelsComeBackFromThePng() throws Exception {
    int width = 13;
    int height = 7;
    byte[] rgb = new byte[3 * width * height];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) (i * 31);
    }
    PngPicture picture = PngPicture.ofRgb(width, height, rgb);
    BufferedImage image = ImageIO.read(new ByteArrayInputStream(picture.png()));
    assertEquals(width, image.getWidth());
    assertEquals(height, image.getHeight());
    for (int i = 0; i < width * height; i++) {
      int pixel = image.getRGB(i % width, i / width);
      assertArrayEquals(
          Arrays.copyOfRange(rgb, 3 * i, 3 * i + 3), new byte[] {(byte) (pixel >> 16), (byte) (pixel >> 8), (byte) pixel}, "pixel " + i);
    }
    PngPicture same = PngPicture.ofPng(picture.png());
    assertEquals(picture, same);
    assertEquals(width, same.width());
    assertEquals(height, same.height());
  }

  @Test
  void wrongBytesAreRefused() {
    refused("rgb: expected 3 x 13 x 7 bytes, got 272", () -> PngPicture.ofRgb(13, 7, new byte[272]));
    refused("rgb: expected 3 x 0 x 7 bytes, got 0", () -> PngPicture.ofRgb(0, 7, new byte[0]));
    refused("png: expected the bytes of a PNG file, got 30 bytes that are none", () -> PngPicture.ofPng(new byte[30]));
    refused("png: expected the bytes of a PNG file, got 20 bytes that are none", () -> PngPicture.ofPng(Arrays.copyOf(DOT.png(), 20)));
  }

  @Test
  void everyFieldIsChecked() {
    Metric metric = new Metric("a.b-1", "A", 1, "", "");
    Series line = new Series("a", new double[] {1}, new double[] {1}, false);
    refused("key: expected lower-case words and digits joined by dots or hyphens, got 'A b'", () -> new Metric("A b", "", 1, "", ""));
    refused("limit: expected a finite number, got NaN", () -> Goal.atLeast(Double.NaN));
    refused("metrics: expected at least one, got none for 'm'", () -> new MetricTable("m", List.of()));
    refused("name: expected a text, got ' ' for the value v", () -> new Fact(" ", "v"));
    refused("title: expected a text, got ''", () -> new Section("", "", List.of()));
    refused("title: expected a text, got ''", () -> report("", List.of()));
    refused("metric key: expected each once, got 'a.b-1' twice", () -> report("t", List.of(new MetricTable("", List.of(metric, metric)))));
    refused(
        "chart key: expected each once, got 'c' twice",
        () -> report("t", List.of(new Chart("c", "", "", "", List.of(line)), new Chart("c", "", "", "", List.of(line)))));
    refused(
        "code use key: expected each once, got 'c' twice",
        () -> report("t", List.of(new CodeUse("c", "", new long[1]), new CodeUse("c", "", new long[1]))));
    refused("series: expected 1 to 8, got 0 in chart 'c'", () -> new Chart("c", "", "", "", List.of()));
    refused("series: expected different names, got [a, a]", () -> new Chart("c", "", "", "", List.of(line, line)));
    refused("series: expected different names, got [a, a]",
        () -> new Chart("c", "", "", "", List.of(line)).withReferences(new ReferenceLine("a", 1)));
    ReferenceLine[] eight = IntStream.range(0, 8).mapToObj(i -> new ReferenceLine("r" + i, i)).toArray(ReferenceLine[]::new);
    refused("references: expected at most 7 beside 1 series, got 8 in chart 'c'",
        () -> new Chart("c", "", "", "", List.of(line)).withReferences(eight));
    refused("name: expected a text, got '' for the value 1.0", () -> new ReferenceLine("", 1));
    refused("y: expected 2 values like x, got 1 in series 's'", () -> new Series("s", new double[2], new double[1], false));
    refused("x: expected finite ascending values, got 1.0 at 1 in series 's'", () -> new Series("s", new double[] {2, 1}, new double[2], false));
    refused("x: expected finite ascending values, got NaN at 0 in series 's'", () -> new Series("s", new double[] {Double.NaN}, new double[1], false));
    refused("counts: expected one a code, got none", () -> new CodeUse("c", "", new long[0]));
    refused("counts: expected none negative, got -1 for code 1", () -> new CodeUse("c", "", new long[] {0, -1}));
    refused("columns: expected at least one, got none", () -> new PictureRows("", List.of(), List.of()));
    refused(
        "pictures: expected 2 like columns, got 1 in row 'r'",
        () -> new PictureRows("", List.of("a", "b"), List.of(new PictureRows.Row("r", List.of(DOT)))));
    refused("drawn: expected at least one picture, got none for 'cat'", () -> new DrawnGrid.Drawing("cat", DOT, List.of()));
  }

  @Test
  void arraysBelongToTheRecord() {
    double[] y = {1, 2};
    Series series = new Series("s", new double[] {1, 2}, y, false);
    y[0] = 9;
    series.y()[1] = 9;
    assertArrayEquals(new double[] {1, 2}, series.y());
    assertEquals(new Series("s", new double[] {1, 2}, new double[] {1, 2}, false), series);
    long[] counts = {1, 2};
    CodeUse use = new CodeUse("c", "", counts);
    counts[0] = 9;
    use.counts()[1] = 9;
    assertEquals(new CodeUse("c", "", new long[] {1, 2}), use);
  }

  /** Equal use of n codes has perplexity n; a quarter and three quarters 4 / 3^(3/4). */
  @Test
  void perplexity() {
    long[] counts = new long[207];
    Arrays.fill(counts, 0, 13, 5);
    assertEquals(13, new CodeUse("c", "", counts).perplexity(), 1e-12);
    assertEquals(13, new CodeUse("c", "", counts).used());
    assertEquals(4 / Math.pow(3, 0.75), new CodeUse("c", "", new long[] {1, 0, 3}).perplexity(), 1e-12);
    assertEquals(1, new CodeUse("c", "", new long[5]).perplexity());
  }

  @Test
  void goals() {
    assertTrue(Goal.atLeast(6).reachedBy(6) && Goal.atMost(6).reachedBy(6));
    assertFalse(Goal.atLeast(6).reachedBy(5.999) || Goal.atMost(6).reachedBy(6.001));
    assertFalse(Goal.atLeast(6).reachedBy(Double.NaN) || Goal.atMost(6).reachedBy(Double.NaN));
    assertEquals(Optional.of(Goal.atMost(2)), new Metric("k", "", 1, "", "").withGoal(Goal.atMost(2)).goal());
  }

  /** A constant stays what it is, a step is followed, and what is no number is passed over. */
  @Test
  void theRunningMean() {
    double[] x = new double[1_000];
    double[] y = new double[1_000];
    for (int i = 0; i < x.length; i++) {
      x[i] = i;
      y[i] = i == 17 ? Double.NaN : i < 500 ? 3 : 1;
    }
    Series mean = new Series("s", x, y, true).mean();
    assertEquals(3, mean.y(0));
    assertEquals(3, mean.y(499), 1e-12);
    assertEquals(3, mean.y(17), 1e-12);
    assertEquals(1, mean.y(999), 1e-9);
    assertTrue(Double.isNaN(new Series("s", new double[] {1}, new double[] {Double.NaN}, true).mean().y(0)));
  }

  @ParameterizedTest
  @CsvSource({
    "18.2345, 18.23", "0.15, 0.1500", "232, 232", "0.00001234, 1.234e-5", "1e-9, 1.000e-9", "123456789, 1.235e8", "-2.5, -2.500",
    "NaN, not a number", "-Infinity, minus infinite", "0, 0"
  })
  void numbersForPeople(double value, String text) {
    assertEquals(text, Numbers.show(value));
  }

  @ParameterizedTest
  @CsvSource({"a&b, a&amp;b", "<i>, &lt;i&gt;", "'\"', &quot;", "Côte, Côte", "❤️, ❤️", "😀, 😀"})
  void escaping(String text, String safe) {
    assertEquals(safe, Html.escape(text));
  }

  @Test
  void whatMarkupCannotHoldIsReplaced() {
    assertEquals("a\uFFFDb\uFFFD\tc", Html.escape("a\u0000b\uD800\tc"));
  }

  @Test
  void theMachineIsReadFromTheKernelsFiles(@TempDir Path folder) throws Exception {
    Path cpu =
        Files.writeString(
            folder.resolve("cpuinfo"), "processor\t: 0\nmodel name\t: Example CPU @ 2 GHz\nflags\t\t: fpu avx fma avx2 amx_tile amx_bf16 avx512f\nbugs\t\t: avx512_bf16\n");
    Path memory = Files.writeString(folder.resolve("meminfo"), "MemTotal:  99999 kB\nMemAvailable:    2048 kB\n");
    Machine machine = Machine.read(cpu, memory);
    assertEquals("Example CPU @ 2 GHz", machine.processor());
    assertEquals(List.of("avx", "avx2", "fma", "avx512f", "amx_tile", "amx_bf16"), machine.isa());
    assertEquals(2048 * 1024, machine.availableBytes());
    assertTrue(machine.hasAvx2() && machine.hasBf16());
    Machine unknown = Machine.read(folder.resolve("none"), folder.resolve("none"));
    assertEquals("unknown", unknown.processor());
    assertFalse(unknown.hasAvx2() || unknown.hasBf16());
    assertEquals(5, unknown.facts().size());
  }

  private static Report report(String title, List<Block> blocks) {
    return new Report(title, "", Instant.EPOCH, List.of(), List.of(), List.of(new Section("s", "", blocks)));
  }
}
