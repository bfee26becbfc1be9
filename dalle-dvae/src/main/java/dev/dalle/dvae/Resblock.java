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
  private final boolean entersPointwise;

  Resblock(ParameterSet parameters, BlockPlan plan, double postGain) {
    this.identity = plan.identity().map(convolution -> new Convolution(parameters, convolution));
    this.residual = plan.residual().stream().map(convolution -> new Convolution(parameters, convolution)).toList();
    this.postGain = postGain;
    this.entersPointwise = plan.residual().getFirst().kernel() == 1;
  }

  void initialise(long seed) {
    identity.ifPresent(convolution -> convolution.initialise(seed));
    residual.forEach(convolution -> convolution.initialise(seed));
  }

  /** On {@code [B, H, W, C]} in the tape's compute type; takes {@code x} over. */
  Tensor run(Tape tape, Tensor x) {
    return run(tape, x, false);
  }

  /**
   * The same on a grid that is doubled first: {@code [B, H, W, C]} to {@code [B, 2 H, 2 W, outputs]}. The copies of a position stay alike through whatever looks at
   * one position alone, so the 1 x 1 convolutions at the block's entrance run before the doubling: the same result for a quarter of their products.
   *
   * @param x taken over
   * @throws IllegalStateException if the residual path begins with something wider
   */
  Tensor runDoubled(Tape tape, Tensor x) {
    if (!entersPointwise) {
      throw new IllegalStateException("a block whose residual path does not begin with a 1 x 1 convolution cannot run before the grid is doubled");
    }
    return run(tape, x, true);
  }

  private Tensor run(Tape tape, Tensor x, boolean doubled) {
    Tensor branch = residual(tape, x, doubled);
    Tensor own = identity.map(convolution -> convolution.run(tape, x, x.dtype())).orElse(x);
    Tensor trunk = doubled ? Layers.twice(tape, own) : own;
    Tensor out = tape.addScaled(trunk, branch, postGain);
    // Backwards a sum reads neither of its terms.
    tape.scope().release(branch);
    tape.scope().release(trunk);
    if (identity.isPresent()) {
      Layers.releaseUnlessRecording(tape, x);
    }
    return out;
  }

  private Tensor residual(Tape tape, Tensor x, boolean doubled) {
    Tensor state = Layers.relu(tape, x);
    for (int i = 0; i < residual.size(); i++) {
      Tensor next = residual.get(i).run(tape, state, state.dtype());
      Layers.releaseUnlessRecording(tape, state);
      if (doubled && i == 0) {
        next = Layers.twice(tape, next);
      }
      state = i == residual.size() - 1 ? next : Layers.reluInPlace(tape, next);
    }
    return state;
  }
}
