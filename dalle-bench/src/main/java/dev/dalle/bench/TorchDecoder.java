package dev.dalle.bench;

import dev.dalle.attention.AttentionPattern;
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
 * Drawing with libtorch's operations: keys and values of the states so far are kept, a new state attends to all of them with its row of the pattern's mask added to
 * the scores. Caches, masks and weights in the compute type are made once, outside of what is measured.
 */
final class TorchDecoder {
  private static final double GELU = 1.702;

  private final TransformerConfig config;
  private final TorchParameters parameters;
  private final ScalarType compute;
  private final AttentionForm form;
  private final int batch;
  private final List<Tensor> masks = new ArrayList<>();
  private final List<Tensor> caches = new ArrayList<>();
  private final Tensor text;
  private final Tensor positions;
  private final Tensor imageTable;

  /**
   * A decoder.
   *
   * @param captions as many as the batch has sequences
   */
  TorchDecoder(TransformerConfig config, TorchParameters parameters, DType dtype, AttentionForm form, int[][] captions) {
    this.config = config;
    this.parameters = parameters;
    this.compute = Torch.type(dtype);
    this.form = form;
    this.batch = captions.length;
    for (AttentionPattern pattern : config.layerPattern().all()) {
      masks.add(TorchTransformer.mask(pattern, dtype));
      caches.add(torch.zeros(2, batch, config.heads(), config.length(), config.headSize()).to(compute));
    }
    for (int layer = 1; layer <= config.layers(); layer++) {
      for (String linear : new String[] {".attention.qkv", ".attention.out", ".mlp.in", ".mlp.out"}) {
        parameters.keep("layer" + layer + linear + ".weight", compute);
        parameters.keep("layer" + layer + linear + ".bias", compute);
      }
    }
    int[] rows = new int[batch * config.textLength()];
    float[] placed = new float[rows.length];
    for (int b = 0; b < batch; b++) {
      for (int s = 0; s < config.textLength(); s++) {
        boolean padding = s > captions[b].length;
        placed[b * config.textLength() + s] = padding ? 0 : 1;
        rows[b * config.textLength() + s] = s == 0 ? 0 : padding ? 1 + config.textVocabulary() + s : 1 + captions[b][s - 1];
      }
    }
    TensorVector starts = torch.chunk(parameters.leaf("start"), 2, 0);
    Tensor table = torch.cat(new TensorVector(starts.get(0), parameters.leaf("text.token"), parameters.leaf("text.padding")));
    text = torch.embedding(table, Torch.of(rows, batch, config.textLength()))
        .add(parameters.leaf("text.position").mul(Torch.of(DType.F32, placed, batch, config.textLength(), 1)));
    imageTable = torch.cat(new TensorVector(starts.get(1), parameters.leaf("image.token")));
    long side = config.gridSide();
    positions = parameters.leaf("image.row").view(side, 1, config.width()).add(parameters.leaf("image.column").view(1, side, config.width()))
        .view(config.imageLength(), config.width());
  }

  /** Reads the captions, which fills the caches. */
  void readCaptions() {
    states(text, 0);
  }

  /**
   * Scores of a cell's token, F32 {@code [N, K]}.
   *
   * @param before tokens of the cell before, {@code [N]}; the number of the start, -1, for cell 0
   */
  Tensor next(int cell, int[] before) {
    int[] rows = new int[batch];
    for (int b = 0; b < batch; b++) {
      rows[b] = before[b] + 1;
    }
    Tensor x = torch.embedding(imageTable, Torch.of(rows, batch, 1)).add(positions.select(0, cell));
    Tensor out = states(x, config.textLength() + cell).view(batch, config.width());
    return torch.linear(norm("final.norm", out), parameters.leaf("head.image.weight"));
  }

  private Tensor states(Tensor in, int from) {
    Tensor x = in;
    for (int layer = 1; layer <= config.layers(); layer++) {
      String name = "layer" + layer;
      x = torch.add(x, attention(layer, name + ".attention", norm(name + ".attention.norm", x).to(compute), from));
      x = torch.add(x, perceptron(name + ".mlp", norm(name + ".mlp.norm", x).to(compute)));
    }
    return x;
  }

  private Tensor norm(String name, Tensor x) {
    return torch.layer_norm(x, new long[] {config.width()}, new TensorOptional(parameters.leaf(name + ".gain")),
        new TensorOptional(parameters.leaf(name + ".bias")), config.layerNormEpsilon(), true);
  }

  private Tensor linear(String name, Tensor x) {
    return torch.linear(x, parameters.kept(name + ".weight"), new TensorOptional(parameters.kept(name + ".bias")));
  }

  private Tensor attention(int layer, String name, Tensor x, int from) {
    long states = x.size(1);
    Tensor parts = linear(name + ".qkv", x).view(batch, states, 3, config.heads(), config.headSize()).permute(2, 0, 3, 1, 4);
    Tensor cache = caches.get(layer - 1);
    cache.narrow(3, from, states).copy_(parts.narrow(0, 1, 2));
    Tensor seen = cache.narrow(3, 0, from + states);
    Tensor mask = masks.get(layer - 1).narrow(2, from, states).narrow(3, 0, from + states);
    return linear(name + ".out", form.attention(parts.select(0, 0), seen.select(0, 0), seen.select(0, 1), mask));
  }

  private Tensor perceptron(String name, Tensor x) {
    return linear(name + ".out", torch.silu(linear(name + ".in", x).mul(new Scalar(GELU))).mul(new Scalar(1 / GELU)));
  }
}
