package dev.dalle.dist.powersgd;

import dev.dalle.dist.Collective;
import dev.dalle.dist.Communicator;
import dev.dalle.dist.Reduction;
import dev.dalle.dist.powersgd.PowerSgdConfig.Start;
import dev.dalle.dist.powersgd.PowerSgdConfig.Storage;
import dev.dalle.precision.format.FloatFormat;
import dev.dalle.precision.format.FormatOps;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Ops;
import dev.dalle.tensor.Philox;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Shape;
import dev.dalle.tensor.ShapeException;
import dev.dalle.tensor.Tensor;

/**
 * The compression of one matrix's gradients, such as a shard's, over ranks that have the same matrix. What a factorisation leaves out stays in an error buffer and
 * joins the next gradient, so nothing is lost, only late.
 *
 * <p>An update, of which every step is posted and none waits; the steps of other matrices may run in between:
 * <pre>{@code
 * add(gradient, 1 / scale)      the error buffer E takes the gradient in, if it is finite
 * factorP()                     P = E Q0                          averaged over the ranks: reduceP()
 * orthonormalise()              columns of P + epsilon I
 * factorQ()                     Q = E' P                          averaged over the ranks: reduceQ()
 * squaredNorm(out)              of the gradient P Q', which is that of Q
 * decompress(out)               out = P Q'
 * finish(out)                   E = E - P Q', if everything was finite
 * }</pre>
 *
 * <p>E is read as its transposed where that makes P the smaller factor. Q is an average over ranks, so that {@code P Q'} is an approximation of their average
 * gradient, and that is what each buffer gives up: with sums in the place of averages, as Ramesh et al. 2021, arXiv 2102.12092, appendix E.2 have them, it would give
 * up the share of one rank, which is the same number. One thread at a time.
 */
public final class PowerSgd {
  private static final FloatFormat FORMAT = FloatFormat.F1_6_9;

  private final PowerSgdConfig config;
  private final long stream;
  private final long seed;
  private final int rows;
  private final int columns;
  private final boolean transposed;
  private final int rank;
  private final Ops ops;
  private final FactorOps factorOps;
  private final FormatOps formatOps;
  private final Scope scope;
  /** 1-6-9 or F32, of the matrix's shape. */
  private final Tensor error;
  private final Tensor start;
  /** Factors as they cross the network: 1-6-9 or F32. */
  private final Tensor p;
  private final Tensor q;
  /** Whether a gradient, P or Q, and the buffer are not finite. */
  private final Tensor gradientFlag;
  private final Tensor factorFlag;
  private final Tensor errorFlag;
  private long update;

  /**
   * A compression whose error buffer is empty.
   *
   * @param scope owns the buffer and the factors
   * @param name of the matrix; with the seed it decides the random start, which is the same on all ranks
   * @param rows of the matrix, at least 1
   * @param columns of the matrix, at least 1
   */
  public PowerSgd(Scope scope, String name, int rows, int columns, PowerSgdConfig config, long seed) {
    if (rows < 1 || columns < 1) {
      throw new IllegalArgumentException(name + ": expected a matrix of at least one row and column, got " + rows + " x " + columns);
    }
    this.config = config;
    this.seed = seed;
    this.stream = Philox.stream(name.chars().asLongStream().toArray());
    this.scope = scope;
    this.rows = rows;
    this.columns = columns;
    this.transposed = rows > columns;
    this.rank = Math.min(config.rank(), Math.min(rows, columns));
    this.ops = scope.device().ops();
    this.factorOps = scope.device().operations(FactorOps.class);
    this.formatOps = scope.device().operations(FormatOps.class);
    DType stored = config.storage() == Storage.CODES ? FormatOps.codeType(FORMAT) : DType.F32;
    error = scope.zeros(stored, Shape.of(rows, columns));
    start = scope.allocate(DType.F32, longSide(), rank);
    p = scope.allocate(stored, shortSide(), rank);
    q = scope.allocate(stored, longSide(), rank);
    gradientFlag = scope.zeros(DType.I32, Shape.of(1));
    factorFlag = scope.zeros(DType.I32, Shape.of(1));
    errorFlag = scope.zeros(DType.I32, Shape.of(1));
    draw(0);
  }

