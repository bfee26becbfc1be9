package dev.dalle.trainer.health;

import dev.dalle.trainer.run.DvaeStageConfig;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;

/** Codes that hardly depend on the picture: the divergence from uniform, which bounds what a token can tell, was pressed to nothing. */
final class EmptyCode implements Verdict {
  private static final String NAME = "code";
  /** In nats a token. Sound runs end with 1 to 4; with so little, sixty-four tokens together tell less than two of those. */
  private static final double LEAST = 0.05;

  @Override
  public List<Finding> of(RunLog log) {
    OptionalDouble divergence = log.dvae().end("divergence");
    if (divergence.isEmpty() || !log.dvae().grownUp()) {
      return List.of();
    }
    DvaeStageConfig config = log.config().dvae();
    String found = String.format(Locale.ROOT, "a token tells at most %.2f of %.2f nats", divergence.getAsDouble(), Math.log(config.model().vocabulary()));
    return List.of(divergence.getAsDouble() >= LEAST ? Finding.ok(NAME, found)
        : Finding.fault(NAME, found + ": the pictures do not reach the codes", String.format(Locale.ROOT, "lower dvae.betaEnd (now %s) and dvae.betaStart (now"
            + " %s), and train both stages in another folder", config.betaEnd(), config.betaStart())));
  }
}
