package dev.dalle.attention;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Parameter;
import dev.dalle.tensor.ParameterSet;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tape;
import dev.dalle.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * The decoder-only transformer over text tokens followed by image tokens: input vectors, resblocks, a last layer norm and two heads. Source:
 * Ramesh et al. 2021, arXiv 2102.12092, sections 2.2 and 2.4, appendix B.1.
 *
 * <p>The stream between the blocks, every layer norm, the heads and the loss are in 32 bits; the inside of a block is in the tape's compute type.
 * A value: it holds its parameters and nothing that changes from call to call.
 */
public final class Transformer {
  private final TransformerConfig config;
  private final ParameterSet parameters;
  final Embedding embedding;
  private final List<Resblock> blocks;
  final Parameter finalGain;
  final Parameter finalBias;
  private final OutputHead textHead;
  final OutputHead imageHead;

  /**
   * A transformer whose parameters live in a set of their own, in F32; call {@link #initialise} or load values before using it.
   *
   * @param scope owner of the parameters
   */
  public Transformer(TransformerConfig config, Scope scope) {
    this(config, scope, DType.F32);
  }

  /**
   * A transformer whose parameters live in a set of their own; call {@link #initialise} or load values before using it.
   *
   * @param scope owner of the parameters
   * @param matrixType in which the matrices of the resblocks are kept: F32, F16 or BF16; everything else is F32
   */
  public Transformer(TransformerConfig config, Scope scope, DType matrixType) {
    this(config, new ParameterSet(scope, matrixType));
  }

  /**
   * A transformer whose parameters are added to a set; call {@link #initialise} or load values before using it, or, where the set is one of detached parameters,
   * lend them values whenever they are used.
   *
   * @param parameters empty
   */
  public Transformer(TransformerConfig config, ParameterSet parameters) {
    this.config = config;
    this.parameters = parameters;
    for (ParameterSpec spec : config.parameters()) {
      parameters.add(spec.name(), spec.kind(), spec.shape().toArray());
    }
    embedding = new Embedding(config, parameters);
    List<Resblock> made = new ArrayList<>();
    for (int layer = 1; layer <= config.layers(); layer++) {
      String name = "layer" + layer;
      made.add(new AttentionBlock(name + ".attention", config.layerPattern().pattern(layer), config.heads(), config.layerNormEpsilon(), parameters));
      made.add(new MlpBlock(name + ".mlp", config.layerNormEpsilon(), parameters));
    }
    blocks = List.copyOf(made);
    finalGain = parameters.get("final.norm.gain");
    finalBias = parameters.get("final.norm.bias");
    textHead = new OutputHead(config, "head.text", parameters);
    imageHead = new OutputHead(config, "head.image", parameters);
  }

  /** Its configuration. */
  public TransformerConfig config() {
    return config;
  }

  /** All parameters in the order of the stream, named as in {@link TransformerConfig#parameters()}. */
  public ParameterSet parameters() {
    return parameters;
  }

  /** The resblocks in order: attention and perceptron of layer 1, of layer 2, and so on. */
  public List<Resblock> blocks() {
    return blocks;
  }

  /** Writes the initial weights, each a function of the seed and the parameter's name alone. */
  public void initialise(long seed) {
    for (ParameterSpec spec : config.parameters()) {
      spec.initialise(parameters.get(spec.name()), seed);
    }
  }

  /**
   * The input of the first resblock.
   *
   * @return F32 {@code [B, S, d]}, S being the stream's length
   * @throws IllegalArgumentException if the batch does not fit the configuration
   */
  public Tensor embed(Tape tape, TokenBatch batch) {
    batch.check(config);
    Tensor states = embedding.apply(tape, embedding.rows(batch.captions(), batch.images(), config.length()));
    return tape.reshape(states, batch.size(), config.length(), config.width());
  }

  /**
   * The output of the last resblock. Without a recording tape nothing but the stream is kept, and each block runs on a tape of its own, whatever the runner.
   *
   * @param x F32 {@code [B, S, d]}
   * @return F32 {@code [B, S, d]}
   */
  public Tensor run(Tape tape, Tensor x, BlockRunner runner) {
    BlockRunner chosen = tape.isRecording() ? runner
        : (outer, block, input) -> outer.checkpoint(inner -> runner.run(inner.tape(), block, inner.x()), input);
    Tensor stream = x;
    for (Resblock block : blocks) {
      Tensor next = chosen.run(tape, block, stream);
      if (!tape.isRecording() && stream != x) {
        tape.scope().release(stream);
      }
      stream = next;
    }
    return stream;
  }

