package dev.dalle.trainer.run;

import dev.dalle.attention.TransformerConfig;
import dev.dalle.dvae.DvaeConfig;
import dev.dalle.trainer.config.Presets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * Runs by name. The paper's numbers are kept where a run of minutes can bear them; every departure is a field of the configuration, and docs/presets.md
 * says what was tried.
 *
 * <p>Numbers of updates are those of a run of some minutes on two cores; {@code dalle demo} replaces them by what fits its budget.
 */
public final class RunPresets {
  private RunPresets() {}

  /** All, from the smallest to the largest. */
  public static Presets<RunConfig> all() {
    Map<String, RunConfig> presets = new LinkedHashMap<>();
    for (RunConfig preset : new RunConfig[] {emojiTiny(), emojiSmall(), emoji()}) {
      presets.put(preset.preset(), preset);
    }
    return new Presets<>("run", presets);
  }

  /**
   * What {@code dalle demo} chooses from, from the largest to the smallest, with the least numbers of updates at which each is better than the next.
   */
  public static List<Candidate> candidates() {
    return List.of(new Candidate(emoji(), 4000, 8000), new Candidate(emojiSmall(), 1200, 1500), new Candidate(emojiTiny(), 1, 1));
  }

  /**
   * A preset with least numbers of updates.
   *
   * @param run the preset
   * @param dvaeSteps of stage one
   * @param transformerSteps of stage two
   */
  public record Candidate(RunConfig run, int dvaeSteps, int transformerSteps) {}

  /** A minute or two: 32 x 32 pixels, 8 x 8 tokens of 256 codes. Shows that everything works; the pictures are blobs. */
  public static RunConfig emojiTiny() {
    DvaeConfig dvae = dvae(32, 24, 3, 1, 256, 64);
    TransformerConfig transformer = transformer(8, 1024, 256, 4, 128, 2);
    return new RunConfig("emoji-tiny", 1, 2, DataConfig.emoji(), new TokenizerConfig(1024, 2), dvaeStage(dvae, 400, 16),
        transformerStage(transformer, 800, 16, 1.5e-3), new DrawingConfig(12, 4, 0.8, 24, 512));
  }

  /** A quarter of an hour: 64 x 64 pixels, 8 x 8 tokens of 512 codes. */
  public static RunConfig emojiSmall() {
    DvaeConfig dvae = dvae(64, 32, 4, 1, 512, 128);
    TransformerConfig transformer = transformer(8, 2048, 512, 4, 128, 2);
    return new RunConfig("emoji-small", 1, 2, DataConfig.emoji(), new TokenizerConfig(2048, 2), dvaeStage(dvae, 2500, 16),
        transformerStage(transformer, 8000, 16, 1.5e-3), new DrawingConfig(24, 6, 0.8, 48, 1024));
  }

  /** Two hours: the same grid with more codes, wider networks. */
  public static RunConfig emoji() {
    DvaeConfig dvae = dvae(64, 48, 4, 1, 1024, 128);
    TransformerConfig transformer = transformer(8, 2048, 1024, 5, 192, 3);
    return new RunConfig("emoji", 1, 2, DataConfig.emoji(), new TokenizerConfig(2048, 2), dvaeStage(dvae, 12_000, 16),
        transformerStage(transformer, 36_000, 16, 1e-3), new DrawingConfig(24, 6, 0.8, 48, 1024));
  }

  /** Variance kept through the depth, as short runs need it (docs/presets.md). */
  private static DvaeConfig dvae(int side, int width, int groups, int blocks, int vocabulary, int decoderInit) {
    return new DvaeConfig(side, width, groups, blocks, vocabulary, decoderInit, 0.5, 3, Math.sqrt(2), 1, 0.25, 16, OptionalDouble.of(-1));
  }

  private static DvaeStageConfig dvaeStage(DvaeConfig model, int steps, int batch) {
    return new DvaeStageConfig(model, Compute.F32, steps, batch, 2e-3, 5e-5, 15, 6.6, 0.7, 1, 0.1, 0.9, 1e-4, 0.99, 100, true, false,
        Math.max(1, steps / 10));
  }

  /** Weights of a narrow model start larger than those of a wide one: thousands of updates are too few to grow them (docs/presets.md). */
  private static TransformerConfig transformer(int grid, int textVocabulary, int imageVocabulary, int layers, int width, int heads) {
    return TransformerConfig.of(TEXT_LENGTH, grid, textVocabulary, imageVocabulary, layers, width, heads)
        .withInitialisation(new TransformerConfig.Initialisation(0.6, 1, true));
  }

  private static TransformerStageConfig transformerStage(TransformerConfig model, int steps, int batch, double stepSize) {
    return new TransformerStageConfig(model, Compute.F32, steps, batch, stepSize, 3e-5, 0.05, 0, 0, 4.5e-2, 0.9, 5, 4, false, Math.max(1, steps / 10));
  }

  /** Long enough for nearly every caption of the emoji drawings, whose spaces are tokens of their own. */
  private static final int TEXT_LENGTH = 36;
}
