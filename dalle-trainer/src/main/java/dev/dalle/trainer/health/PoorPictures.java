package dev.dalle.trainer.health;

import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;

/** Reconstructions that are no better than one colour a picture: stage one has learnt nothing. */
final class PoorPictures implements Verdict {
  private static final String NAME = "reconstructions";
  /** In dB. A run of two hundred updates gains 2.9, one of a quarter of an hour 7. */
  private static final double LEAST_GAIN = 0.5;

  @Override
  public List<Finding> of(RunLog log) {
    OptionalDouble gain = log.metric("dvae.psnr-gain");
    if (gain.isEmpty()) {
      return List.of();
    }
    String found = String.format(Locale.ROOT, "%.1f dB above each picture's mean colour", gain.getAsDouble());
    return List.of(gain.getAsDouble() >= LEAST_GAIN ? Finding.ok(NAME, found)
        : Finding.fault(NAME, found + ": the tokens carry no shapes", "raise dvae.steps (now " + log.config().dvae().steps()
            + "), and train both stages in another folder; if the loss never fell, raise " + log.dvae().stepSizeText()));
  }
}
