package dev.dalle.attention;

import dev.dalle.tensor.Tensor;

/**
 * Multi-head attention under an {@link AttentionPattern}, as operations of a device: {@code device.operations(AttentionOps.class)}. Posted like
 * the device's own operations, and as deterministic.
 *
 * <p>Letters: B sequences, S states, H heads, D numbers a head. For query i, {@code out_i = sum_j p_ij v_j} over the keys j that i reads, with
 * {@code p_i = softmax_j(q_i . k_j / sqrt(D))} computed in at least 32 bits: one softmax over text and image keys together. Numbers of a state
 * that nobody reads change nothing, not by one bit, as long as they are finite. What is not finite makes not finite what
 * depends on it, and perhaps more of the same head, but nothing of another one. Source: Ramesh et al. 2021, arXiv 2102.12092, appendix B.1.
 *
 * <p>Every method throws {@link dev.dalle.tensor.ShapeException} if shapes, types or devices do not fit, before anything is posted.
 */
public interface AttentionOps {
  /**
   * Attention of whole sequences.
   *
   * @param qkv {@code [B, S, 3, H, D]}, F32, F16 or BF16: query, key and value of each state; S may be less than the pattern's length, for the
   *     first S states
   * @param out {@code [B, S, H * D]}, the type of {@code qkv}, written
   * @param logSumExp F32 {@code [B, H, S]}, written: the natural logarithm of the sum that each softmax divides by
   */
  void forward(Tensor qkv, AttentionPattern pattern, Tensor out, Tensor logSumExp);

  /**
   * Gradient of {@link #forward} for its input.
   *
   * @param qkv as given to forward
   * @param out as written by forward
   * @param logSumExp as written by forward
   * @param gradOut like {@code out}
   * @param gradQkv like {@code qkv}, overwritten
   */
  void backward(Tensor qkv, AttentionPattern pattern, Tensor out, Tensor logSumExp, Tensor gradOut, Tensor gradQkv);

  /**
   * Attention of one state in each of N sequences that are being drawn. The first P states of a sequence are those of a prompt, which many
   * sequences may share; later ones are the sequence's own. Puts the state's key and value into the cache, then reads the keys that the
   * pattern allows and no others.
   *
   * @param qkv {@code [N, 3, H, D]}, F32, F16 or BF16, of the state at {@code position}
   * @param position of the state in the stream, the same for all: P or more
   * @param prompts {@code [C, P, 3, H, D]}, the type of {@code qkv}: the packed input of {@link #forward} for the first P states; P may be 0
   * @param promptOf I32 {@code [N]}: the prompt of each sequence; one outside 0 to C - 1 makes the device fail
   * @param cache {@code [N, R, 2, H, D]}, the type of {@code qkv}: keys and values of states from P on, that of state s in entry {@code (s - P) mod R}; the
   *     one at {@code position} is written. R is at least what the pattern still needs: {@code greatestReach + 1} if P has all text, or as many as there
   *     are states from P on
   * @param out {@code [N, H * D]}, the type of {@code qkv}, written
   */
  void decode(Tensor qkv, AttentionPattern pattern, int position, Tensor prompts, Tensor promptOf, Tensor cache, Tensor out);
}