  private int shortSide() {
    return Math.min(rows, columns);
  }

  private int longSide() {
    return Math.max(rows, columns);
  }

  private void draw(long number) {
    ops.normal(seed, Philox.stream(stream, number), 1, start);
  }

  /** Columns of the factors: the configured rank, or the shorter side where that is less. */
  public int rank() {
    return rank;
  }

  /** The error buffer: codes of 1-6-9, or F32. */
  public Tensor error() {
    return error;
  }

  /** Elements of P. */
  public long pCount() {
    return p.elementCount();
  }

  /** Elements of Q. */
  public long qCount() {
    return q.elementCount();
  }

  // Between storage and F32

  private Tensor wide(Scope temporary, Tensor stored, double scale) {
    if (stored.dtype() == DType.F32) {
      return stored;
    }
    Tensor wide = temporary.allocate(DType.F32, stored.shape());
    formatOps.decode(stored, FORMAT, wide);
    if (scale != 1) {
      ops.scale(wide, 1 / scale, wide);
    }
    return wide;
  }

  private void store(Tensor wide, double scale, Tensor stored) {
    if (wide == stored) {
      return;
    }
    if (stored.dtype() == DType.F32) {
      ops.copy(wide, stored);
      return;
    }
    if (scale != 1) {
      ops.scale(wide, scale, wide);
    }
    formatOps.encode(wide, FORMAT, stored);
  }

  // The steps

  /**
   * Adds a gradient to the error buffer if all of it is finite, and else only remembers that it was not.
   *
   * @param gradient F32, of the matrix's shape or at least its size
   * @param factor that undoes the gradient's scale
   * @throws ShapeException if it does not fit
   */
  public void add(Tensor gradient, double factor) {
    checkMatrix("gradient", gradient);
    try (Scope temporary = scope.device().newScope()) {
      Tensor found = temporary.zeros(DType.I32, Shape.of(1));
      factorOps.flagNonfinite(gradient, found);
      Tensor buffer = wide(temporary, error, 1);
      factorOps.addUnless(gradient, factor, found, buffer);
      if (buffer != error) {
        formatOps.encode(buffer, FORMAT, error);
      }
      factorOps.mergeFlag(found, gradientFlag);
    }
  }

  private void checkMatrix(String what, Tensor tensor) {
    if (tensor.dtype() != DType.F32 || tensor.elementCount() != error.elementCount() || tensor.device() != scope.device()) {
      throw new ShapeException(what + ": expected F32 of " + rows + " x " + columns + " elements on " + scope.device().name() + ", got " + tensor);
    }
  }

  /** P = E Q0. */
  public void factorP() {
    ops.fill(factorFlag, 0);
    ops.fill(errorFlag, 0);
    if (config.start() == Start.REDRAWN) {
      draw(update);
    }
    update++;
    try (Scope temporary = scope.device().newScope()) {
      Tensor buffer = wide(temporary, error, 1);
      factorOps.flagNonfinite(buffer, errorFlag);
      Tensor product = temporary.allocate(DType.F32, p.shape());
      ops.matmul(buffer, transposed, start, false, 1, product, false);
      factorOps.flagNonfinite(product, factorFlag);
      store(product, config.pScale(), p);
    }
  }

  /** What has to be done over the ranks before {@link #orthonormalise}; join it with that of other matrices into one group. */
  public Collective reduceP() {
    return reduce(p);
  }

  /** As {@link #reduceP}, before {@link #squaredNorm} and {@link #decompress}. */
  public Collective reduceQ() {
    return reduce(q);
  }

  private Collective reduce(Tensor factor) {
    return config.storage() == Storage.CODES ? new Collective.AllReduceCodes(factor, FORMAT, Reduction.AVERAGE)
        : new Collective.AllReduce(factor, Reduction.AVERAGE);
  }

