package dev.dalle.attention;

import dev.dalle.tensor.Activation;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Ops;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tape;
import dev.dalle.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Sequences that grow by one image token at a time. Keys and values of a prompt's states are computed once and shared by its sequences; each
 * sequence keeps those of its later states that a layer's pattern still needs: 33 of 1,024 in a row layer of the paper.
 *
 * <p>The scores of a sequence depend on its own tokens alone, to the bit, whatever the other sequences are and however many: prompts are read one by one,
 * sequences {@value #ROWS} at a time, and what is computed of one row never depends on another. Owns its tensors. One thread at a time.
 */
public final class CachedDecoder implements AutoCloseable {
  /** Sequences that take a step together. More would be no faster: products of few rows are as fast as their weights can be read. */
  private static final int ROWS = 8;

  private final PackedTransformer weights;
  private final Transformer model;
  private final TransformerConfig config;
  private final Device device;
  private final Ops ops;
  private final AttentionOps attention;
  private final Scope scope;
  private final Buffers buffers;
  private final List<Tensor> prompts = new ArrayList<>();
  private final List<Tensor> caches = new ArrayList<>();
  private final Tensor promptOf;
  private final int sequences;
  private int cell;

  /**
   * Reads the prompts.
   *
   * @param weights must stay open as long as this is
   * @param captions {@code [C][n]}
   * @param prefixes {@code [C][cell]}: image tokens that are given
   * @param promptOf {@code [N]}: the prompt of each sequence
   * @param cell number of image tokens given: the cell of the first token to come, less than the image has
   * @throws IllegalArgumentException if a token is none, or a length does not fit
   */
  public CachedDecoder(PackedTransformer weights, int[][] captions, int[][] prefixes, int[] promptOf, int cell) {
    this.weights = weights;
    this.model = weights.model();
    this.config = model.config();
    this.device = model.parameters().scope().device();
    this.ops = device.ops();
    this.attention = device.operations(AttentionOps.class);
    this.sequences = promptOf.length;
    this.cell = cell;
    check(captions, prefixes, promptOf);
    this.scope = device.newScope();
    try {
      this.promptOf = scope.of(promptOf, sequences);
      this.buffers = new Buffers(scope, ROWS);
      for (int layer = 0; layer < config.layers(); layer++) {
        prompts.add(scope.allocate(weights.type(), captions.length, config.textLength() + cell, 3, config.heads(), config.headSize()));
        int needed = Math.min(config.imageLength() - cell, attentionBlock(layer).pattern().greatestReach() + 1);
        caches.add(scope.allocate(weights.type(), sequences, needed, 2, config.heads(), config.headSize()));
      }
      for (int prompt = 0; prompt < captions.length; prompt++) {
        read(prompt, captions[prompt], prefixes[prompt]);
      }
    } catch (Throwable t) {
      scope.close();
      throw t;
    }
  }

  private void check(int[][] captions, int[][] prefixes, int[] promptOf) {
    if (cell < 0 || cell >= config.imageLength()) {
      throw new IllegalArgumentException("cell: expected 0 to " + (config.imageLength() - 1) + ", got " + cell);
    }
    if (prefixes.length != captions.length) {
      throw new IllegalArgumentException("prefixes: expected one for each of the " + captions.length + " captions, got " + prefixes.length);
    }
    for (int prompt = 0; prompt < captions.length; prompt++) {
      new Prompt(captions[prompt], prefixes[prompt]).check(config, prompt);
      if (prefixes[prompt].length != cell) {
        throw new IllegalArgumentException("image prefix " + prompt + ": expected " + cell + " tokens, got " + prefixes[prompt].length);
      }
    }
    for (int n = 0; n < promptOf.length; n++) {
      if (promptOf[n] < 0 || promptOf[n] >= captions.length) {
        throw new IllegalArgumentException("promptOf: expected 0 to " + (captions.length - 1) + " for sequence " + n + ", got " + promptOf[n]);
      }
    }
  }

  /** The inside of resblocks for a number of states. */
  private final class Buffers {
    final Tensor normed;
    final Tensor qkv;
    final Tensor attended;
    final Tensor hidden;
    final Tensor branch;
    final Tensor mean;
    final Tensor rstd;

    Buffers(Scope scope, long rows) {
      int d = config.width();
      DType type = weights.type();
      normed = scope.allocate(type, rows, d);
      qkv = scope.allocate(type, rows, 3L * d);
      attended = scope.allocate(type, rows, d);
      hidden = scope.allocate(type, rows, (long) config.mlpRatio() * d);
      branch = scope.allocate(type, rows, d);
      mean = scope.allocate(DType.F32, rows);
      rstd = scope.allocate(DType.F32, rows);
    }

    private Buffers(Buffers whole, long rows) {
      normed = whole.normed.slice(0, rows);
      qkv = whole.qkv.slice(0, rows);
      attended = whole.attended.slice(0, rows);
      hidden = whole.hidden.slice(0, rows);
      branch = whole.branch.slice(0, rows);
      mean = whole.mean.slice(0, rows);
      rstd = whole.rstd.slice(0, rows);
    }

    /** The first rows. */
    Buffers of(long rows) {
      return new Buffers(this, rows);
    }
  }

  private void read(int prompt, int[] caption, int[] prefix) {
    int states = config.textLength() + cell;
    try (Scope reading = device.newScope()) {
      Tensor x = model.embedding.apply(Tape.inference(reading, weights.type()), model.embedding.rows(new int[][] {caption}, new int[][] {prefix}, states));
      Buffers b = new Buffers(reading, states);
      Tensor sums = reading.allocate(DType.F32, 1, config.heads(), states);
      for (int layer = 0; layer < config.layers(); layer++) {
        AttentionBlock block = attentionBlock(layer);
        Tensor qkv = prompts.get(layer).slice(prompt, prompt + 1);
        queriesKeysAndValues(block, x, b, qkv.reshape(states, 3L * config.width()));
        if (layer + 1 < config.layers()) {
          // Nothing reads what the last layer makes of a prompt's states.
          attention.forward(qkv, block.pattern(), b.attended.reshape(1, states, config.width()), sums);
          finishLayer(layer, x, b);
        }
      }
    }
  }

  /**
   * Takes in the tokens of the cell before and gives the scores of the next one.
   *
   * @param before the image tokens of the cell before, one for each sequence; not read for cell 0
   * @return {@code [N * K]}, on the host: waits for the device
   * @throws IllegalStateException if the image has no more cells
   */
  public float[] next(int[] before) {
    if (cell == config.imageLength()) {
      throw new IllegalStateException("all " + cell + " cells of the image have had their scores");
    }
    if (before.length != sequences) {
      throw new IllegalArgumentException("before: expected a token for each of the " + sequences + " sequences, got " + before.length);
    }
    float[] scores = new float[sequences * config.imageVocabulary()];
    for (int from = 0; from < sequences; from += ROWS) {
      int to = Math.min(sequences, from + ROWS);
      float[] some = next(before, from, to);
      System.arraycopy(some, 0, scores, from * config.imageVocabulary(), some.length);
    }
    cell++;
    return scores;
  }

  private float[] next(int[] before, int from, int to) {
    int rows = to - from;
    Buffers b = buffers.of(rows);
    try (Scope step = device.newScope()) {
      Tape tape = Tape.inference(step, DType.F32);
      Tensor x = model.embedding.apply(tape, model.embedding.rows(cell, Arrays.copyOfRange(before, from, to)));
      for (int layer = 0; layer < config.layers(); layer++) {
        AttentionBlock block = attentionBlock(layer);
        queriesKeysAndValues(block, x, b, b.qkv);
        attention.decode(b.qkv.reshape(rows, 3, config.heads(), config.headSize()), block.pattern(), config.textLength() + cell, prompts.get(layer),
            promptOf.slice(from, to), caches.get(layer).slice(from, to), b.attended);
        finishLayer(layer, x, b);
      }
      Tensor normed = tape.layerNorm(x, model.finalGain, model.finalBias, config.layerNormEpsilon(), DType.F32);
      Tensor scores = step.allocate(DType.F32, rows, config.imageVocabulary());
      ops.linearByRow(normed, weights.of(model.imageHead.weight), weights.headBias(), scores);
      return scores.toFloats();
    }
  }

  private void queriesKeysAndValues(AttentionBlock block, Tensor x, Buffers b, Tensor qkv) {
    ops.layerNorm(x, block.normGain.value(), block.normBias.value(), config.layerNormEpsilon(), b.normed, b.mean, b.rstd);
    ops.linearByRow(b.normed, weights.of(block.qkvWeight), block.qkvBias.value(), qkv);
  }

  /** From what was attended to, through the projection and the perceptron, added to {@code x}. */
  private void finishLayer(int layer, Tensor x, Buffers b) {
    AttentionBlock block = attentionBlock(layer);
    MlpBlock mlp = (MlpBlock) model.blocks().get(2 * layer + 1);
    ops.linearByRow(b.attended, weights.of(block.outWeight), block.outBias.value(), b.branch);
    ops.add(x, b.branch, x);
    ops.layerNorm(x, mlp.normGain.value(), mlp.normBias.value(), config.layerNormEpsilon(), b.normed, b.mean, b.rstd);
    ops.linearByRow(b.normed, weights.of(mlp.inWeight), mlp.inBias.value(), b.hidden);
    ops.activation(Activation.QUICK_GELU, b.hidden, b.hidden);
    ops.linearByRow(b.hidden, weights.of(mlp.outWeight), mlp.outBias.value(), b.branch);
    ops.add(x, b.branch, x);
  }

  private AttentionBlock attentionBlock(int layer) {
    return (AttentionBlock) model.blocks().get(2 * layer);
  }

  @Override
  public void close() {
    scope.close();
  }
}
