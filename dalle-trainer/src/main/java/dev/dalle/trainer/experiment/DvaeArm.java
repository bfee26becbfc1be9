package dev.dalle.trainer.experiment;

import dev.dalle.dvae.NetworkVariant;
import dev.dalle.trainer.run.DvaeStageConfig;
import dev.dalle.trainer.run.DvaeStageConfig.Annealing;
import java.util.Optional;

/** What a dVAE is trained with: as the paper says, or with one thing otherwise. */
enum DvaeArm {
  /** Temperature from 1 to 1/16 along a cosine, beta 6.6, 1 x 1 convolutions around the code, max-pooling. */
  PAPER("paper", "as the paper says"),
  /** The relaxation stays warm. */
  TEMPERATURE_1("temperature-1", "temperature 1 throughout"),
  /** A weak divergence. */
  BETA_1("beta-1", "beta 1"),
  /** No divergence at all. */
  BETA_0("beta-0", "beta 0"),
  /** The same ends, another way between them. */
  LINEAR("linear", "temperature along a line"),
  /** The two convolutions around the code. */
  WIDE("kernel-3", "3 x 3 around the code"),
  /** Between the encoder's groups. */
  AVERAGE_POOLING("average-pooling", "average-pooling");

  private final String key;
  private final String title;

  DvaeArm(String key, String title) {
    this.key = key;
    this.title = title;
  }

  /** In names of folders and metrics. */
  String key() {
    return key;
  }

  /** For people. */
  String title() {
    return title;
  }

  /** The configuration of {@link #PAPER} with what this arm has otherwise. */
  DvaeStageConfig of(DvaeStageConfig paper) {
    return switch (this) {
      case PAPER -> paper;
      case TEMPERATURE_1 -> paper.withTemperature(1, 1, Optional.empty());
      case BETA_1 -> paper.withBeta(paper.betaStart() / paper.betaEnd(), 1);
      case BETA_0 -> paper.withBeta(0, 0);
      case LINEAR -> paper.withTemperature(paper.temperatureStart(), paper.temperatureEnd(), Optional.of(Annealing.LINEAR));
      case WIDE -> paper.withModel(paper.model().withVariant(new NetworkVariant(NetworkVariant.Pooling.MAX, 3)));
      case AVERAGE_POOLING -> paper.withModel(paper.model().withVariant(new NetworkVariant(NetworkVariant.Pooling.AVERAGE, 1)));
    };
  }
}
