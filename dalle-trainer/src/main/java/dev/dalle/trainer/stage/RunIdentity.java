package dev.dalle.trainer.stage;

import dev.dalle.trainer.run.DataConfig;
import dev.dalle.trainer.run.DvaeStageConfig;
import dev.dalle.trainer.run.RunConfig;
import dev.dalle.trainer.run.TokenizerConfig;
import dev.dalle.trainer.run.TransformerStageConfig;
import java.util.Optional;

/** What a stage's state is a function of: a checkpoint of anything else is refused. */
final class RunIdentity {
  private RunIdentity() {}

  record OfDvae(long seed, int threads, DataConfig data, DvaeStageConfig dvae) {}

  /** @param tokens SHA-256 of the manifest of token shards; none if the run encodes its pictures itself */
  record OfTransformer(long seed, int threads, DataConfig data, TokenizerConfig tokenizer, DvaeStageConfig dvae,
      TransformerStageConfig transformer, Optional<String> tokens) {}

  static OfDvae dvae(RunConfig run) {
    return new OfDvae(run.seed(), run.threads(), run.data(), run.dvae());
  }

  static OfTransformer transformer(RunConfig run, Optional<String> tokens) {
    return new OfTransformer(run.seed(), run.threads(), run.data(), run.tokenizer(), run.dvae(), run.transformer(), tokens);
  }
}
