package dev.dalle.trainer.health;

import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * What guessing without context costs, and what the model costs on the same tokens at the end of training.
 *
 * @param loss of the model, in nats a token
 * @param guessing the best guess that the log knows, in nats a token
 * @param how the guess is made
 */
record Guess(double loss, double guessing, String how) {
  /** Of what guessing costs. A model that has learnt anything but shares is below it: after a hundred updates, at 0.91. */
  private static final double BETTER = 0.98;
  /** In nats a token. Tokens that are nearly all the same leave nothing to learn; that is for the codebook's verdict. */
  private static final double SOMETHING = 0.1;

  /**
   * Of one kind of tokens.
   *
   * @param kind {@code image} or {@code text}
   * @param metric of the report, for logs that do not have the shares
   * @return nothing if the stage is too young, or has no losses
   */
  static Optional<Guess> of(RunLog log, String kind, String metric, int vocabulary) {
    StageLog stage = log.transformer();
    OptionalDouble loss = stage.end(kind);
    if (loss.isEmpty() || !stage.grownUp()) {
      return Optional.empty();
    }
    OptionalDouble unigram = stage.end(kind + "-unigram");
    OptionalDouble shares = unigram.isPresent() ? unigram : log.metric(metric);
    return Optional.of(shares.isPresent() ? new Guess(loss.getAsDouble(), shares.getAsDouble(), "guessing by shares")
        : new Guess(loss.getAsDouble(), Math.log(vocabulary), "guessing all alike"));
  }

  /** Whether the model is better, or cannot be. */
  boolean beaten() {
    return loss <= BETTER * guessing || guessing < SOMETHING;
  }

  /** Both numbers. */
  String text() {
    return String.format(Locale.ROOT, "%.2f nats a token, %s %.2f", loss, how, guessing);
  }
}
