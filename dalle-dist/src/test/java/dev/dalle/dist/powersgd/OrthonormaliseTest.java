package dev.dalle.dist.powersgd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.ShapeException;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.testing.OpaqueDevice;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** At the shapes of the paper's largest model: 496 x 112 and 1984 x 112. */
class OrthonormaliseTest {
  private static final double EPSILON = 1e-6;
  private static final double GOOD = 1e-5;

  private static float[] normal(int count, long seed) {
    Random random = new Random(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  /** Columns that are a random mixture of directions whose lengths fall from 1 to 1 / condition. */
  private static float[] illConditioned(int rows, int columns, double condition) {
    double[] mixed = new double[rows * columns];
    float[] directions = normal(rows * columns, 1);
    float[] mixture = normal(columns * columns, 2);
    for (int k = 0; k < columns; k++) {
      double length = Math.pow(condition, -(double) k / (columns - 1));
      for (int i = 0; i < rows; i++) {
        for (int j = 0; j < columns; j++) {
          mixed[i * columns + j] += directions[i * columns + k] * length * mixture[k * columns + j];
        }
      }
    }
    float[] matrix = new float[mixed.length];
    for (int i = 0; i < matrix.length; i++) {
      matrix[i] = (float) mixed[i];
    }
    return matrix;
  }

  /** The Frobenius norm of P'P - I. */
  private static double defect(float[] p, int rows, int columns) {
    double sum = 0;
    for (int a = 0; a < columns; a++) {
      for (int b = a; b < columns; b++) {
        double dot = a == b ? -1 : 0;
        for (int i = 0; i < rows; i++) {
          dot += (double) p[i * columns + a] * p[i * columns + b];
        }
        sum += (a == b ? 1 : 2) * dot * dot;
      }
    }
    return Math.sqrt(sum);
  }

  private static float[] orthonormalised(Device device, float[] matrix, int rows, int columns, double epsilon) {
    try (Scope scope = device.newScope()) {
      Tensor tensor = scope.of(matrix, rows, columns);
      device.operations(FactorOps.class).orthonormalise(tensor, epsilon);
      return tensor.toFloats();
    }
  }

  private static float[] gramSchmidt(float[] matrix, int rows, int columns) {
    float[] p = matrix.clone();
    for (int i = 0; i < columns; i++) {
      p[i * columns + i] += (float) EPSILON;
    }
    for (int k = 0; k < columns; k++) {
      double square = 0;
      for (int i = 0; i < rows; i++) {
        square += (double) p[i * columns + k] * p[i * columns + k];
      }
      for (int i = 0; i < rows; i++) {
        p[i * columns + k] = (float) (p[i * columns + k] / Math.sqrt(square));
      }
      for (int j = k + 1; j < columns; j++) {
        float dot = 0;
        for (int i = 0; i < rows; i++) {
          dot += p[i * columns + k] * p[i * columns + j];
        }
        for (int i = 0; i < rows; i++) {
          p[i * columns + j] -= dot * p[i * columns + k];
        }
      }
    }
    return p;
  }

  @ParameterizedTest
  @CsvSource({"496, 1", "496, 1e4", "496, 1e8", "496, 1e12", "1984, 1", "1984, 1e12"})
  void columnsAreOrthonormalHoweverCloseTheyWere(int rows, double condition) {
    float[] matrix = illConditioned(rows, 112, condition);
    double found = defect(orthonormalised(Device.cpu(2), matrix, rows, 112, EPSILON), rows, 112);
    assertTrue(found <= GOOD, "defect " + found);
    if (condition == 1e12) {
      assertTrue(defect(gramSchmidt(matrix, rows, 112), rows, 112) > GOOD, "Gram and Schmidt's way would do as well");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {496, 1984})
  void columnsThatAreZeroOrThereTwice(int rows) {
    float[] matrix = normal(rows * 112, 3);
    for (int i = 0; i < rows; i++) {
      matrix[i * 112 + 5] = 0;
      matrix[i * 112 + 50] = matrix[i * 112 + 7];
      matrix[i * 112 + 111] = -3 * matrix[i * 112 + 7];
    }
    for (double epsilon : new double[] {0, EPSILON}) {
      assertTrue(defect(orthonormalised(Device.cpu(2), matrix, rows, 112, epsilon), rows, 112) <= GOOD);
    }
    assertTrue(defect(orthonormalised(Device.cpu(2), new float[rows * 112], rows, 112, EPSILON), rows, 112) <= GOOD);
    assertTrue(defect(orthonormalised(Device.cpu(2), new float[rows * 112], rows, 112, 0), rows, 112) <= GOOD);
  }

  /** The result is unique: each column is what Gram and Schmidt's way gives in double, where that is good enough. */
  @ParameterizedTest
  @CsvSource({"1, 1", "5, 1", "5, 5", "16, 7", "33, 17", "100, 31"})
  void columnsSpanWhatTheySpanned(int rows, int columns) {
    float[] matrix = normal(rows * columns, 10L * rows + columns);
    double[] exact = new double[matrix.length];
    for (int i = 0; i < exact.length; i++) {
      exact[i] = matrix[i];
    }
    for (int k = 0; k < columns; k++) {
      for (int pass = 0; pass < 2; pass++) {
        for (int j = 0; j < k; j++) {
          double dot = 0;
          for (int i = 0; i < rows; i++) {
            dot += exact[i * columns + j] * exact[i * columns + k];
          }
          for (int i = 0; i < rows; i++) {
            exact[i * columns + k] -= dot * exact[i * columns + j];
          }
        }
      }
      double square = 0;
      for (int i = 0; i < rows; i++) {
        square += exact[i * columns + k] * exact[i * columns + k];
      }
      for (int i = 0; i < rows; i++) {
        exact[i * columns + k] /= Math.sqrt(square);
      }
    }
    float[] found = orthonormalised(Device.cpu(2), matrix, rows, columns, 0);
    for (int i = 0; i < exact.length; i++) {
      assertEquals(exact[i], found[i], 2e-4, "element " + i);
    }
  }

  @Test
  void bitsDependNeitherOnThreadsNorOnTheDevice() {
    float[] matrix = normal(200 * 30, 4);
    float[] expected = orthonormalised(Device.cpu(1), matrix, 200, 30, EPSILON);
    for (Device device : List.of(Device.cpu(2), Device.cpu(3), OpaqueDevice.open(2))) {
      assertArrayEquals(expected, orthonormalised(device, matrix, 200, 30, EPSILON));
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {1e-30, 1e30})
  void sizeDoesNotMatter(double size) {
    float[] matrix = normal(64 * 9, 5);
    for (int i = 0; i < matrix.length; i++) {
      matrix[i] *= (float) size;
    }
    assertTrue(defect(orthonormalised(Device.cpu(1), matrix, 64, 9, 0), 64, 9) <= GOOD);
  }

  @Test
  void whatIsNotFiniteShows() {
    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
      float[] matrix = normal(20 * 3, 6);
      matrix[31] = bad;
      for (float value : orthonormalised(Device.cpu(1), matrix, 20, 3, EPSILON)) {
        assertTrue(Float.isNaN(value));
      }
    }
  }

  @Test
  void whatDoesNotFitIsRefused() {
    Device device = Device.cpu(1);
    FactorOps ops = device.operations(FactorOps.class);
    try (Scope scope = device.newScope()) {
      assertThrows(ShapeException.class, () -> ops.orthonormalise(scope.allocate(DType.F32, 3, 4), 0));
      assertThrows(ShapeException.class, () -> ops.orthonormalise(scope.allocate(DType.BF16, 4, 3), 0));
      assertThrows(ShapeException.class, () -> ops.orthonormalise(scope.allocate(DType.F32, 4), 0));
      assertThrows(IllegalArgumentException.class, () -> ops.orthonormalise(scope.allocate(DType.F32, 4, 3), -1));
    }
  }
}
