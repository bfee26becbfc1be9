package dev.dalle.tensor;

/**
 * The operations of a device. Each writes its result to a tensor that the caller gives, is posted rather than waited for, and gives
 * the same bits whenever it is repeated with the same number of threads.
 *
 * <p>Notation: {@code [N, C]} is any shape of rank 1 or more read as rows of its innermost dimension. "Floating" means {@link DType#F32},
 * {@link DType#F16} or {@link DType#BF16}; different floating types may be mixed where nothing else is said. Whatever the types, sums and
 * transcendental functions are computed in at least 32 bits and rounded once, to nearest even; what is beyond the greatest number of its
 * type becomes infinite. An output must not overlap an input unless it is named as allowed.
 *
 * <p>Every method throws {@link ShapeException} if shapes, types or devices do not fit, before anything is posted; the message names the
 * argument, what was expected and what was given.
 */
public interface Ops {
  // Elements

  /** {@code out = value}, any type. */
  void fill(Tensor out, double value);

  /** {@code out = in}, converted between floating types; other types must be equal. Same number of elements. */
  void copy(Tensor in, Tensor out);

  /** {@code out = a + b}; floating, same number of elements; {@code out} may be {@code a} or {@code b}. */
  void add(Tensor a, Tensor b, Tensor out);

  /** {@code out = a * b}; floating, same number of elements; {@code out} may be {@code a} or {@code b}. */
  void multiply(Tensor a, Tensor b, Tensor out);

  /** {@code out = factor * in}; floating, same number of elements; {@code out} may be {@code in}. */
  void scale(Tensor in, double factor, Tensor out);

  /** {@code out += factor * in}; floating, same number of elements. */
  void addScaled(Tensor in, double factor, Tensor out);

  /** {@code out = f(in)}; floating, same number of elements; {@code out} may be {@code in}. */
  void activation(Activation f, Tensor in, Tensor out);

  /** {@code gradIn = f'(in) * gradOut}; floating, same number of elements; {@code gradIn} may be {@code gradOut}. */
  void activationGradient(Activation f, Tensor in, Tensor gradOut, Tensor gradIn);

  // Rows

  /** {@code out[n, c] = x[n, c] + bias[c]}; bias F32 {@code [C]}; {@code out} may be {@code x}. */
  void addRow(Tensor x, Tensor bias, Tensor out);

  /** {@code out[c] (+)= sum over n of x[n, c]}; out F32 {@code [C]}. */
  void sumRows(Tensor x, Tensor out, boolean accumulate);

  /** Softmax over the innermost dimension; {@code out} may be {@code in}. */
  void softmax(Tensor in, Tensor out);

  /** {@code gradIn = out * (gradOut - sum_c(out * gradOut))} for the {@code out} of {@link #softmax}; {@code gradIn} may be {@code gradOut}. */
  void softmaxGradient(Tensor out, Tensor gradOut, Tensor gradIn);

  /**
   * {@code out = gain * (x - mean) * rstd + bias} over the innermost dimension, with the biased variance.
   *
   * @param x {@code [N, C]}, floating
   * @param gain F32 {@code [C]}
   * @param bias F32 {@code [C]}
   * @param epsilon added to the variance
   * @param out {@code [N, C]}, floating
   * @param mean F32 {@code [N]}, written
   * @param rstd F32 {@code [N]}, written: {@code 1 / sqrt(variance + epsilon)}
   */
  void layerNorm(Tensor x, Tensor gain, Tensor bias, double epsilon, Tensor out, Tensor mean, Tensor rstd);

  /**
   * Gradients of {@link #layerNorm}.
   *
   * @param gradOut {@code [N, C]}, floating
   * @param gradIn {@code [N, C]}, floating, overwritten
   * @param gradGain F32 {@code [C]}, added to
   * @param gradBias F32 {@code [C]}, added to
   */
  void layerNormGradient(Tensor x, Tensor gain, Tensor mean, Tensor rstd, Tensor gradOut, Tensor gradIn, Tensor gradGain,
      Tensor gradBias);

  /**
   * {@code out[n] (+)= table[indices[n]]}; a negative index stands for a row of zeros.
   *
   * @param table {@code [V, C]}, floating
   * @param indices I32, one for each row of {@code out}; an index of V or more makes the device fail
   * @param out {@code [N, C]}, floating
   */
  void gatherRows(Tensor table, Tensor indices, Tensor out, boolean accumulate);

  /**
   * {@code table[indices[n]] += rows[n]}, in the order of n for equal indices; negative indices are passed over.
   *
   * @param rows {@code [N, C]}, floating
   * @param indices I32, one for each row
   * @param table {@code [V, C]}, floating
   */
  void scatterAddRows(Tensor rows, Tensor indices, Tensor table);

  /** The index of the greatest entry of each row, the first of equals; {@code out} I32, one for each row. A NaN counts as greatest. */
  void argmax(Tensor in, Tensor out);

  /**
   * {@code losses[n] = ln(sum_c exp(logits[n, c])) - logits[n, targets[n]]}, in nats; 0 where the target is negative.
   *
   * @param logits {@code [N, V]}, floating
   * @param targets I32 {@code [N]}; a target of V or more makes the device fail
   * @param losses F32 {@code [N]}
   */
  void crossEntropy(Tensor logits, Tensor targets, Tensor losses);

