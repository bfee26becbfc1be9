package dev.dalle.trainer.health;

import dev.dalle.trainer.run.LossCurve;
import dev.dalle.trainer.run.TransformerStageConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;

/** A transformer that draws without reading: another caption would do as well, or captions themselves are only guessed. */
final class IgnoredText implements Verdict {
  /** In nats an image token. A run of a minute or two has 0.07, one of a quarter of an hour 0.4 and more; one that ignores captions 0.00. */
  private static final double LEAST_GAIN = 0.05;
  /** Of the points that have both losses, the last quarter, at least three: single batches differ by some hundredths. */
  private static final int LEAST_POINTS = 3;

  @Override
  public List<Finding> of(RunLog log) {
    List<Finding> findings = new ArrayList<>();
    TransformerStageConfig config = log.config().transformer();
    // Where the loss has no text, captions are not meant to be learnt.
    Optional<Guess> text = config.model().textLossShare() == 0 ? Optional.empty()
        : Guess.of(log, "text", "transformer.text-unigram-loss", config.model().textVocabulary());
    text.ifPresent(guess -> findings.add(guess.beaten() ? Finding.ok("text loss", guess.text())
        : Finding.fault("text loss", guess.text() + ": the transformer has learnt nothing of the captions", "raise transformer.steps (now " + config.steps()
            + ") or transformer.model.textLossShare (now " + config.model().textLossShare() + "), and train in another folder")));
    // Before pictures are learnt at all there is nothing that a caption could be worth.
    if (NothingLearned.guess(log).filter(Guess::beaten).isPresent()) {
      boolean held = log.metric("transformer.caption-gain").isPresent();
      // In training a caption that was left out is worth nothing.
      double least = LEAST_GAIN * (held ? 1 : 1 - config.captionDropout());
      gain(log).ifPresent(gain -> findings.add(captions(config, gain, least, held)));
    }
    return findings;
  }

  private static Finding captions(TransformerStageConfig config, double gain, double least, boolean held) {
    String found = String.format(Locale.ROOT, "the true one is worth %.3f nats an image token%s", gain, held ? " of held-out pictures" : " in training");
    return gain >= least ? Finding.ok("captions", found)
        : Finding.fault("captions", found + ": the text is ignored, pictures would be drawn whatever it says", "raise transformer.steps (now "
            + config.steps() + ")" + dropout("bpeDropout", config.bpeDropout()) + dropout("captionDropout", config.captionDropout())
            + ", and train in another folder; look with dalle data whether captions belong to their pictures");
  }

  private static String dropout(String key, double now) {
    return now == 0 ? "" : ", or lower transformer." + key + " (now " + now + ")";
  }

  /** What the true caption is worth. */
  private static OptionalDouble gain(RunLog log) {
    OptionalDouble measured = log.metric("transformer.caption-gain");
    if (measured.isPresent()) {
      return measured;
    }
    double[] gains = log.transformer().curve().stream().map(LossCurve.Point::values)
        .filter(values -> values.containsKey("image-shuffled") && values.containsKey("image"))
        .mapToDouble(values -> values.get("image-shuffled") - values.get("image")).toArray();
    return gains.length < LEAST_POINTS ? OptionalDouble.empty()
        : Arrays.stream(gains, gains.length - Math.max(LEAST_POINTS, gains.length / 4), gains.length).average();
  }
}
