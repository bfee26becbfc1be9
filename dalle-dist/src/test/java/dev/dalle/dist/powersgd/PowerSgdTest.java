package dev.dalle.dist.powersgd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.dist.Communicator;
import dev.dalle.dist.powersgd.PowerSgdConfig.Start;
import dev.dalle.dist.powersgd.PowerSgdConfig.Storage;
import dev.dalle.dist.threads.ThreadWorld;
import dev.dalle.precision.format.FloatFormat;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Philox;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.ShapeException;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.testing.OpaqueDevice;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Against the recurrence written plainly in double, step by step. */
class PowerSgdTest {
  private static final int UPDATES = 20;
  private static final long SEED = 7;
  private static final Duration DEADLINE = Duration.ofSeconds(60);

  /** One rank's update as it was: buffer before, gradient, what came out, buffer after. */
  private record Step(double[] before, float[] gradient, float[] approximation, double[] after) {}

  /** A gradient for an update of a rank: random, of low rank, zero, huge, or not finite. */
  private static float[] gradient(int rank, int update, int rows, int columns) {
    Random random = new Random(1000L * update + rank);
    float[] values = new float[rows * columns];
    switch (update % 5) {
      case 1 -> {
        for (int i = 0; i < rows; i++) {
          for (int j = 0; j < columns; j++) {
            values[i * columns + j] = (float) (0.01 * Math.sin(i + rank) * Math.cos(3 * j));
          }
        }
      }
      case 2 -> {}
      default -> {
        for (int i = 0; i < values.length; i++) {
          values[i] = (float) random.nextGaussian() * (update % 5 == 3 ? 3 : 0.01f);
        }
      }
    }
    if (update == 9 && rank == 0) {
      values[values.length / 2] = Float.NaN;
    }
    if (update == 14) {
      values[values.length - 1] = Float.NEGATIVE_INFINITY;
    }
    return values;
  }

  private static double[] values(Tensor error) {
    if (error.dtype() == DType.F32) {
      float[] floats = error.toFloats();
      double[] values = new double[floats.length];
      for (int i = 0; i < values.length; i++) {
        values[i] = floats[i];
      }
      return values;
    }
    int[] codes = error.toInts();
    double[] values = new double[codes.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = FloatFormat.F1_6_9.decode(codes[i]);
    }
    return values;
  }

  private static Step[][] run(int ranks, int rows, int columns, PowerSgdConfig config, IntFunction<Device> device) throws InterruptedException {
    Step[][] steps = new Step[ranks][UPDATES];
    ThreadWorld.run(ranks, device, DEADLINE, communicator -> {
      int rank = communicator.rank();
      try (Scope scope = communicator.device().newScope()) {
        PowerSgd powerSgd = new PowerSgd(scope, "w", rows, columns, config, SEED);
        for (int update = 0; update < UPDATES; update++) {
          float[] gradient = gradient(rank, update, rows, columns);
          double[] before = values(powerSgd.error());
          Tensor tensor = scope.of(gradient, rows, columns);
          powerSgd.compress(tensor, communicator);
          steps[rank][update] = new Step(before, gradient, tensor.toFloats(), values(powerSgd.error()));
        }
      }
    });
    return steps;
  }

  // The recurrence

  private static double stored(double value, Storage storage) {
    return storage == Storage.CODES ? FloatFormat.F1_6_9.decode(FloatFormat.F1_6_9.encode(value)) : value;
  }

  private static double[][] product(double[][] a, double[][] b) {
    double[][] out = new double[a.length][b[0].length];
    for (int i = 0; i < a.length; i++) {
      for (int k = 0; k < b.length; k++) {
        for (int j = 0; j < b[0].length; j++) {
          out[i][j] += a[i][k] * b[k][j];
        }
      }
    }
    return out;
  }

  private static double[][] transposed(double[][] a) {
    double[][] out = new double[a[0].length][a.length];
    for (int i = 0; i < a.length; i++) {
      for (int j = 0; j < a[0].length; j++) {
        out[j][i] = a[i][j];
      }
    }
    return out;
  }

