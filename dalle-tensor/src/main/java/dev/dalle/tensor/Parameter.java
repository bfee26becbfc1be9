package dev.dalle.tensor;

import java.util.Objects;

/**
 * A trained array: its value and its gradient, both F32 and owned by the scope it was made in. The gradient starts out empty, which reads as
 * zeros; the first addition overwrites whatever lies in its memory.
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
   * A parameter with undefined value and empty gradient.
   *
   * @param name dot-separated path, such as {@code encoder.group1.block0.conv1.weight}; unique within a model
   */
  public Parameter(Scope scope, String name, Kind kind, Shape shape) {
    this.name = Objects.requireNonNull(name, "name");
    this.kind = Objects.requireNonNull(kind, "kind");
    this.value = scope.allocate(DType.F32, shape);
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

  /** F32. */
  public Tensor value() {
    return value;
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
