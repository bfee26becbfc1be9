package dev.dalle.trainer.report;

import dev.dalle.trainer.report.Metric.Goal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/** A report with made-up content of the size that a real run has. */
final class ExampleReport {

  private ExampleReport() {}

  static Report make() {
    SplittableRandom random = new SplittableRandom(7);
    List<Section> sections =
        List.of(
            new Section(
                "Held-out results",
                "Measured on combinations of style and name that were never trained on. All numbers and pictures here are made up.",
                List.of(
                    new MetricTable(
                        "",
                        List.of(
                            new Metric("dvae.psnr", "PSNR of reconstructions", 18.2345, "dB", "400 held-out pictures, each against its original"),
                            new Metric("dvae.psnr-gain", "gain over the mean colour", 7.2, "dB", "the same pictures filled with their mean colour").withGoal(Goal.atLeast(6)),
                            new Metric("dvae.perplexity", "perplexity of the codebook", 119.4, "codes", "tokens of the same pictures, vocabulary 512").withGoal(Goal.atLeast(128)),
                            new Metric("text.gain", "loss with shuffled captions minus loss with true ones", 0.2412, "nats/token", "").withGoal(Goal.atLeast(0.15)),
                            new Metric("text.diverged", "loss of a run that diverged", Double.NaN, "nats", "for the look of it"))))),
            new Section("Drawn pictures", "", List.of(new DrawnGrid("", drawings(random)))),
            new Section(
                "dVAE",
                "",
                List.of(
                    new Chart("dvae.loss", "Loss", "step", "nats per pixel", List.of(noisy("train", random, 3200, 1.4, 0.9), held("held out", 3200, 1.35))),
                    new Chart("dvae.tau", "Temperature and KL weight", "step", "value (logarithmic)", Chart.Scale.LOGARITHMIC, List.of(curve("tau", 1, 0.0625), curve("beta", 15, 6.6))),
                    use(random),
                    new PictureRows("Reconstructions of held-out pictures", List.of("original", "reconstruction"), rows(random)))),
            new Section(
                "Transformer",
                "",
                List.of(new Chart("transformer.loss", "Loss", "step", "nats per token", List.of(noisy("text", random, 1900, 3, 1.8), noisy("image", random, 1900, 5.8, 2.9)))
                    .withReferences(new ReferenceLine("uniform", 6.2383), new ReferenceLine("never measured", Double.NaN)))));
    return new Report(
        "First light <demo> & \"more\"",
        "One command trained tokenizer, dVAE and transformer on emoji drawings and drew captions that were held out.",
        Instant.parse("2026-11-24T08:30:00Z"),
        List.of(new Fact("preset", "emoji-tiny"), new Fact("budget", "15m"), new Fact("seed", "1"), new Fact("steps", "dVAE 3200, transformer 1900")),
        Machine.current().facts(),
        sections);
  }

  private static Series noisy(String name, SplittableRandom random, int steps, double from, double to) {
    double[] x = IntStream.rangeClosed(1, steps).asDoubleStream().toArray();
    double[] y = Arrays.stream(x).map(s -> to + (from - to) * Math.exp(-s / steps * 5) + 0.12 * (from - to) * (random.nextDouble() - 0.5)).toArray();
    y[0] *= 3;
    return new Series(name, x, y, true);
  }

  private static Series held(String name, int steps, double from) {
    double[] x = IntStream.rangeClosed(1, 12).mapToDouble(i -> i * steps / 12.0).toArray();
    return new Series(name, x, Arrays.stream(x).map(s -> 0.95 + (from - 0.95) * Math.exp(-s / steps * 5)).toArray(), false);
  }

  private static Series curve(String name, double from, double to) {
    double[] x = IntStream.rangeClosed(0, 100).mapToDouble(i -> i * 32).toArray();
    return new Series(name, x, Arrays.stream(x).map(s -> to + (from - to) * (1 + Math.cos(Math.PI * s / 3200)) / 2).toArray(), false);
  }

  private static CodeUse use(SplittableRandom random) {
    return new CodeUse("dvae.codes", "Codebook use", IntStream.range(0, 512).mapToLong(i -> (long) (4000 * Math.exp(-i / 60.0) * random.nextDouble())).toArray());
  }

  private static List<PictureRows.Row> rows(SplittableRandom random) {
    List<PictureRows.Row> rows = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      long seed = random.nextLong();
      rows.add(new PictureRows.Row("a noto emoji of thing " + i + " with a rather long name & <tags>", List.of(picture(seed, 0), picture(seed, 24))));
    }
    return rows;
  }

  private static List<DrawnGrid.Drawing> drawings(SplittableRandom random) {
    List<DrawnGrid.Drawing> drawings = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      long seed = random.nextLong();
      drawings.add(
          new DrawnGrid.Drawing(
              "a twemoji emoji of flag: Côte d’Ivoire " + i, picture(seed, 0), IntStream.range(0, 4).mapToObj(k -> picture(seed, 30 + 10 * k)).toList()));
    }
    return drawings;
  }

  /** A disc on white with noise. */
  static PngPicture picture(long seed, int noise) {
    SplittableRandom random = new SplittableRandom(seed);
    int[] colour = {random.nextInt(256), random.nextInt(256), random.nextInt(256)};
    int x0 = 20 + random.nextInt(24);
    int y0 = 20 + random.nextInt(24);
    byte[] rgb = new byte[3 * 64 * 64];
    for (int i = 0; i < rgb.length; i++) {
      int pixel = i / 3;
      boolean inside = Math.hypot(pixel % 64 - x0, pixel / 64 - y0) < 18;
      int value = (inside ? colour[i % 3] : 255) + (noise == 0 ? 0 : random.nextInt(2 * noise) - noise);
      rgb[i] = (byte) Math.clamp(value, 0, 255);
    }
    return PngPicture.ofRgb(64, 64, rgb);
  }
}
