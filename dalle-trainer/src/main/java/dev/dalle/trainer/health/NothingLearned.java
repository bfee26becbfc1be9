package dev.dalle.trainer.health;

import java.util.List;
import java.util.Optional;

/** A transformer that knows no more of image tokens than their shares. */
final class NothingLearned implements Verdict {
  private static final String NAME = "image loss";

  /** Image tokens of a run. */
  static Optional<Guess> guess(RunLog log) {
    return Guess.of(log, "image", "transformer.unigram-loss", log.config().transformer().model().imageVocabulary());
  }

  @Override
  public List<Finding> of(RunLog log) {
    return guess(log).map(guess -> guess.beaten() ? Finding.ok(NAME, guess.text())
        : Finding.fault(NAME, guess.text() + ": the transformer has learnt nothing of the pictures", "raise transformer.steps (now "
            + log.config().transformer().steps() + ") or " + log.transformer().stepSizeText() + ", and train in another folder")).stream().toList();
  }
}
