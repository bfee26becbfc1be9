package dev.dalle.dvae;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.ParameterSet;
import dev.dalle.tensor.Shape;
import dev.dalle.tensor.ShapeException;
import dev.dalle.tensor.Tape;
import dev.dalle.tensor.Tensor;
import java.util.List;

/**
 * From codes to the maps of the pixels' likelihood: a 1 x 1 convolution, groups of residual blocks with nearest-neighbour doubling between
 * them, ReLU, a 1 x 1 convolution. Source: Ramesh et al. 2021, arXiv 2102.12092, section A.1. There is no codebook beside the first
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
   * @param code F32 {@code [B, grid, grid, vocabulary]}, each position sums to 1
   * @return F32 {@code [B, S, S, 6]}: mu of red, green, blue, then ln b of red, green, blue; owned by the tape's scope
   * @throws ShapeException if the shape differs; the message shows both
   */
  public Tensor maps(Tape tape, Tensor code) {
    Shape expected = Shape.of(code.shape().rank() == 0 ? 0 : code.dim(0), config.gridSize(), config.gridSize(), config.vocabulary());
    if (!code.shape().equals(expected) || code.dtype() != DType.F32) {
      throw new ShapeException("code: expected F32" + expected + " [batch, grid, grid, vocabulary], got " + code);
    }
    return fromEmbedding(tape, input.runPointwise(tape, code));
  }

  /**
   * Maps of chosen codes: the same as {@link #maps} of a one-hot code, without building one.
   *
   * @param tape must not record: what it would record has no gradient for the first convolution
   * @param ids I32 {@code [B, grid, grid]}; one outside of 0 to vocabulary - 1 makes the device fail
   * @return F32 {@code [B, S, S, 6]}, as of {@link #maps}
   * @throws ShapeException if the shape differs; the message shows both
   * @throws IllegalStateException if the tape records
   */
  public Tensor mapsOf(Tape tape, Tensor ids) {
    Dvae.checkIds(ids, config);
    if (tape.isRecording()) {
      throw new IllegalStateException("mapsOf: this tape records; train on soft codes with maps, or use Tape.inference");
    }
    Tensor embedding = tape.scope().allocate(DType.F32, ids.dim(0), config.gridSize(), config.gridSize(), config.decoderInit());
    DvaeOps ops = tape.device().operations(DvaeOps.class);
    ops.gatherColumns(input.weight().value().reshape(config.decoderInit(), config.vocabulary()), input.bias().value(), ids, embedding);
    return fromEmbedding(tape, embedding);
  }

  /** Takes the embedding over. */
  private Tensor fromEmbedding(Tape tape, Tensor embedding) {
    Tensor state = Layers.cast(tape, embedding, tape.computeType());
    for (int i = 0; i < groups.size(); i++) {
      if (i > 0) {
        state = Layers.twice(tape, state);
      }
      for (Resblock block : groups.get(i)) {
        state = block.run(tape, state);
      }
    }
    state = Layers.reluInPlace(tape, state);
    Tensor maps = output.run(tape, state, DType.F32);
    Layers.releaseUnlessRecording(tape, state);
    return maps;
  }
}
