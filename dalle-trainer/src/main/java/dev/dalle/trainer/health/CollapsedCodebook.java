package dev.dalle.trainer.health;

import dev.dalle.trainer.run.DvaeStageConfig;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;

/** Few codes that say everything: the other codes are lost, and the pictures with them. */
final class CollapsedCodebook implements Verdict {
  private static final String NAME = "codebook";
  /** Of the codes. Runs that collapsed had 1 to 18 of 512 in use; sound ones, however short, had a sixth and more. */
  private static final double COLLAPSED = 1 / 32.0;
  /** Of the codes; the report's goal is a quarter, which a run of minutes may miss. */
  private static final double FEW = 1 / 10.0;
  /** Of a small codebook: a code that is always the same says nothing. */
  private static final double LEAST = 2;

  @Override
  public List<Finding> of(RunLog log) {
    DvaeStageConfig config = log.config().dvae();
    int codes = config.model().vocabulary();
    OptionalDouble measured = log.metric("dvae.perplexity");
    OptionalDouble perplexity = measured.isPresent() ? measured : log.dvae().end("perplexity");
    if (perplexity.isEmpty() || !log.dvae().grownUp()) {
      return List.of();
    }
    // A batch cannot show more codes than it has tokens.
    long possible = measured.isPresent() ? codes : Math.min(codes, (long) config.batchSize() * config.model().tokensPerImage());
    double used = perplexity.getAsDouble();
    String found = String.format(Locale.ROOT, "perplexity %.1f of %d codes, %s", used, codes, measured.isPresent() ? "of held-out pictures"
        : "of training batches of " + config.batchSize() + " pictures");
    String remedy = String.format(Locale.ROOT, "raise dvae.betaStart (now %s) and dvae.betaEnd (now %s), which keep codes apart, or dvae.temperatureEnd (now"
        + " %s), and train both stages in another folder", config.betaStart(), config.betaEnd(), config.temperatureEnd());
    if (used < Math.max(LEAST, COLLAPSED * possible)) {
      return List.of(Finding.fault(NAME, found + ": it has collapsed, and the transformer can learn hardly anything from such tokens", remedy));
    }
    if (used < Math.max(LEAST, FEW * possible)) {
      return List.of(Finding.warning(NAME, found + ": most codes lie idle", remedy));
    }
    return List.of(Finding.ok(NAME, found));
  }
}
