package dev.dalle.dvae;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.ParameterSet;
import dev.dalle.tensor.Tape;
import dev.dalle.tensor.Tensor;
import java.util.List;

/**
 * From pictures to the logits of codes: a 7 x 7 convolution, groups of residual blocks with 2 x 2 max-pooling between them, ReLU, a 1 x 1
 * convolution. Source: Ramesh et al. 2021, arXiv 2102.12092, section A.1.
 *
 * <p>Runs in the tape's compute type; the last convolution is in F32.
 */
public final class Encoder {
  private final DvaeConfig config;
  private final Convolution input;
  private final List<List<Resblock>> groups;
  private final Convolution output;

  Encoder(ParameterSet parameters, DvaeConfig config) {
    this.config = config;
    NetworkPlan plan = NetworkPlan.encoder(config);
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
   * Logits of the code at every position.
   *
   * @param mapped F32 {@code [B, H, W, 3]}, pixels behind {@link PixelMap}; H and W are positive multiples of {@link DvaeConfig#downsampling}, d
   * @return F32 {@code [B, H / d, W / d, vocabulary]}, owned by the tape's scope
   * @throws dev.dalle.tensor.ShapeException if the shape does not fit; the message shows what was expected and what was given
   */
  public Tensor logits(Tape tape, Tensor mapped) {
    Tensor state = state(tape, mapped);
    Tensor logits = output.runAtCode(tape, state);
    Layers.releaseUnlessRecording(tape, state);
    return logits;
  }

  /**
   * The most probable code at every position: the greatest of {@link #logits}, of which those that differ by less than roundings of 32 bits count as equal.
   *
   * @param tape must not record
   * @param mapped as for {@link #logits}
   * @param ids I32 {@code [B, H / d, W / d]}, overwritten
   */
  void mostProbable(Tape tape, Tensor mapped, Tensor ids) {
    Tensor state = state(tape, mapped);
    Tensor rows = state.reshape(state.shape().rowCount(), state.dim(-1));
    if (output.isPointwise() && CodeChoice.pays(tape.device(), rows, output.matrix())) {
      CodeChoice.choose(tape.device(), rows, output.matrix(), output.bias().value(), ids.reshape(rows.dim(0)));
    } else {
      Tensor logits = output.runAtCode(tape, state);
      tape.ops().argmax(logits, ids);
      tape.scope().release(logits);
    }
    tape.scope().release(state);
  }

  /** What the last convolution reads: F32. */
  private Tensor state(Tape tape, Tensor mapped) {
    Dvae.checkImages("mapped", mapped, config);
    Tensor x = DvaeFunctions.affine(tape, mapped, config.pixelScale(), -config.pixelCentre() * config.pixelScale(), tape.computeType());
    Tensor state = input.run(tape, x, tape.computeType());
    Layers.releaseUnlessRecording(tape, x);
    for (int i = 0; i < groups.size(); i++) {
      if (i > 0) {
        state = Layers.halve(tape, state, config.layerChoice().pooling());
      }
      for (Resblock block : groups.get(i)) {
        state = block.run(tape, state);
      }
    }
    return Layers.reluInPlace(tape, Layers.cast(tape, state, DType.F32));
  }
}