  /**
   * Scores of the states that predict something.
   *
   * @param x F32 {@code [B, S, d]}, the output of {@link #run}
   */
  public TransformerLogits logits(Tape tape, Tensor x, TokenBatch batch) {
    Tensor image = imageLogits(tape, x, batch);
    return new TransformerLogits(textLogits(tape, x, batch), tape.reshape(image, batch.size(), config.imageLength(), config.imageVocabulary()));
  }

  /** Scores of a batch, from the tokens on. */
  public TransformerLogits logits(Tape tape, TokenBatch batch, BlockRunner runner) {
    return logits(tape, run(tape, embed(tape, batch), runner), batch);
  }

  /**
   * The loss of a batch: cross entropies summed over text and over image tokens, each divided by the number of tokens of its kind in the batch, and
   * weighted (Ramesh et al. 2021, section 2.2: 1/8 and 7/8). Train with {@code tape.backward(loss.total(), gradient)}.
   *
   * @param runner such as {@link BlockRunner#kept()} or {@link BlockRunner#checkpointed()}
   * @throws IllegalArgumentException if the batch does not fit the configuration
   */
  public TransformerLoss loss(Tape tape, TokenBatch batch, BlockRunner runner) {
    return loss(tape, batch, runner, 1);
  }

  /**
   * The loss of a part of a batch, such that the mean over parts of equal size is the loss of the whole.
   *
   * @param textWeight what the text's mean counts for: the part's text tokens, times the number of parts, over the text tokens of the whole
   */
  public TransformerLoss loss(Tape tape, TokenBatch batch, BlockRunner runner, double textWeight) {
    Tensor x = run(tape, embed(tape, batch), runner);
    MeanCrossEntropy text = MeanCrossEntropy.of(tape, textLogits(tape, x, batch), concatenated(batch.captions()));
    MeanCrossEntropy image = MeanCrossEntropy.of(tape, imageLogits(tape, x, batch), concatenated(batch.images()));
    Tensor total = tape.addScaled(tape.scale(image.mean(), 1 - config.textLossShare()), text.mean(), textWeight * config.textLossShare());
    return new TransformerLoss(total, text.mean(), image.mean(), text.losses(),
        image.losses().reshape(batch.size(), config.imageLength()));
  }

  private Tensor textLogits(Tape tape, Tensor x, TokenBatch batch) {
    int[] states = textStates(batch);
    if (states.length == 0) {
      return tape.scope().allocate(DType.F32, 0, config.textVocabulary());
    }
    return textHead.apply(tape, finalNorm(tape, x, states));
  }

  private Tensor imageLogits(Tape tape, Tensor x, TokenBatch batch) {
    return imageHead.apply(tape, finalNorm(tape, x, imageStates(batch)));
  }

  private Tensor finalNorm(Tape tape, Tensor x, int[] states) {
    Tensor chosen = tape.gatherRows(x, tape.scope().of(states, states.length));
    return tape.layerNorm(chosen, finalGain, finalBias, config.layerNormEpsilon(), DType.F32);
  }

  /** State i of a caption predicts token i; the last token's state and the padding predict nothing. */
  private int[] textStates(TokenBatch batch) {
    int[] states = new int[batch.textTokenCount()];
    int next = 0;
    for (int b = 0; b < batch.size(); b++) {
      for (int i = 0; i < batch.captions()[b].length; i++) {
        states[next++] = b * config.length() + i;
      }
    }
    return states;
  }

  private int[] imageStates(TokenBatch batch) {
    int[] states = new int[batch.size() * config.imageLength()];
    for (int i = 0; i < states.length; i++) {
      states[i] = i / config.imageLength() * config.length() + config.textLength() + i % config.imageLength();
    }
    return states;
  }

  private static int[] concatenated(int[][] rows) {
    int length = 0;
    for (int[] row : rows) {
      length += row.length;
    }
    int[] all = new int[length];
    int next = 0;
    for (int[] row : rows) {
      System.arraycopy(row, 0, all, next, row.length);
      next += row.length;
    }
    return all;
  }
}