  /**
   * Orthonormal columns.
   *
   * @param shortest becomes the length of the shortest column once it was made orthogonal to those before it
   */
  private static double[][] orthonormal(double[][] p, double epsilon, double[] shortest) {
    double[][] out = transposed(p);
    for (int k = 0; k < out.length; k++) {
      out[k][k] += epsilon;
    }
    for (int k = 0; k < out.length; k++) {
      for (int pass = 0; pass < 3; pass++) {
        for (int j = 0; j < k; j++) {
          double dot = 0;
          for (int i = 0; i < out[k].length; i++) {
            dot += out[j][i] * out[k][i];
          }
          for (int i = 0; i < out[k].length; i++) {
            out[k][i] -= dot * out[j][i];
          }
        }
      }
      double square = 0;
      for (double value : out[k]) {
        square += value * value;
      }
      shortest[0] = Math.min(shortest[0], Math.sqrt(square));
      for (int i = 0; i < out[k].length; i++) {
        out[k][i] /= Math.sqrt(square);
      }
    }
    return transposed(out);
  }

  private static double[][] average(double[][][] all, Storage storage) {
    double[][] out = new double[all[0].length][all[0][0].length];
    for (int i = 0; i < out.length; i++) {
      for (int j = 0; j < out[0].length; j++) {
        for (double[][] one : all) {
          out[i][j] += stored(one[i][j], storage) / all.length;
        }
        out[i][j] = stored(out[i][j], storage);
      }
    }
    return out;
  }

  private static double[][] start(int side, int rank, long number) {
    double[][] out = new double[side][rank];
    long stream = Philox.stream(Philox.stream("w".chars().asLongStream().toArray()), number);
    for (int i = 0; i < side; i++) {
      for (int j = 0; j < rank; j++) {
        out[i][j] = (float) Philox.normal(SEED, stream, (long) i * rank + j);
      }
    }
    return out;
  }

  private static boolean finite(float[] values) {
    for (float value : values) {
      if (!Float.isFinite(value)) {
        return false;
      }
    }
    return true;
  }

  private static double norm(double[][] matrix) {
    double sum = 0;
    for (double[] row : matrix) {
      for (double value : row) {
        sum += value * value;
      }
    }
    return Math.sqrt(sum);
  }

  private static double[][] matrix(double[] values, int columns) {
    double[][] out = new double[values.length / columns][columns];
    for (int i = 0; i < values.length; i++) {
      out[i / columns][i % columns] = values[i];
    }
    return out;
  }

