package dev.dalle.dvae;

import dev.dalle.tensor.Tensor;

/**
 * The operations of stage one that a device must bring; {@code device.operations(DvaeOps.class)} gives its implementation. As with
 * {@link dev.dalle.tensor.Ops}, results are written to tensors of the caller, work is posted rather than waited for, and repeating it gives the
 * same bits, here whatever the number of threads. All tensors are F32 unless something else is said; mathematics is in at least 32 bits.
 *
 * <p>Notation: {@code [N, K]} is any shape of rank 1 or more read as rows of its innermost dimension. Every method throws
 * {@link dev.dalle.tensor.ShapeException} if shapes, types or devices do not fit, and {@link IllegalArgumentException} for a number that does
 * not; implementations stand behind {@link CheckedDvaeOps}. Source: Ramesh et al. 2021, arXiv 2102.12092, sections 2.1 and A.3.
 */
public interface DvaeOps {
  /**
   * {@code out = factor * in + shift}.
   *
   * @param in F32
   * @param out F32, F16 or BF16, same number of elements; may be {@code in}
   */
  void affine(Tensor in, double factor, double shift, Tensor out);

  /**
   * A relaxed draw from each row's categorical distribution: {@code code = softmax((logits + g) / temperature)} with Gumbel noise
   * {@code g = -ln(-ln u)}, where u of element i is {@link dev.dalle.tensor.Philox#uniform Philox.uniform(seed, stream, i)}. Entries below
   * {@code 2^-64} of their row's greatest may be 0.
   *
   * @param logits {@code [N, K]}
   * @param temperature tau, positive
   * @param code {@code [N, K]}, rows sum to 1; may be {@code logits}
   */
  void gumbelSoftmax(Tensor logits, double temperature, long seed, long stream, Tensor code);

  /**
   * {@code gradLogits = code * (gradCode - sum_k(code * gradCode)) / temperature} for the {@code code} of {@link #gumbelSoftmax}.
   *
   * @param gradLogits {@code [N, K]}; may be {@code gradCode}
   */
  void gumbelSoftmaxGradient(Tensor code, Tensor gradCode, double temperature, Tensor gradLogits);

  /**
   * Negative log-likelihood of every value under a logit-Laplace distribution, in nats (section A.3):
   * {@code ln 2 + s + ln x + ln(1 - x) + |logit(x) - mu| / exp(s)} with {@code s = max(ln b, minLogScale)}.
   *
   * @param pixels x, {@code [N, C]}, in the open interval (0, 1)
   * @param maps {@code [N, 2 C]}: C times mu, then C times ln b
   * @param minLogScale lower bound of ln b; negative infinity for none
   * @param losses {@code [N, C]}
   */
  void logitLaplace(Tensor pixels, Tensor maps, double minLogScale, Tensor losses);

  /**
   * Gradient of the sum of {@link #logitLaplace} for the maps. With respect to mu at its kink, and to ln b below its bound, it is 0.
   *
   * @param gradSum one element: the gradient of the sum
   * @param gradMaps {@code [N, 2 C]}; may be {@code maps}
   */
  void logitLaplaceGradient(Tensor pixels, Tensor maps, double minLogScale, Tensor gradSum, Tensor gradMaps);

  /**
   * Kullback-Leibler divergence of each row's categorical distribution from the uniform one, in nats: {@code sum_k q_k ln q_k + ln K} with
   * {@code q = softmax(logits)}.
   *
   * @param logits {@code [N, K]}
   * @param divergences {@code [N]}
   */
  void uniformDivergence(Tensor logits, Tensor divergences);

  /**
   * Gradient of the sum of {@link #uniformDivergence}: {@code gradSum * q_k (ln q_k - sum_j q_j ln q_j)}.
   *
   * @param gradSum one element: the gradient of the sum
   * @param gradLogits {@code [N, K]}; may be {@code logits}
   */
  void uniformDivergenceGradient(Tensor logits, Tensor gradSum, Tensor gradLogits);

  /**
   * {@code out[n, o] = weight[o, ids[n]] + bias[o]}: a linear map of one-hot rows.
   *
   * @param weight {@code [O, K]}
   * @param bias {@code [O]}
   * @param ids I32, one for each row of {@code out}; one outside of 0 to K - 1 makes the device fail
   * @param out {@code [N, O]}
   */
  void gatherColumns(Tensor weight, Tensor bias, Tensor ids, Tensor out);

  /**
   * Of each row its Euclidean norm and that of what rounding it to BF16 takes away, {@code norms[n] = (|x[n]|, |x[n] - bf16(x[n])|)}; never less than they are,
   * and more by at most one part in a thousand.
   *
   * @param x {@code [N, C]}
   * @param norms {@code [N, 2]}
   */
  void roundingNorms(Tensor x, Tensor norms);

  /**
   * {@code ids[n] = argmax_k(x[n] . weight[k] + bias[k])}, with the products known roughly: {@code products[n, k]} is the product of both rounded to BF16, summed in
   * at least 32 bits. From that it follows by the inequality of Cauchy and Schwarz which k can be the greatest, and only those are computed. Of scores that differ by
   * less than roundings of 32 bits either may win; the first that is infinite or not a number wins over all. Few scores are near the greatest unless many
   * rows of the weight are alike; if they are, it takes longer.
   *
   * @param x {@code [N, C]}
   * @param xNorms {@link #roundingNorms} of x
   * @param weight {@code [K, C]}
   * @param weightNorms {@link #roundingNorms} of weight
   * @param bias {@code [K]}
   * @param products {@code [N, K]}
   * @param ids I32, one for each row of x
   */
  void argmaxLinear(Tensor x, Tensor xNorms, Tensor weight, Tensor weightNorms, Tensor bias, Tensor products, Tensor ids);

  /**
   * The pictures that maps stand for: {@code phi^-1(sigmoid(mu))} of {@link PixelMap}, without regard to ln b.
   *
   * @param maps {@code [N, 2 C]}
   * @param pixels {@code [N, C]}, in [0, 1]
   */
  void pixels(Tensor maps, Tensor pixels);
}
