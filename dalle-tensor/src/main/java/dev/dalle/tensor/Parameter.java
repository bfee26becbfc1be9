package dev.dalle.tensor;

import java.util.Objects;

/**
 * A trained array: its value and its gradient, both owned by the scope it was made in. The gradient starts out empty, which reads as zeros; the first
 * addition overwrites whatever lies in its memory.
 *
 * <p>The value of a {@link Kind#MATRIX} may be kept in 16 bits; the gradient is always F32. Ramesh et al. 2021, arXiv 2102.12092, keep it in 16 bits too:
 * F32 holds every number of both 16-bit types exactly, so nothing is lost that theirs keeps, and what overflows or underflows on its way through 16-bit
 * activations has done so before it arrives here.
 */
public final class Parameter {
  /** How a parameter may be treated (Ramesh et al. 2021, section 2.4: what stays in 32 bits). */
  public enum Kind {
    /** A weight matrix or convolution kernel: may be kept in 16 bits, sharded, compressed; decays. */
    MATRIX,
    /** A gain, bias, embedding or unembedding: always in 32 bits, never compressed; does not decay. */
    FULL
  }

  private final String name;
  private final Kind kind;
  private final Tensor value;
  private final Tensor gradient;
  private boolean gradientEmpty = true;

  /**
   * A parameter with undefined F32 value and empty gradient.
   *
   * @param name dot-separated path, such as {@code encoder.group1.block0.conv1.weight}; unique within a model
   */
  public Parameter(Scope scope, String name, Kind kind, Shape shape) {
    this(scope, name, kind, shape, DType.F32);
  }

  /**
   * A parameter with undefined value and empty gradient.
   *
   * @param name dot-separated path, such as {@code encoder.group1.block0.conv1.weight}; unique within a model
   * @param valueType type of the value: F32, or, for a MATRIX, F16 or BF16
   * @throws IllegalArgumentException if the kind does not allow the type
   */
  public Parameter(Scope scope, String name, Kind kind, Shape shape, DType valueType) {
    this.name = Objects.requireNonNull(name, "name");
    this.kind = Objects.requireNonNull(kind, "kind");
    if (!valueType.isFloating()) {
      throw new IllegalArgumentException(name + ": value type: expected F32, F16 or BF16, got " + valueType);
    }
    if (kind == Kind.FULL && valueType != DType.F32) {
      throw new IllegalArgumentException(name + ": value type: expected F32, in which parameters of kind FULL are kept, got " + valueType);
    }
    this.value = scope.allocate(valueType, shape);
    this.gradient = scope.allocate(DType.F32, shape);
  }

  /** Its path in the model. */
  public String name() {
    return name;
  }

  /** How it may be treated. */
  public Kind kind() {
    return kind;
  }

  /** The dimensions. */
  public Shape shape() {
    return value.shape();
  }

  /** F32, or, for a MATRIX, possibly F16 or BF16. */
  public Tensor value() {
    return value;
  }

  /**
   * Writes normal numbers of mean 0 into the value, as {@link Ops#normal} gives them; a 16-bit value holds the same numbers, rounded to nearest even.
   *
   * @param deviation at least 0
   */
  public void drawNormal(long seed, long stream, double deviation) {
    Ops ops = value.device().ops();
    if (value.dtype() == DType.F32) {
      ops.normal(seed, stream, deviation, value);
      return;
    }
    try (Scope scope = value.device().newScope()) {
      Tensor drawn = scope.allocate(DType.F32, value.shape());
      ops.normal(seed, stream, deviation, drawn);
      ops.copy(drawn, value);
    }
  }

  /** F32, the sum of everything added since {@link #clearGradient()}; zeros if nothing was. */
  public Tensor gradient() {
    if (gradientEmpty) {
      gradient.device().ops().fill(gradient, 0);
      gradientEmpty = false;
    }
    return gradient;
  }

  /** Whether nothing was added to the gradient since {@link #clearGradient()}. */
  public boolean gradientEmpty() {
    return gradientEmpty;
  }

  /** Empties the gradient; costs nothing. */
  public void clearGradient() {
    gradientEmpty = true;
  }

  /** Adds to the gradient. */
  public void addGradient(GradientWriter writer) {
    writer.write(gradient, !gradientEmpty);
    gradientEmpty = false;
  }

  /** Writes or adds a gradient. */
  @FunctionalInterface
  public interface GradientWriter {
    /**
     * Writes.
     *
     * @param gradient F32, the parameter's shape
     * @param accumulate whether to add to what is there rather than to overwrite it
     */
    void write(Tensor gradient, boolean accumulate);
  }

  @Override
  public String toString() {
    return name + value.shape();
  }
}