  @ParameterizedTest
  @CsvSource({"1, 24, 40, 4, F32", "2, 24, 40, 4, F32", "3, 40, 24, 5, F32", "2, 24, 40, 4, CODES", "3, 40, 24, 5, CODES", "2, 6, 9, 50, F32", "1, 1, 1, 3, F32"})
  void everyStepIsThatOfTheRecurrence(int ranks, int rows, int columns, int rank, Storage storage) throws InterruptedException {
    Step[][] steps = run(ranks, rows, columns, PowerSgdConfig.paper(rank).with(storage), number -> Device.cpu(1));
    int r = Math.min(rank, Math.min(rows, columns));
    double tolerance = storage == Storage.CODES ? 0.02 : 2e-4;
    for (int update = 0; update < UPDATES; update++) {
      double[][][] errors = new double[ranks][][];
      boolean allFinite = true;
      for (int k = 0; k < ranks; k++) {
        Step step = steps[k][update];
        boolean finite = finite(step.gradient);
        allFinite &= finite;
        double[] sum = step.before.clone();
        for (int i = 0; finite && i < sum.length; i++) {
          sum[i] = stored(sum[i] + step.gradient[i], storage);
        }
        errors[k] = rows > columns ? transposed(matrix(sum, columns)) : matrix(sum, columns);
      }
      double[][] q0 = start(Math.max(rows, columns), r, 0);
      double[][][] products = new double[ranks][][];
      for (int k = 0; k < ranks; k++) {
        products[k] = product(errors[k], q0);
      }
      double[] shortest = {Double.MAX_VALUE};
      double[][] p = orthonormal(average(products, storage), 1e-6, shortest);
      for (double[] row : p) {
        for (int j = 0; j < r; j++) {
          row[j] = stored(row[j], storage);
        }
      }
      for (int k = 0; k < ranks; k++) {
        products[k] = product(transposed(errors[k]), p);
      }
      double[][] approximation = product(p, transposed(average(products, storage)));
      double scale = 1e-12;
      for (double[][] error : errors) {
        scale = Math.max(scale, norm(error));
      }
      // A fixed start finds nothing in what an update has left over, so that some columns may be little more than epsilon: they feel the roundings of P the more.
      double allowed = tolerance + 10 * Math.ulp(1f) * scale * norm(q0) / shortest[0];
      for (int k = 0; k < ranks; k++) {
        Step step = steps[k][update];
        double outError = 0;
        double bufferError = 0;
        for (int i = 0; i < rows; i++) {
          for (int j = 0; j < columns; j++) {
            double expected = rows > columns ? approximation[j][i] : approximation[i][j];
            double left = stored((rows > columns ? errors[k][j][i] : errors[k][i][j]) - expected, storage);
            outError += Math.pow(step.approximation[i * columns + j] - expected, 2);
            bufferError += Math.pow(step.after[i * columns + j] - left, 2);
          }
        }
        if (allFinite) {
          assertTrue(Math.sqrt(outError) <= allowed * scale, "update " + update + ": gradient off by " + Math.sqrt(outError) / scale);
        } else {
          assertTrue(Float.isNaN(step.approximation[0]), "update " + update);
        }
        assertTrue(Math.sqrt(bufferError) <= allowed * scale, "update " + update + ": buffer off by " + Math.sqrt(bufferError) / scale);
      }
    }
  }

  /** Nothing is lost: what was applied and what is left are together what went in. */
  @ParameterizedTest
  @EnumSource
  void averageAndErrorAreTheGradient(Start start) throws InterruptedException {
    int ranks = 3;
    Step[][] steps = run(ranks, 12, 20, new PowerSgdConfig(3, Storage.F32, start, 1e-6, 1, 1), number -> Device.cpu(1));
    for (int update = 0; update < UPDATES; update++) {
      for (int i = 0; i < 240; i++) {
        double in = 0;
        double left = 0;
        boolean finite = true;
        for (int k = 0; k < ranks; k++) {
          finite &= finite(steps[k][update].gradient);
          in += (steps[k][update].before[i] + steps[k][update].gradient[i]) / ranks;
          left += steps[k][update].after[i] / ranks;
        }
        if (finite) {
          assertEquals(in, steps[0][update].approximation[i] + left, 1e-4, "update " + update);
        }
      }
    }
  }

  @Test
  void fullRankGivesTheGradientItself() throws InterruptedException {
    for (Storage storage : Storage.values()) {
      Step[][] steps = run(2, 8, 13, PowerSgdConfig.paper(8).with(storage), number -> Device.cpu(1));
      for (int update : new int[] {0, 3, 5}) {
        for (int i = 0; i < 104; i++) {
          double exact = (steps[0][update].gradient[i] + steps[1][update].gradient[i] + steps[0][update].before[i] + steps[1][update].before[i]) / 2;
          assertEquals(exact, steps[0][update].approximation[i], storage == Storage.F32 ? 2e-5 : 0.03, storage + ", update " + update);
        }
      }
    }
  }

  @Test
  void theSameWorldGivesTheSameBitsOnAnyDevice() throws InterruptedException {
    PowerSgdConfig config = PowerSgdConfig.paper(4);
    Step[][] once = run(2, 24, 40, config, number -> Device.cpu(1));
    Step[][] again = run(2, 24, 40, config, number -> OpaqueDevice.open(1));
    for (int update = 0; update < UPDATES; update++) {
      assertArrayEquals(once[0][update].approximation, once[1][update].approximation);
      assertArrayEquals(once[0][update].approximation, again[0][update].approximation);
      assertArrayEquals(once[1][update].after, again[1][update].after);
    }
  }

