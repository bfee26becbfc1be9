package dev.dalle.trainer.run;

/**
 * What is drawn and measured at the end of a run.
 *
 * @param captions held-out captions that pictures are drawn for
 * @param picturesPerCaption pictures of each
 * @param temperature of sampling: 1 as in the paper; lower values give cleaner shapes and less variety
 * @param reconstructions held-out pictures that are shown beside their reconstructions
 * @param measured held-out examples that the numbers are computed on, or all if there are fewer
 */
public record DrawingConfig(int captions, int picturesPerCaption, double temperature, int reconstructions, int measured) {
  /** Checks. */
  public DrawingConfig {
    Require.atLeast("captions", 1, captions);
    Require.atLeast("picturesPerCaption", 1, picturesPerCaption);
    Require.that(temperature >= 0 && Double.isFinite(temperature), "temperature", "0 or more", temperature);
    Require.atLeast("reconstructions", 1, reconstructions);
    Require.atLeast("measured", 2, measured);
  }
}
