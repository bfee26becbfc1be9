package dev.dalle.bench;

import dev.dalle.attention.AttentionPattern;
import dev.dalle.attention.TokenBatch;
import dev.dalle.attention.TransformerConfig;
import dev.dalle.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The transformer's loss written with libtorch's operations. Attention is its scaled dot product attention with the pattern as a mask that is added to the scores;
 * it computes every pair, there is no sparse form. The stream, layer norms, heads and loss are in F32, the inside of a block in the compute type, as on our side.
 * Indices and masks are made once, outside of what is measured. Source: Ramesh et al. 2021, arXiv 2102.12092, sections 2.2 and B.1.
 */
final class TorchTransformer {
  private static final double GELU = 1.702;

  private final TransformerConfig config;
  private final TorchParameters parameters;
  private final ScalarType compute;
  private final AttentionForm form;
  private final int batch;
  private final List<Tensor> masks = new ArrayList<>();
  private final Tensor textRows;
  private final Tensor textPositions;
  private final Tensor imageRows;
  private final Tensor textStates;
  private final Tensor textTargets;
  private final Tensor imageStates;
  private final Tensor imageTargets;

  TorchTransformer(TransformerConfig config, TorchParameters parameters, DType dtype, AttentionForm form, TokenBatch tokens) {
    this.config = config;
    this.parameters = parameters;
    this.compute = Torch.type(dtype);
    this.form = form;
    this.batch = tokens.size();
    for (AttentionPattern pattern : config.layerPattern().all()) {
      masks.add(mask(pattern, dtype));
    }
    TokenRows rows = new TokenRows(config, tokens);
    textRows = Torch.of(rows.text, batch, config.textLength());
    textPositions = Torch.of(DType.F32, rows.textPositions, batch, config.textLength(), 1);
    imageRows = Torch.of(rows.image, batch, config.imageLength());
    textStates = Torch.of(rows.textStates, rows.textStates.length);
    textTargets = Torch.of(rows.textTargets, rows.textTargets.length);
    imageStates = Torch.of(rows.imageStates, rows.imageStates.length);
    imageTargets = Torch.of(rows.imageTargets, rows.imageTargets.length);
  }

  /** What is added to the scores: 0 where the pattern reads, minus infinity elsewhere. */
  static Tensor mask(AttentionPattern pattern, DType dtype) {
    int length = pattern.length();
    float[] mask = new float[length * length];
    for (int query = 0; query < length; query++) {
      for (int key = 0; key < length; key++) {
        mask[query * length + key] = pattern.attends(query, key) ? 0 : Float.NEGATIVE_INFINITY;
      }
    }
    return Torch.of(dtype, mask, 1, 1, length, length);
  }

  /** The loss of the batch. */
  Tensor loss() {
    Tensor x = embed();
    for (int layer = 1; layer <= config.layers(); layer++) {
      String name = "layer" + layer;
      x = torch.add(x, attention(name + ".attention", norm(name + ".attention.norm", x).to(compute), masks.get(layer - 1)));
      x = torch.add(x, perceptron(name + ".mlp", norm(name + ".mlp.norm", x).to(compute)));
    }
    Tensor rows = x.view(-1, config.width());
    Tensor text = crossEntropy("head.text", rows, textStates, textTargets);
    Tensor image = crossEntropy("head.image", rows, imageStates, imageTargets);
    return text.mul(new Scalar(config.textLossShare())).add(image.mul(new Scalar(1 - config.textLossShare())));
  }

  /** Tables are joined, so that each half of the stream takes one look-up: start, tokens and padding for text, start and tokens for the image. */
  private Tensor embed() {
    Tensor start = parameters.leaf("start");
    TensorVector starts = torch.chunk(start, 2, 0);
    Tensor textTable = torch.cat(new TensorVector(starts.get(0), parameters.leaf("text.token"), parameters.leaf("text.padding")));
    Tensor imageTable = torch.cat(new TensorVector(starts.get(1), parameters.leaf("image.token")));
    Tensor text = torch.embedding(textTable, textRows).add(parameters.leaf("text.position").mul(textPositions));
    long side = config.gridSide();
    Tensor places = parameters.leaf("image.row").view(side, 1, config.width()).add(parameters.leaf("image.column").view(1, side, config.width()));
    Tensor image = torch.embedding(imageTable, imageRows).add(places.view(1, config.imageLength(), config.width()));
    return torch.cat(new TensorVector(text, image), 1);
  }

  private Tensor norm(String name, Tensor x) {
    return torch.layer_norm(x, new long[] {config.width()}, new TensorOptional(parameters.leaf(name + ".gain")),
        new TensorOptional(parameters.leaf(name + ".bias")), config.layerNormEpsilon(), true);
  }

  /** In F32 the bias is added by itself: given to linear, it costs as much again as the product (18.7 ms instead of 8.9 for 3,328 x 256 x 1,024 with OpenBLAS). */
  private Tensor linear(String name, Tensor x) {
    Tensor weight = parameters.value(name + ".weight", compute);
    Tensor bias = parameters.value(name + ".bias", compute);
    return compute == ScalarType.Float ? torch.linear(x, weight).add_(bias) : torch.linear(x, weight, new TensorOptional(bias));
  }

  private Tensor attention(String name, Tensor x, Tensor mask) {
    Tensor packed = linear(name + ".qkv", x).view(batch, config.length(), 3, config.heads(), config.headSize());
    return linear(name + ".out", form.attention(packed, mask));
  }

  /** Quick GELU is {@code silu(1.702 x) / 1.702}. */
  private Tensor perceptron(String name, Tensor x) {
    Tensor hidden = torch.silu(linear(name + ".in", x).mul(new Scalar(GELU))).mul(new Scalar(1 / GELU));
    return linear(name + ".out", hidden);
  }

  private Tensor crossEntropy(String head, Tensor rows, Tensor states, Tensor targets) {
    Tensor logits = torch.linear(norm("final.norm", torch.index_select(rows, 0, states)), parameters.leaf(head + ".weight"));
    return torch.cross_entropy_loss(logits, targets);
  }
}