  /**
   * {@code gradLogits[n] = weights[n] * (softmax(logits[n]) - onehot(targets[n]))}; zeros where the target is negative.
   *
   * @param weights F32 {@code [N]}
   * @param gradLogits {@code [N, V]}, floating; may be {@code logits}
   */
  void crossEntropyGradient(Tensor logits, Tensor targets, Tensor weights, Tensor gradLogits);

  // Sums

  /** {@code out (+)= sum of all elements}; out F32 with one element; summed in double or better than 32-bit pairwise. */
  void sum(Tensor in, Tensor out, boolean accumulate);

  /** {@code out (+)= sum of the squares of all elements}; as {@link #sum}. Not finite if any element is not. */
  void sumOfSquares(Tensor in, Tensor out, boolean accumulate);

  // Products

  /**
   * {@code out (+)= alpha * op(a) op(b)} on the last two dimensions; leading dimensions must be equal.
   *
   * @param a {@code [..., M, K]}, or {@code [..., K, M]} when transposed
   * @param b {@code [..., K, N]}, or {@code [..., N, K]} when transposed; the type of {@code a}
   * @param out {@code [..., M, N]}, F32 or the type of {@code a}
   */
  void matmul(Tensor a, boolean transposeA, Tensor b, boolean transposeB, double alpha, Tensor out, boolean accumulate);

  /**
   * {@code out[n, o] = sum_i x[n, i] * weight[o, i] + bias[o]}.
   *
   * @param x {@code [N, I]}, floating
   * @param weight {@code [O, I]}, the type of {@code x}
   * @param bias F32 {@code [O]}
   * @param out {@code [N, O]}, F32 or the type of {@code x}
   */
  void linear(Tensor x, Tensor weight, Tensor bias, Tensor out);

  /** Rows of a packed weight are a multiple of this. */
  int PACKED_ROWS = 32;

  /**
   * Lays a weight out for {@link #linearByRow}. Where its elements go is the device's own affair.
   *
   * @param weight {@code [O, I]}, floating
   * @param packed {@code [O rounded up to a multiple of PACKED_ROWS, I]}, floating, written
   */
  void packWeight(Tensor weight, Tensor packed);

  /**
   * {@link #linear} with the promise that each row of the result depends on its own row of {@code x} alone, to the bit, however many rows there are: what
   * is drawn then does not depend on how much is drawn at a time. Made for few rows, for which it takes the time of reading the weights once; for many it is
   * slower than {@link #linear}.
   *
   * @param x {@code [N, I]}, floating
   * @param packed by {@link #packWeight}, of any type that it has
   * @param bias F32 {@code [O]}
   * @param out {@code [N, O]}, F32 or the type of {@code x}
   */
  void linearByRow(Tensor x, Tensor packed, Tensor bias, Tensor out);

  /**
   * Convolution with stride 1, an odd square kernel k and zero padding (k-1)/2.
   *
   * @param x {@code [B, H, W, I]}, floating
   * @param weight {@code [O, I, k, k]}, the type of {@code x}
   * @param bias F32 {@code [O]}
   * @param out {@code [B, H, W, O]}, F32 or the type of {@code x}
   */
  void convolution(Tensor x, Tensor weight, Tensor bias, Tensor out);

  /** Gradient of {@link #convolution} for its input: {@code gradOut} and {@code weight} of one type, {@code gradIn} that or F32. */
  void convolutionInputGradient(Tensor gradOut, Tensor weight, Tensor gradIn);

  /**
   * Gradients of {@link #convolution} for its parameters.
   *
   * @param x of the forward pass
   * @param gradOut {@code [B, H, W, O]}, the type of {@code x}
   * @param gradWeight F32 {@code [O, I, k, k]}
   * @param gradBias F32 {@code [O]}
   * @param accumulate whether both are added to rather than overwritten
   */
  void convolutionParameterGradient(Tensor x, Tensor gradOut, Tensor gradWeight, Tensor gradBias, boolean accumulate);

  // Image grids

  /** {@code out[b, y, x, c] = max of in[b, 2y..2y+1, 2x..2x+1, c]}; in {@code [B, H, W, C]} with even H and W; one type. */
  void maxPool2(Tensor in, Tensor out);

  /** Gradient of {@link #maxPool2}: it goes to the first greatest element of each window in raster order. */
  void maxPool2Gradient(Tensor in, Tensor gradOut, Tensor gradIn);

  /** {@code out[b, y, x, c] = in[b, y/2, x/2, c]}; out {@code [B, 2H, 2W, C]}; one type. */
  void upsample2(Tensor in, Tensor out);

  /** Gradient of {@link #upsample2}: the sum over each 2 x 2 window. */
  void upsample2Gradient(Tensor gradOut, Tensor gradIn);

  // Random numbers

  /**
   * Uniform numbers in the open interval (0, 1): element i is {@link Philox#uniform(long, long, long) Philox.uniform(seed, stream, i)}.
   *
   * @param out F32
   */
  void uniform(long seed, long stream, Tensor out);

  /**
   * Normal numbers of mean 0: element i is {@code deviation *} {@link Philox#normal(long, long, long) Philox.normal(seed, stream, i)}.
   *
   * @param out F32
   */
  void normal(long seed, long stream, double deviation, Tensor out);
}
