package dev.dalle.dvae;

import dev.dalle.tensor.ParameterSet;
import dev.dalle.tensor.Tape;
import dev.dalle.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/** {@code identity(x) + postGain * residual(x)}: four convolutions, each behind a ReLU, beside a 1 x 1 convolution or nothing. */
final class Resblock {
  private final Optional<Convolution> identity;
  private final List<Convolution> residual;
  private final double postGain;

  Resblock(ParameterSet parameters, BlockPlan plan, double postGain) {
    this.identity = plan.identity().map(convolution -> new Convolution(parameters, convolution));
    this.residual = plan.residual().stream().map(convolution -> new Convolution(parameters, convolution)).toList();
    this.postGain = postGain;
  }

  void initialise(long seed) {
    identity.ifPresent(convolution -> convolution.initialise(seed));
    residual.forEach(convolution -> convolution.initialise(seed));
  }

  /** On {@code [B, H, W, C]} in the tape's compute type; takes {@code x} over. */
  Tensor run(Tape tape, Tensor x) {
    Tensor branch = residual(tape, x);
    Tensor trunk = identity.map(convolution -> convolution.run(tape, x, x.dtype())).orElse(x);
    Tensor out = tape.addScaled(trunk, branch, postGain);
    // Backwards a sum reads neither of its terms.
    tape.scope().release(branch);
    tape.scope().release(trunk);
    if (identity.isPresent()) {
      Layers.releaseUnlessRecording(tape, x);
    }
    return out;
  }

  private Tensor residual(Tape tape, Tensor x) {
    Tensor state = Layers.relu(tape, x);
    for (int i = 0; i < residual.size(); i++) {
      Tensor next = residual.get(i).run(tape, state, state.dtype());
      Layers.releaseUnlessRecording(tape, state);
      state = i == residual.size() - 1 ? next : Layers.reluInPlace(tape, next);
    }
    return state;
  }
}
