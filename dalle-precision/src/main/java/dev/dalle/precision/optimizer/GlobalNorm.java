package dev.dalle.precision.optimizer;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Parameter;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tensor;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * The norm of all gradients taken together, and what follows from it: the factor that clips them to a threshold, or the decision to skip an update
 * because they are not finite. Source: Ramesh et al. 2021, arXiv 2102.12092, appendix B.2 (threshold 4).
 *
 * <p>Everything stays on the device; a host that wants to know reads one result a step, or none. The same gradients give the same bits with the
 * same number of threads. One thread at a time.
 */
public final class GlobalNorm {
  /** The transformer's threshold (Ramesh et al. 2021, arXiv 2102.12092, appendix B.2). */
  public static final double PAPER_THRESHOLD = 4;

  private final List<Parameter> parameters;
  private final OptimizerOps ops;
  private final Consumer<Tensor> exchange;
  private final Tensor squares;
  private final Tensor normAndFactor;

  /**
   * For the gradients of the given parameters.
   *
   * @param scope owns a few numbers a parameter
   * @param parameters on the scope's device
   */
  public GlobalNorm(Scope scope, Collection<Parameter> parameters) {
    this(scope, parameters, squares -> {});
  }

  /**
   * For gradients of which other processes hold other parts.
   *
   * @param scope owns a few numbers a parameter
   * @param parameters on the scope's device: this process's parts, in the same order as everywhere
   * @param exchange is given F32, the sum of the squares of each gradient here, and replaces it by that over all processes, the same bits on each
   */
  public GlobalNorm(Scope scope, Collection<Parameter> parameters, Consumer<Tensor> exchange) {
    this.parameters = List.copyOf(parameters);
    this.exchange = Objects.requireNonNull(exchange, "exchange");
    this.ops = scope.device().operations(OptimizerOps.class);
    this.squares = scope.allocate(DType.F32, this.parameters.size());
    this.normAndFactor = scope.allocate(DType.F32, 2);
    // Reads as "not finite" until something was measured.
    scope.device().ops().fill(squares, Double.NaN);
    scope.device().ops().fill(normAndFactor, Double.NaN);
  }

  /**
   * Posts the measurement.
   *
   * @param gradientScale what gradients are to be multiplied by before anything else, such as 1 / loss scale; positive
   * @param threshold greatest norm of the scaled gradients; positive, infinite for no clipping
   * @return F32, one element, overwritten by the next measurement: {@code gradientScale * min(1, threshold / norm)}, or NaN if the norm is not
   *     finite; for {@link AdamW#update(double, Tensor)}
   * @throws IllegalArgumentException if one of them is not such a number; nothing was posted then
   */
  public Tensor measure(double gradientScale, double threshold) {
    CheckedOptimizerOps.factorAndThreshold(gradientScale, threshold);
    for (int i = 0; i < parameters.size(); i++) {
      Tensor square = squares.slice(i, i + 1);
      if (parameters.get(i).gradientEmpty()) {
        square.device().ops().fill(square, 0);
      } else {
        square.device().ops().sumOfSquares(parameters.get(i).gradient(), square, false);
      }
    }
    exchange.accept(squares);
    ops.gradientFactor(squares, gradientScale, threshold, normAndFactor);
    return normAndFactor.slice(1, 2);
  }

  /** The last measurement. Waits for the device. */
  public GradientReport read() {
    float[] values = normAndFactor.toFloats();
    return new GradientReport(values[0], values[1]);
  }

  /**
   * The first parameter, in the order given, whose gradient was not finite in the last measurement, or so large that the sum of its squares has
   * no place in 32 bits. Empty if there was none. Waits for the device.
   */
  public Optional<Parameter> firstNotFinite() {
    return notFinite().stream().findFirst();
  }

  /** All such parameters. Waits for the device. */
  public List<Parameter> notFinite() {
    float[] sums = squares.toFloats();
    return IntStream.range(0, sums.length).filter(i -> !Float.isFinite(sums[i])).mapToObj(parameters::get).toList();
  }
}
