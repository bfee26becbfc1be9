package dev.dalle.trainer.stage;

import dev.dalle.trainer.config.DurationText;
import dev.dalle.trainer.picture.Picture;
import dev.dalle.trainer.picture.PictureFiles;
import dev.dalle.trainer.report.Chart;
import dev.dalle.trainer.report.CodeUse;
import dev.dalle.trainer.report.DrawnGrid;
import dev.dalle.trainer.report.Fact;
import dev.dalle.trainer.report.Machine;
import dev.dalle.trainer.report.Metric;
import dev.dalle.trainer.report.MetricTable;
import dev.dalle.trainer.report.PictureRows;
import dev.dalle.trainer.report.PngPicture;
import dev.dalle.trainer.report.ReferenceLine;
import dev.dalle.trainer.report.Report;
import dev.dalle.trainer.report.Section;
import dev.dalle.trainer.report.Series;
import dev.dalle.trainer.run.DataConfig;
import dev.dalle.trainer.run.DvaeStageConfig;
import dev.dalle.trainer.run.LossCurve;
import dev.dalle.trainer.run.Manifest;
import dev.dalle.trainer.run.RunConfig;
import dev.dalle.trainer.run.TransformerStageConfig;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** What a finished run has to show, as a report. */
public final class RunReport {
  private RunReport() {}

  /** What was held out: {@link dev.dalle.trainer.data.CaptionedPictures#split()}. */
  private static String heldOut(RunConfig run) {
    return run.data().kind() == DataConfig.Kind.EMOJI ? "held-out combinations of style and name" : "held-out examples";
  }

  /** The report of a run. */
  public static Report of(Manifest manifest, Run.Result result, double seconds) {
    RunConfig run = manifest.config();
    return new Report("dalle run: " + run.preset(), summary(run, result), Instant.now(), settings(manifest, result), Machine.current().facts(),
        sections(run, result, seconds));
  }

  private static List<Section> sections(RunConfig run, Run.Result result, double seconds) {
    List<Section> sections = new ArrayList<>(List.of(numbers(run, result, seconds), drawn(result, run), stageOne(run, result), stageTwo(run, result)));
    GradientSection.of(result.transformerCurve(), result.gradients()).ifPresent(sections::add);
    return sections;
  }

  private static String summary(RunConfig run, Run.Result result) {
    return String.format(java.util.Locale.ROOT, "A discrete VAE turns pictures of %d x %d pixels into %d x %d tokens of %d codes; a transformer of %d layers and "
        + "width %d continues captions with such tokens. Everything below was measured on %s, never trained on.", run.dvae().model().imageSize(),
        run.dvae().model().imageSize(), run.dvae().model().gridSize(), run.dvae().model().gridSize(), run.dvae().model().vocabulary(),
        run.transformer().model().layers(), run.transformer().model().width(), heldOut(run));
  }

  private static List<Fact> settings(Manifest manifest, Run.Result result) {
    RunConfig run = manifest.config();
    DvaeStageConfig one = run.dvae();
    TransformerStageConfig two = run.transformer();
    List<Fact> facts = new ArrayList<>();
    facts.add(new Fact("preset", run.preset()));
    facts.add(new Fact("seed", Long.toString(run.seed())));
    facts.add(new Fact("threads", Integer.toString(run.threads())));
    manifest.budget().ifPresent(budget -> facts.add(new Fact("budget", DurationText.format(budget))));
    facts.add(new Fact("tokenizer", result.vocabulary() + " byte pairs"));
    facts.add(new Fact("stage one", one.steps() + " updates of " + one.batchSize() + " pictures, " + one.compute() + ", "
        + (one.model().encoderParameterCount() + one.model().decoderParameterCount()) + " parameters"));
    facts.add(new Fact("stage two", two.steps() + " updates of " + two.batchSize() + " examples, " + two.compute() + ", " + two.model().parameterCount()
        + " parameters"));
    for (int i = 0; i < manifest.calibration().size(); i++) {
      facts.add(new Fact("calibration " + (i + 1), manifest.calibration().get(i)));
    }
    return facts;
  }

