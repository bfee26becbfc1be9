package dev.dalle.dvae;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A residual block before it is made: {@code identity(x) + postGain * residual(x)}.
 *
 * @param identity the 1 x 1 convolution beside the residual path, where the number of channels changes
 * @param residual four convolutions, each behind a ReLU
 */
record BlockPlan(Optional<ConvolutionPlan> identity, List<ConvolutionPlan> residual) {
  /** Positions on each side of a position that it reads. */
  int radius() {
    return residual.stream().mapToInt(ConvolutionPlan::radius).sum();
  }

  Stream<ConvolutionPlan> convolutions() {
    return Stream.concat(identity.stream(), residual.stream());
  }
}