  /** Of the same gradient again and again, a warm start finds more in each update. */
  @Test
  void aWarmStartFollowsTheGradient() throws InterruptedException {
    ConcurrentHashMap<Start, Double> lefts = new ConcurrentHashMap<>();
    ThreadWorld.run(1, rank -> Device.cpu(1), DEADLINE, communicator -> {
      for (Start start : Start.values()) {
        lefts.put(start, left(communicator, start));
      }
    });
    assertTrue(lefts.get(Start.WARM) < lefts.get(Start.FIXED), lefts.toString());
  }

  private static double left(Communicator communicator, Start start) {
    try (Scope scope = communicator.device().newScope()) {
      PowerSgd powerSgd = new PowerSgd(scope, "w", 20, 30, new PowerSgdConfig(4, Storage.F32, start, 1e-6, 1, 1), SEED);
      for (int update = 0; update < 10; update++) {
        Tensor gradient = scope.of(gradient(0, 0, 20, 30), 20, 30);
        powerSgd.compress(gradient, communicator);
      }
      Tensor square = scope.allocate(DType.F32, 1);
      communicator.device().ops().sumOfSquares(powerSgd.error(), square, false);
      return square.toFloat();
    }
  }

  @Test
  void theNormIsThatOfTheApproximation() throws InterruptedException {
    ThreadWorld.run(1, rank -> Device.cpu(1), DEADLINE, communicator -> {
      try (Scope scope = communicator.device().newScope()) {
        for (Storage storage : Storage.values()) {
          PowerSgd powerSgd = new PowerSgd(scope, "w", 20, 30, new PowerSgdConfig(4, storage, Start.FIXED, 1e-6, 4, 0.25), SEED);
          powerSgd.add(scope.of(gradient(0, 0, 20, 30), 20, 30), 0.5);
          powerSgd.factorP();
          communicator.post(powerSgd.reduceP()).await();
          powerSgd.orthonormalise();
          powerSgd.factorQ();
          communicator.post(powerSgd.reduceQ()).await();
          Tensor norm = scope.allocate(DType.F32, 1);
          powerSgd.squaredNorm(norm);
          Tensor out = scope.allocate(DType.F32, 20, 30);
          powerSgd.decompress(out);
          Tensor exact = scope.allocate(DType.F32, 1);
          communicator.device().ops().sumOfSquares(out, exact, false);
          assertEquals(exact.toFloat(), norm.toFloat(), (storage == Storage.F32 ? 1e-5 : 5e-3) * exact.toFloat());
          assertTrue(exact.toFloat() > 0);
          assertThrows(ShapeException.class, () -> powerSgd.decompress(norm));
          powerSgd.finish(out, false);
        }
      }
    });
  }

  @Test
  void badNumbersAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> PowerSgdConfig.paper(0));
    assertThrows(IllegalArgumentException.class, () -> new PowerSgdConfig(1, Storage.F32, Start.FIXED, -1, 1, 1));
    assertThrows(IllegalArgumentException.class, () -> new PowerSgdConfig(1, Storage.F32, Start.FIXED, 0, 0, 1));
    try (Scope scope = Device.cpu(1).newScope()) {
      assertThrows(IllegalArgumentException.class, () -> new PowerSgd(scope, "w", 0, 3, PowerSgdConfig.paper(1), 1));
      PowerSgd powerSgd = new PowerSgd(scope, "w", 2, 3, PowerSgdConfig.paper(9), 1);
      assertEquals(2, powerSgd.rank());
      assertEquals(4, powerSgd.pCount());
      assertEquals(6, powerSgd.qCount());
      assertThrows(ShapeException.class, () -> powerSgd.add(scope.allocate(DType.F32, 5), 1));
    }
  }
}
