package dev.dalle.attention;

import dev.dalle.tensor.Activation;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Ops;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tape;
import dev.dalle.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Sequences that grow by one image token at a time. Keys and values of a prompt's states are computed once and shared by its sequences; each
 * sequence keeps those of its later states. Owns its tensors, among them the weights in the compute type. One thread at a time.
 */
public final class CachedDecoder implements AutoCloseable {
  private final Transformer model;
  private final TransformerConfig config;
  private final DType type;
  private final Device device;
  private final Ops ops;
  private final AttentionOps attention;
  private final Scope scope;
  /** Only for its parameters in the compute type, each converted once. */
  private final Tape weights;
  private final Buffers buffers;
  private final List<Tensor> prompts = new ArrayList<>();
  private final List<Tensor> caches = new ArrayList<>();
  private final Tensor promptOf;
  private final int sequences;
  private int cell;

  /**
   * Reads the prompts of a model, which must stay open and unchanged as long as this is.
   *
   * @param type of the products inside the resblocks: F32 or BF16
   * @param captions {@code [C][n]}
   * @param prefixes {@code [C][cell]}: image tokens that are given
   * @param promptOf {@code [N]}: the prompt of each sequence
   * @param cell number of image tokens given: the cell of the first token to come, less than the image has
   * @throws IllegalArgumentException if a token is none, or a length does not fit
   */
  public CachedDecoder(Transformer model, DType type, int[][] captions, int[][] prefixes, int[] promptOf, int cell) {
    this.model = model;
    this.config = model.config();
    this.type = type;
    this.device = model.parameters().scope().device();
    this.ops = device.ops();
    this.attention = device.operations(AttentionOps.class);
    this.sequences = promptOf.length;
    this.cell = cell;
    this.scope = device.newScope();
    try {
      this.weights = Tape.inference(scope, type);
      this.promptOf = scope.of(promptOf, sequences);
      this.buffers = new Buffers(scope, sequences);
      readPrompts(captions, prefixes);
    } catch (Throwable t) {
      scope.close();
      throw t;
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
      normed = scope.allocate(type, rows, d);
      qkv = scope.allocate(type, rows, 3L * d);
      attended = scope.allocate(type, rows, d);
      hidden = scope.allocate(type, rows, (long) config.mlpRatio() * d);
      branch = scope.allocate(type, rows, d);
      mean = scope.allocate(DType.F32, rows);
      rstd = scope.allocate(DType.F32, rows);
    }
  }

  private void readPrompts(int[][] captions, int[][] prefixes) {
    int count = captions.length;
    int states = config.textLength() + cell;
    long headShape = config.headSize();
    try (Scope reading = device.newScope()) {
      Tensor x = model.embedding.apply(Tape.inference(reading, type), model.embedding.rows(captions, prefixes, states));
      Buffers b = new Buffers(reading, (long) count * states);
      Tensor sums = reading.allocate(DType.F32, count, config.heads(), states);
      for (int layer = 0; layer < config.layers(); layer++) {
        AttentionBlock block = attentionBlock(layer);
        Tensor qkv = scope.allocate(type, count, states, 3, config.heads(), headShape);
        prompts.add(qkv);
        caches.add(scope.allocate(type, sequences, config.imageLength() - cell, 2, config.heads(), headShape));
        queriesKeysAndValues(block, x, b, qkv.reshape((long) count * states, 3L * config.width()));
        if (layer + 1 < config.layers()) {
          // Nothing reads what the last layer makes of a prompt's states.
          attention.forward(qkv, block.pattern(), b.attended.reshape(count, states, config.width()), sums);
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
   */
  public float[] next(int[] before) {
    int position = config.textLength() + cell;
    try (Scope step = device.newScope()) {
      Tape tape = Tape.inference(step, DType.F32);
      Tensor x = model.embedding.apply(tape, model.embedding.rows(cell, before));
      for (int layer = 0; layer < config.layers(); layer++) {
        AttentionBlock block = attentionBlock(layer);
        queriesKeysAndValues(block, x, buffers, buffers.qkv);
        attention.decode(buffers.qkv.reshape(sequences, 3, config.heads(), config.headSize()), block.pattern(), position, prompts.get(layer), promptOf,
            caches.get(layer), buffers.attended);
        finishLayer(layer, x, buffers);
      }
      cell++;
      Tensor normed = tape.layerNorm(x, model.finalGain, model.finalBias, config.layerNormEpsilon(), DType.F32);
      return model.imageHead.apply(tape, normed).toFloats();
    }
  }

  private void queriesKeysAndValues(AttentionBlock block, Tensor x, Buffers b, Tensor qkv) {
    ops.layerNorm(x, block.normGain.value(), block.normBias.value(), config.layerNormEpsilon(), b.normed, b.mean, b.rstd);
    ops.linear(b.normed, weights.constant(block.qkvWeight, type), block.qkvBias.value(), qkv);
  }

  /** From what was attended to, through the projection and the perceptron, added to {@code x}. */
  private void finishLayer(int layer, Tensor x, Buffers b) {
    AttentionBlock block = attentionBlock(layer);
    MlpBlock mlp = (MlpBlock) model.blocks().get(2 * layer + 1);
    ops.linear(b.attended, weights.constant(block.outWeight, type), block.outBias.value(), b.branch);
    ops.add(x, b.branch, x);
    ops.layerNorm(x, mlp.normGain.value(), mlp.normBias.value(), config.layerNormEpsilon(), b.normed, b.mean, b.rstd);
    ops.linear(b.normed, weights.constant(mlp.inWeight, type), mlp.inBias.value(), b.hidden);
    ops.activation(Activation.QUICK_GELU, b.hidden, b.hidden);
    ops.linear(b.hidden, weights.constant(mlp.outWeight, type), mlp.outBias.value(), b.branch);
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