  private static Section numbers(RunConfig run, Run.Result result, double seconds) {
    DvaeQuality dvae = result.dvae();
    TransformerQuality transformer = result.transformer();
    String pictures = dvae.pictures() + " pictures of " + heldOut(run);
    String examples = transformer.examples() + " " + heldOut(run);
    return new Section("Numbers", "", List.of(
        new MetricTable("Discrete VAE", List.of(
            new Metric("dvae.psnr", "PSNR of reconstructions", dvae.psnr(), "dB", "mean squared error over " + pictures),
            new Metric("dvae.mean-colour-psnr", "PSNR of each picture's mean colour", dvae.meanColourPsnr(), "dB", "the same pictures"),
            new Metric("dvae.psnr-gain", "gain over the mean colour", dvae.gain(), "dB", "difference of the two")
                .withGoal(Metric.Goal.atLeast(6)),
            new Metric("dvae.negative-elb", "negative evidence lower bound", result.bound().drawn(), "nats a value",
                "beta 1, codes drawn from the encoder's distributions, " + pictures),
            new Metric("dvae.negative-elb-relaxed", "the same with relaxed codes", result.bound().relaxed(), "nats a value",
                String.format(java.util.Locale.ROOT, "temperature %.4g as at the end of the training, the same noise", result.bound().temperature())),
            new Metric("dvae.elb-gap", "what the relaxation hides", result.bound().gap(), "nats a value", "difference of the two"),
            new Metric("dvae.reconstruction", "negative log-likelihood of a value from its tokens", result.bound().mostProbable(), "nats",
                "the most probable codes, which stage two is given"),
            new Metric("dvae.perplexity", "perplexity of the codebook", dvae.use().perplexity(), "codes", "tokens of " + pictures)
                .withGoal(Metric.Goal.atLeast(run.dvae().model().vocabulary() / 4.0)),
            new Metric("dvae.codes-used", "codes used at least once", dvae.use().used(), "codes", "of " + run.dvae().model().vocabulary()))),
        new MetricTable("Transformer", List.of(
            new Metric("transformer.image-loss", "loss an image token, true captions", transformer.image(), "nats", examples),
            new Metric("transformer.image-loss-shuffled", "the same pictures, other captions", transformer.imageShuffled(), "nats",
                "every picture after the caption of another"),
            new Metric("transformer.caption-gain", "what the true caption is worth", transformer.captionGain(), "nats", "difference of the two")
                .withGoal(Metric.Goal.atLeast(0.15)),
            new Metric("transformer.unigram-loss", "loss of the training shares of the codes", transformer.unigram(), "nats", "no context at all"),
            new Metric("transformer.text-loss", "loss a caption token", transformer.text(), "nats", examples),
            new Metric("transformer.text-unigram-loss", "loss of the training shares of caption tokens", transformer.textUnigram(), "nats",
                "no context at all"))),
        new MetricTable("Time", List.of(
            new Metric("time.dvae", "stage one", result.dvaeSeconds(), "s", "all starts of the run together"),
            new Metric("time.transformer", "stage two", result.transformerSeconds(), "s", "all starts of the run together"),
            new Metric("time.total", "from start to report", seconds, "s", "this start only, building included")))));
  }

  private static Section drawn(Run.Result result, RunConfig run) {
    List<DrawnGrid.Drawing> drawings = result.drawn().stream()
        .map(drawn -> new DrawnGrid.Drawing(drawn.caption(), png(drawn.truth()), drawn.pictures().stream().map(RunReport::png).toList())).toList();
    return new Section("Drawn for held-out captions", "The true picture first, then pictures drawn from the caption alone at temperature "
        + run.drawing().temperature() + ", none of them picked.", List.of(new DrawnGrid("", drawings)));
  }