  /** Makes the columns of P orthonormal; they are stored without a scale. */
  public void orthonormalise() {
    try (Scope temporary = scope.device().newScope()) {
      Tensor product = wide(temporary, p, config.pScale());
      factorOps.orthonormalise(product, config.epsilon());
      store(product, 1, p);
    }
  }

  /** Q = E' P. */
  public void factorQ() {
    try (Scope temporary = scope.device().newScope()) {
      Tensor product = temporary.allocate(DType.F32, q.shape());
      ops.matmul(wide(temporary, error, 1), !transposed, wide(temporary, p, 1), false, 1, product, false);
      factorOps.flagNonfinite(product, factorFlag);
      store(product, config.qScale(), q);
    }
  }

  /**
   * The square of the Frobenius norm of the approximation, which is that of Q, because P has orthonormal columns.
   *
   * @param out F32, one element, overwritten
   */
  public void squaredNorm(Tensor out) {
    try (Scope temporary = scope.device().newScope()) {
      ops.sumOfSquares(wide(temporary, q, config.qScale()), out, false);
    }
  }

  /**
   * Whether anything was not finite on this rank since the last {@link #finish}: a gradient that was added, a factor before it was stored, or the buffer. Waits for
   * the device. Ranks exchange this; the values that have crossed the network do not show it, because 1-6-9 has no infinity.
   */
  public boolean nonfinite() {
    return gradientFlag.toInts()[0] != 0 || factorFlag.toInts()[0] != 0 || errorFlag.toInts()[0] != 0;
  }

  /**
   * {@code out = P Q'}, the approximation of the ranks' average gradient.
   *
   * @param out F32, of the matrix's size, overwritten
   */
  public void decompress(Tensor out) {
    checkMatrix("out", out);
    try (Scope temporary = scope.device().newScope()) {
      Tensor left = wide(temporary, p, 1);
      Tensor right = wide(temporary, q, config.qScale());
      Tensor matrix = out.reshape(rows, columns);
      if (transposed) {
        ops.matmul(right, false, left, true, 1, matrix, false);
      } else {
        ops.matmul(left, false, right, true, 1, matrix, false);
      }
    }
  }

  /**
   * Ends an update. The buffer gives up what was applied if the factors were finite on all ranks; if not, it stays, or, if it is itself not finite, it becomes zero.
   *
   * @param approximation what {@link #decompress} wrote
   * @param nonfinite whether a factor of this matrix was not finite on any rank
   */
  public void finish(Tensor approximation, boolean nonfinite) {
    checkMatrix("approximation", approximation);
    if (nonfinite) {
      if (errorFlag.toInts()[0] != 0) {
        ops.fill(error, 0);
      }
    } else {
      try (Scope temporary = scope.device().newScope()) {
        Tensor buffer = wide(temporary, error, 1);
        ops.addScaled(approximation.reshape(rows, columns), -1, buffer);
        store(buffer, 1, error);
        if (config.start() == Start.WARM) {
          ops.copy(wide(temporary, q, config.qScale()), start);
        }
      }
    }
    ops.fill(gradientFlag, 0);
  }

  /**
   * All steps for one matrix by itself, as a hook between a gradient and whatever uses it. All ranks call it together; waits for them.
   *
   * @param gradient F32, this rank's; becomes the approximation of the ranks' average, or, if a gradient was not finite on any rank, not a number
   * @param ranks that have the same matrix, with the same configuration and seed
   * @throws dev.dalle.dist.CommunicationException if a rank failed or is late
   */
  public void compress(Tensor gradient, Communicator ranks) {
    add(gradient, 1);
    factorP();
    ranks.post(reduceP()).await();
    orthonormalise();
    factorQ();
    ranks.post(reduceQ()).await();
    decompress(gradient);
    try (Scope temporary = scope.device().newScope()) {
      Tensor flags = temporary.of(new int[] {nonfinite() ? 1 : 0, factorFlag.toInts()[0] + errorFlag.toInts()[0]}, 2);
      ranks.allReduce(flags, Reduction.MAXIMUM).await();
      int[] found = flags.toInts();
      finish(gradient, found[1] != 0);
      if (found[0] != 0) {
        ops.fill(gradient, Double.NaN);
      }
    }
  }
}
