package dev.dalle.trainer.run;

/**
 * Everything that decides a run's result: equal configurations on the same kind of processor with the same number of threads give
 * bit-identical weights.
 *
 * @param preset name of the preset it was made from, for people
 * @param seed of every random number
 * @param threads that compute; part of what makes sums repeat
 * @param data the captioned pictures
 * @param tokenizer of captions
 * @param dvae stage one
 * @param transformer stage two
 * @param drawing the end
 */
public record RunConfig(String preset, long seed, int threads, DataConfig data, TokenizerConfig tokenizer, DvaeStageConfig dvae,
    TransformerStageConfig transformer, DrawingConfig drawing) {
  /** Checks that the stages fit each other. */
  public RunConfig {
    Require.that(!preset.isBlank(), "preset", "a name", "'" + preset + "'");
    Require.that(threads >= 1 && threads <= 1024, "threads", "1 to 1024", threads);
    Require.that(transformer.model().gridSide() == dvae.model().gridSize(), "transformer.model.gridSide",
        dvae.model().gridSize() + ", the side of the dVAE's grid", transformer.model().gridSide());
    Require.that(transformer.model().imageVocabulary() == dvae.model().vocabulary(), "transformer.model.imageVocabulary",
        dvae.model().vocabulary() + ", the dVAE's vocabulary", transformer.model().imageVocabulary());
    Require.that(transformer.model().textVocabulary() >= tokenizer.vocabularySize(), "transformer.model.textVocabulary",
        tokenizer.vocabularySize() + " or more, the tokenizer's vocabulary", transformer.model().textVocabulary());
  }

  /** The same with other stages. */
  public RunConfig with(DvaeStageConfig newDvae, TransformerStageConfig newTransformer) {
    return new RunConfig(preset, seed, threads, data, tokenizer, newDvae, newTransformer, drawing);
  }

  /** The same with the types, numbers of updates and checkpoints of another run: what a calibration chooses. */
  public RunConfig fittedLike(RunConfig fitted) {
    return with(dvae.withCompute(fitted.dvae.compute()).withSteps(fitted.dvae.steps(), fitted.dvae.checkpointSteps()),
        transformer.withCompute(fitted.transformer.compute()).withSteps(fitted.transformer.steps(), fitted.transformer.checkpointSteps()));
  }

  /** The same with another seed and number of threads. */
  public RunConfig with(long newSeed, int newThreads) {
    return new RunConfig(preset, newSeed, newThreads, data, tokenizer, dvae, transformer, drawing);
  }

  /** The same on other data. */
  public RunConfig with(DataConfig newData) {
    return new RunConfig(preset, seed, threads, newData, tokenizer, dvae, transformer, drawing);
  }
}
