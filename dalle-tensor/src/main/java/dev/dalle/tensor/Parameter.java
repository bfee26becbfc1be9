package dev.dalle.tensor;

import java.util.Objects;
import java.util.Optional;

/**
 * A trained array: its value and its gradient, both owned by the scope it was made in. The gradient starts out empty, which reads as zeros; the first
 * addition overwrites whatever lies in its memory.
 *
 * <p>One that is {@link #detached} owns neither. Value and gradient are lent to it for as long as they are needed, so that a model may run of which only a part
 * is in memory.
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
  private final Shape shape;
  private final DType valueType;
  private Optional<Tensor> value = Optional.empty();
  private Optional<Tensor> gradient = Optional.empty();
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
    this(name, kind, shape, valueType);
    this.value = Optional.of(scope.allocate(valueType, shape));
    this.gradient = Optional.of(scope.allocate(DType.F32, shape));
  }

  private Parameter(String name, Kind kind, Shape shape, DType valueType) {
    this.name = Objects.requireNonNull(name, "name");
    this.kind = Objects.requireNonNull(kind, "kind");
    this.shape = Objects.requireNonNull(shape, "shape");
    this.valueType = valueType;
    if (!valueType.isFloating()) {
      throw new IllegalArgumentException(name + ": value type: expected F32, F16 or BF16, got " + valueType);
    }
    if (kind == Kind.FULL && valueType != DType.F32) {
      throw new IllegalArgumentException(name + ": value type: expected F32, in which parameters of kind FULL are kept, got " + valueType);
    }
  }

  /**
   * A parameter without memory, which {@link #attachValue} and {@link #attachGradient} lend it.
   *
   * @param name dot-separated path; unique within a model
   * @param valueType type of the value: F32, or, for a MATRIX, F16 or BF16
   * @throws IllegalArgumentException if the kind does not allow the type
   */
  public static Parameter detached(String name, Kind kind, Shape shape, DType valueType) {
    return new Parameter(name, kind, shape, valueType);
  }

  /**
   * Lends the value.
   *
   * @param lent of the parameter's shape and value type; whoever lends it keeps it until {@link #detachValue}
   * @throws ShapeException if it is of another shape or type
   * @throws IllegalStateException if there is a value already
   */
  public void attachValue(Tensor lent) {
    value = Optional.of(checked("value", lent, valueType, value));
  }

  /** Takes the value back; there is none then. */
  public void detachValue() {
    value = Optional.empty();
  }

  /**
   * Lends memory for the gradient, which starts out empty.
   *
   * @param lent F32, of the parameter's shape, with any content; whoever lends it keeps it until {@link #detachGradient}
   * @throws ShapeException if it is of another shape or type
   * @throws IllegalStateException if there is a gradient already
   */
  public void attachGradient(Tensor lent) {
    attachGradient(lent, true);
  }

  /**
   * Lends memory for the gradient.
   *
   * @param lent F32, of the parameter's shape; whoever lends it keeps it until {@link #detachGradient}
   * @param empty whether its content means nothing; otherwise it is what was added so far
   * @throws ShapeException if it is of another shape or type
   * @throws IllegalStateException if there is a gradient already
   */
  public void attachGradient(Tensor lent, boolean empty) {
    gradient = Optional.of(checked("gradient", lent, DType.F32, gradient));
    gradientEmpty = empty;
  }

  /** Takes the gradient back; there is none then. */
  public void detachGradient() {
    gradient = Optional.empty();
    gradientEmpty = true;
  }

  private Tensor checked(String what, Tensor lent, DType type, Optional<Tensor> present) {
    if (present.isPresent()) {
      throw new IllegalStateException(name + ": it has a " + what + " already; detach that first");
    }
    if (lent.dtype() != type || !lent.shape().equals(shape)) {
      throw new ShapeException(name + ": " + what + ": expected " + type + shape + ", got " + lent);
    }
    return lent;
  }

  private Tensor present(String what, Optional<Tensor> tensor) {
    return tensor.orElseThrow(() -> new IllegalStateException(name + ": its " + what + " is not here; attach it, or gather its block, before it is used"));
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
    return shape;
  }

  /** Type of the value: F32, or, for a MATRIX, possibly F16 or BF16. */
  public DType valueType() {
    return valueType;
  }

  /**
   * F32, or, for a MATRIX, possibly F16 or BF16.
   *
   * @throws IllegalStateException if none is attached
   */
  public Tensor value() {
    return present("value", value);
  }

  /** Whether there is a value. */
  public boolean hasValue() {
    return value.isPresent();
  }

  /**
   * Writes normal numbers of mean 0 into the value, as {@link Ops#normal} gives them; a 16-bit value holds the same numbers, rounded to nearest even.
   *
   * @param deviation at least 0
   */
  public void drawNormal(long seed, long stream, double deviation) {
    Tensor target = value();
    Ops ops = target.device().ops();
    if (valueType == DType.F32) {
      ops.normal(seed, stream, deviation, target);
      return;
    }
    try (Scope scope = target.device().newScope()) {
      Tensor drawn = scope.allocate(DType.F32, shape);
      ops.normal(seed, stream, deviation, drawn);
      ops.copy(drawn, target);
    }
  }

  /**
   * F32, the sum of everything added since {@link #clearGradient()}; zeros if nothing was.
   *
   * @throws IllegalStateException if none is attached
   */
  public Tensor gradient() {
    Tensor sum = present("gradient", gradient);
    if (gradientEmpty) {
      sum.device().ops().fill(sum, 0);
      gradientEmpty = false;
    }
    return sum;
  }

  /** Whether nothing was added to the gradient since {@link #clearGradient()}. */
  public boolean gradientEmpty() {
    return gradientEmpty;
  }

  /** Empties the gradient; costs nothing. */
  public void clearGradient() {
    gradientEmpty = true;
  }

  /**
   * Adds to the gradient.
   *
   * @throws IllegalStateException if none is attached
   */
  public void addGradient(GradientWriter writer) {
    writer.write(present("gradient", gradient), !gradientEmpty);
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
    return name + shape;
  }
}
