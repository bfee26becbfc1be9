package dev.dalle.bench;

import dev.dalle.attention.BlockRunner;
import dev.dalle.attention.TokenBatch;
import dev.dalle.attention.Transformer;
import dev.dalle.attention.TransformerConfig;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Scope;

/** An update of stage two on both sides, from the same weights. Tokens are random: no operation's time depends on what they say. */
final class TransformerStepComparison implements Comparison {
  private static final long SEED = 7;

  private final TransformerConfig config;
  private final DType dtype;
  private final AttentionForm form;
  private final TokenBatch tokens;

  /**
   * A comparison.
   *
   * @param captionLength tokens of the captions, on average; a caption has between half and three halves of it
   * @param form of libtorch's attention
   */
  TransformerStepComparison(TransformerConfig config, int batch, int captionLength, DType dtype, AttentionForm form) {
    // Heads that start as zeros would hide everything below them from the comparison.
    this.config = config.withInitialisation(new TransformerConfig.Initialisation(1, 1, false));
    this.dtype = dtype;
    this.form = form;
    int[][] captions = new int[batch][];
    int[][] images = new int[batch][];
    for (int b = 0; b < batch; b++) {
      int length = captionLength / 2 + (b * 5 + 1) % (captionLength + 1);
      captions[b] = Inputs.integers(2L * b, config.textVocabulary(), Math.min(length, config.maxCaptionLength()));
      images[b] = Inputs.integers(2L * b + 1, config.imageVocabulary(), config.imageLength());
    }
    tokens = new TokenBatch(captions, images);
  }

  /** The model, whose weights start large enough for gradients to reach every layer. */
  TransformerConfig config() {
    return config;
  }

  /** Type of the inside of blocks. */
  DType dtype() {
    return dtype;
  }

  /** The one batch. */
  TokenBatch tokens() {
    return tokens;
  }

  /** Of gradients through all layers. In BF16 both sides round after every operation, each in its own places. */
  @Override
  public double tolerance() {
    return dtype == DType.F32 ? 1e-3 : 0.5;
  }

  @Override
  public Formulation ours() {
    Scope scope = Ours.device().newScope();
    Transformer transformer = new Transformer(config, scope);
    transformer.initialise(SEED);
    return new OurTraining(scope, transformer.parameters(), dtype, (tape, step) -> transformer.loss(tape, tokens, BlockRunner.kept()).total());
  }

  @Override
  public Formulation libtorch() {
    Torch.prepare();
    try (Scope scope = Ours.device().newScope()) {
      Transformer transformer = new Transformer(config, scope);
      transformer.initialise(SEED);
      TorchParameters parameters = new TorchParameters(transformer.parameters());
      TorchTransformer model = new TorchTransformer(config, parameters, dtype, form, tokens);
      return new TorchTraining(parameters.leaves(), parameters.decays(), fixed -> model.loss());
    }
  }
}
