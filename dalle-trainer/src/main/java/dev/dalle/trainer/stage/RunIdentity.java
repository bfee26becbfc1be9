package dev.dalle.trainer.stage;

import dev.dalle.trainer.run.DataConfig;
import dev.dalle.trainer.run.DvaeStageConfig;
import dev.dalle.trainer.run.RunConfig;
import dev.dalle.trainer.run.TokenizerConfig;
import dev.dalle.trainer.run.TransformerStageConfig;

/** What a stage's state is a function of: a checkpoint of anything else is refused. */
final class RunIdentity {
  private RunIdentity() {}

  record OfDvae(long seed, int threads, DataConfig data, DvaeStageConfig dvae) {}

  record OfTransformer(long seed, int threads, DataConfig data, TokenizerConfig tokenizer, DvaeStageConfig dvae,
      TransformerStageConfig transformer) {}

  static OfDvae dvae(RunConfig run) {
    return new OfDvae(run.seed(), run.threads(), run.data(), run.dvae());
  }

  static OfTransformer transformer(RunConfig run) {
    return new OfTransformer(run.seed(), run.threads(), run.data(), run.tokenizer(), run.dvae(), run.transformer());
  }
}
