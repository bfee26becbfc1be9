package dev.dalle.dvae;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.ParameterSet;
import dev.dalle.tensor.Tape;
import dev.dalle.tensor.Tensor;
import java.util.List;
import java.util.Objects;

/**
 * From codes to the maps of the pixels' likelihood: a 1 x 1 convolution, groups of residual blocks with nearest-neighbour doubling between
 * them (see {@link Resblock#runDoubled}), ReLU, a 1 x 1 convolution. Source: Ramesh et al. 2021, arXiv 2102.12092, section A.1. There is no codebook beside the first
 * convolution's weights.
 *
 * <p>Runs in the tape's compute type; the first convolution is in F32, and so are the maps.
 */
public final class Decoder {
  private final DvaeConfig config;
  private final Convolution input;
  private final List<List<Resblock>> groups;
  private final Convolution output;

  Decoder(ParameterSet parameters, DvaeConfig config) {
    this.config = config;
    NetworkPlan plan = NetworkPlan.decoder(config);
    this.input = new Convolution(parameters, plan.input());
    this.groups = Resblocks.make(parameters, plan, config.postGain());
    this.output = new Convolution(parameters, plan.output());
  }

  void initialise(long seed) {
    input.initialise(seed);
    groups.forEach(group -> group.forEach(block -> block.initialise(seed)));
    output.initialise(seed);
  }

  /**
   * Maps of a soft code.
   *
   * @param code F32 {@code [B, rows, columns, vocabulary]}, each position sums to 1; any positive numbers of rows and columns
   * @return F32 {@code [B, rows * d, columns * d, 6]} with d = {@link DvaeConfig#downsampling}: mu of red, green, blue, then ln b of red, green, blue;
   *     owned by the tape's scope
   * @throws dev.dalle.tensor.ShapeException if the shape does not fit; the message shows what was expected and what was given
   */
  public Tensor maps(Tape tape, Tensor code) {
    Dvae.checkCode(code, config);
    return fromEmbedding(tape, input.runAtCode(tape, code));
  }

  /**
   * Maps of chosen codes: the same as {@link #maps} of a one-hot code, without building one. (A {@link NetworkVariant} whose convolutions around the code are
   * wider does build it, on the host, and waits for the ids.)
   *
   * @param tape must not record: what it would record has no gradient for the first convolution
   * @param ids I32 {@code [B, rows, columns]}; one outside of 0 to vocabulary - 1 makes the device fail
   * @return F32 {@code [B, rows * d, columns * d, 6]}, as of {@link #maps}
   * @throws dev.dalle.tensor.ShapeException if the shape does not fit; the message shows what was expected and what was given
   * @throws IllegalStateException if the tape records
   */
  public Tensor mapsOf(Tape tape, Tensor ids) {
    Dvae.checkIds(ids);
    if (tape.isRecording()) {
      throw new IllegalStateException("mapsOf: this tape records; train on soft codes with maps, or use Tape.inference");
    }
    if (config.layerChoice().codeKernel() > 1) {
      return maps(tape, oneHot(tape, ids));
    }
    Tensor embedding = tape.scope().allocate(DType.F32, ids.dim(0), ids.dim(1), ids.dim(2), config.decoderInit());
    DvaeOps ops = tape.device().operations(DvaeOps.class);
    ops.gatherColumns(input.weight().value().reshape(config.decoderInit(), config.vocabulary()), input.bias().value(), ids, embedding);
    return fromEmbedding(tape, embedding);
  }

  private Tensor oneHot(Tape tape, Tensor ids) {
    int[] chosen = ids.toInts();
    float[] code = new float[Math.multiplyExact(chosen.length, config.vocabulary())];
    for (int i = 0; i < chosen.length; i++) {
      code[i * config.vocabulary() + Objects.checkIndex(chosen[i], config.vocabulary())] = 1;
    }
    return tape.scope().of(code, ids.dim(0), ids.dim(1), ids.dim(2), config.vocabulary());
  }

  /** Takes the embedding over. */
  private Tensor fromEmbedding(Tape tape, Tensor embedding) {
    Tensor state = Layers.cast(tape, embedding, tape.computeType());
    for (int i = 0; i < groups.size(); i++) {
      Resblock first = groups.get(i).getFirst();
      state = i > 0 ? first.runDoubled(tape, state) : first.run(tape, state);
      for (Resblock block : groups.get(i).subList(1, groups.get(i).size())) {
        state = block.run(tape, state);
      }
    }
    state = Layers.reluInPlace(tape, state);
    Tensor maps = output.run(tape, state, DType.F32);
    Layers.releaseUnlessRecording(tape, state);
    return maps;
  }
}
