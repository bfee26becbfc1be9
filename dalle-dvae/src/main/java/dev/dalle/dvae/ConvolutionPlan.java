package dev.dalle.dvae;

import dev.dalle.tensor.Parameter;

/**
 * A convolution before it is made.
 *
 * @param name path in the model; the parameters are {@code name.w} and {@code name.b}
 * @param inputs channels
 * @param outputs channels
 * @param kernel height and width, odd
 * @param gain the weights start as normal numbers of deviation {@code gain / sqrt(inputs * kernel^2)}
 * @param kind of the weights; the bias is always FULL
 */
record ConvolutionPlan(String name, int inputs, int outputs, int kernel, double gain, Parameter.Kind kind) {
  long parameterCount() {
    return (long) outputs * inputs * kernel * kernel + outputs;
  }

  /** Positions on each side of a position that it reads. */
  int radius() {
    return kernel / 2;
  }

  double deviation() {
    return gain / Math.sqrt((double) inputs * kernel * kernel);
  }
}
