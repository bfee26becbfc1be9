package dev.dalle.bindings.onednn;

import java.util.Objects;

/** Something done to each element of the result before it is stored, in the order of the list in {@link Attributes}. */
public sealed interface PostOp {
  /**
   * {@code x = f(x)}.
   *
   * @param algorithm the function
   * @param alpha its first parameter
   * @param beta its second parameter
   */
  record Eltwise(EltwiseAlgorithm algorithm, float alpha, float beta) implements PostOp {
    public Eltwise {
      Objects.requireNonNull(algorithm, "algorithm");
      if (algorithm.backwardReadsDst()) {
        throw new IllegalArgumentException("algorithm: " + algorithm + " says how to go backward and cannot be a post-operation");
      }
    }
  }

  /**
   * {@code x = x + scale * what was there before}.
   *
   * @param scale factor of the old contents
   */
  record Sum(float scale) implements PostOp {}

  /**
   * {@code x = f(x, operand)}. The operand is a further argument of {@code execute}, after all others.
   *
   * @param algorithm the function
   * @param operand dimensions like the result's, or 1 where it is repeated
   */
  record Binary(BinaryAlgorithm algorithm, MemoryDesc operand) implements PostOp {
    public Binary {
      Objects.requireNonNull(algorithm, "algorithm");
      if (!operand.isPlain()) {
        throw new IllegalArgumentException("operand: expected a plain layout, got " + operand);
      }
    }
  }

  /** {@code x = factor * x}. */
  static PostOp scale(float factor) {
    return new Eltwise(EltwiseAlgorithm.LINEAR, factor, 0);
  }

  /** {@code x = f(x)} with alpha and beta. */
  static PostOp eltwise(EltwiseAlgorithm algorithm, float alpha, float beta) {
    return new Eltwise(algorithm, alpha, beta);
  }

  /** {@code x = x + what was there before}. */
  static PostOp accumulate() {
    return new Sum(1);
  }

  /** {@code x = x + operand}. */
  static PostOp add(MemoryDesc operand) {
    return new Binary(BinaryAlgorithm.ADD, operand);
  }

  /** {@code x = x * operand}. */
  static PostOp multiply(MemoryDesc operand) {
    return new Binary(BinaryAlgorithm.MUL, operand);
  }
}