  private static Section stageOne(RunConfig run, Run.Result result) {
    List<PictureRows.Row> rows = new ArrayList<>();
    DvaeQuality dvae = result.dvae();
    for (int i = 0; i < dvae.originals().size(); i++) {
      rows.add(new PictureRows.Row("", List.of(png(dvae.originals().get(i)), png(dvae.reconstructions().get(i)))));
    }
    return new Section("Stage one: discrete VAE", "", List.of(
        new Chart("dvae.loss", "Negative evidence lower bound", "update", "nats a value",
            List.of(series("loss", result.dvaeCurve(), "loss"), series("reconstruction", result.dvaeCurve(), "reconstruction"))),
        new Chart("dvae.bound", "Negative evidence lower bound of held-out pictures, beta 1", "update", "nats a value",
            List.of(sparse("relaxed, at the temperature of the update", result.dvaeCurve(), "held-out-relaxed"),
                sparse("true, codes drawn", result.dvaeCurve(), "held-out-drawn"))),
        new Chart("dvae.divergence", "Divergence of the code from uniform", "update", "nats a token",
            List.of(series("divergence", result.dvaeCurve(), "divergence"))),
        new Chart("dvae.perplexity", "Perplexity of the codes of a batch", "update", "codes",
            List.of(series("perplexity", result.dvaeCurve(), "perplexity")))
            .withReferences(new ReferenceLine("all codes alike", run.dvae().model().vocabulary()),
                new ReferenceLine("held out", result.dvae().use().perplexity())),
        new CodeUse("dvae.codes", "Use of the " + run.dvae().model().vocabulary() + " codes", dvae.use().counts()),
        new PictureRows("Held-out pictures and their reconstructions", List.of("original", "through its tokens"), rows)));
  }

  private static Section stageTwo(RunConfig run, Run.Result result) {
    TransformerQuality quality = result.transformer();
    return new Section("Stage two: transformer", "The dashed lines are what the loss has to get below: guessing every token alike, guessing by the shares"
        + " of the training tokens, and for pictures the model itself with the captions of others.", List.of(
        new Chart("transformer.image-loss", "Cross entropy of image tokens", "update", "nats a token",
            List.of(series("in training", result.transformerCurve(), "image"), sparse("in training, captions of others", result.transformerCurve(),
                "image-shuffled")))
            .withReferences(new ReferenceLine("uniform", Math.log(run.transformer().model().imageVocabulary())),
                new ReferenceLine("unigram", quality.unigram()), new ReferenceLine("held out, captions of others", quality.imageShuffled()),
                new ReferenceLine("held out, own captions", quality.image())),
        new Chart("transformer.text-loss", "Cross entropy of caption tokens", "update", "nats a token",
            List.of(series("in training", result.transformerCurve(), "text")))
            .withReferences(new ReferenceLine("uniform", Math.log(run.transformer().model().textVocabulary())),
                new ReferenceLine("unigram", quality.textUnigram()), new ReferenceLine("held out", quality.text())),
        new Chart("transformer.gradient", "Norm of the gradient", "update", "",
            Chart.Scale.LOGARITHMIC, List.of(series("gradient", result.transformerCurve(), "gradient")))));
  }

  private static Series series(String name, List<LossCurve.Point> curve, String key) {
    double[] x = new double[curve.size()];
    double[] y = new double[curve.size()];
    for (int i = 0; i < curve.size(); i++) {
      x[i] = curve.get(i).step();
      y[i] = curve.get(i).values().getOrDefault(key, Double.NaN);
    }
    return new Series(name, x, y, true);
  }

  /** Of the points that have the value. */
  private static Series sparse(String name, List<LossCurve.Point> curve, String key) {
    List<LossCurve.Point> having = curve.stream().filter(point -> point.values().containsKey(key)).toList();
    Series all = series(name, having, key);
    return new Series(name, all.x(), all.y(), false);
  }

  private static PngPicture png(Picture picture) {
    return PngPicture.ofPng(PictureFiles.png(picture));
  }
}
