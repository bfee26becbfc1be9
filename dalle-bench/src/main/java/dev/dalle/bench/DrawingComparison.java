package dev.dalle.bench;

import dev.dalle.attention.CachedDecoder;
import dev.dalle.attention.PackedTransformer;
import dev.dalle.attention.Transformer;
import dev.dalle.attention.TransformerConfig;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Scope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

/**
 * The scores of all tokens of some images, one after the other, from captions that are read first. The tokens are given, not drawn: their scores take the
 * same time whatever they are.
 */
final class DrawingComparison implements Comparison {
  private static final long SEED = 7;
  /** Cells whose scores are compared, in one row and the next. */
  private static final int COMPARED = 40;

  private final TransformerConfig config;
  private final DType dtype;
  private final AttentionForm form;
  private final int[][] captions;
  private final int[][] before;

  DrawingComparison(TransformerConfig config, int batch, DType dtype, AttentionForm form) {
    // Heads that start as zeros would hide everything below them from the comparison.
    this.config = config.withInitialisation(new TransformerConfig.Initialisation(1, 1, false));
    this.dtype = dtype;
    this.form = form;
    captions = new int[batch][];
    for (int b = 0; b < batch; b++) {
      captions[b] = Inputs.integers(b, config.textVocabulary(), Math.min(10 + b, config.maxCaptionLength()));
    }
    before = new int[config.imageLength()][];
    for (int cell = 0; cell < before.length; cell++) {
      before[cell] = Inputs.integers(100 + cell, config.imageVocabulary(), batch);
    }
    Arrays.fill(before[0], -1);
  }

  /** In BF16 both sides round after every operation, each in its own places. */
  @Override
  public double tolerance() {
    return dtype == DType.F32 ? 1e-3 : 0.2;
  }

  private CachedDecoder decoder(PackedTransformer weights) {
    int[] promptOf = new int[captions.length];
    Arrays.setAll(promptOf, n -> n);
    return new CachedDecoder(weights, captions, new int[captions.length][0], promptOf, 0);
  }

  @Override
  public Formulation ours() {
    Scope scope = Ours.device().newScope();
    Transformer transformer = new Transformer(config, scope);
    transformer.initialise(SEED);
    PackedTransformer weights = new PackedTransformer(transformer, dtype);
    return new Formulation() {
      @Override
      public void run() {
        decode(config.imageLength(), new ArrayList<>());
      }

      private void decode(int cells, List<float[]> scores) {
        try (CachedDecoder decoder = decoder(weights)) {
          for (int cell = 0; cell < cells; cell++) {
            float[] next = decoder.next(before[cell]);
            if (cell < COMPARED) {
              scores.add(next);
            }
          }
        }
      }

      @Override
      public List<float[]> results() {
        List<float[]> scores = new ArrayList<>();
        decode(Math.min(COMPARED, config.imageLength()), scores);
        return scores;
      }

      @Override
      public void close() {
        weights.close();
        scope.close();
      }
    };
  }

  @Override
  public Formulation libtorch() {
    Torch.prepare();
    try (Scope scope = Ours.device().newScope()) {
      Transformer transformer = new Transformer(config, scope);
      transformer.initialise(SEED);
      TorchParameters parameters = new TorchParameters(transformer.parameters());
      TorchDecoder decoder = new TorchDecoder(config, parameters, dtype, form, captions);
      return Torch.of(() -> decode(decoder, config.imageLength()), () -> decode(decoder, Math.min(COMPARED, config.imageLength())));
    }
  }

  private List<float[]> decode(TorchDecoder decoder, int cells) {
    List<float[]> scores = new ArrayList<>();
    decoder.readCaptions();
    for (int cell = 0; cell < cells; cell++) {
      try (PointerScope step = new PointerScope()) {
        Tensor next = decoder.next(cell, before[cell]);
        float[] values = Torch.floats(next);
        if (cell < COMPARED) {
          scores.add(values);
        }
      }
    }
    return scores;
  }
}
