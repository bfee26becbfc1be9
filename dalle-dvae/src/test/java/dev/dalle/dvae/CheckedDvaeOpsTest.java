package dev.dalle.dvae;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.testing.ReferenceDevice;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class CheckedDvaeOpsTest {
  private static final double NONE = Double.NEGATIVE_INFINITY;

  private final ReferenceDevice device = new ReferenceDevice();
  private final Scope scope = device.newScope();
  private final DvaeOps ops = device.operations(DvaeOps.class);

  @AfterEach
  void close() {
    scope.close();
  }

  private Tensor f32(long... dims) {
    return scope.allocate(DType.F32, dims);
  }

  private static void refused(String message, Runnable call) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, call::run).getMessage());
  }

  @Test
  void affine() {
    refused("in: expected type F32, got BF16[3]@reference", () -> ops.affine(scope.allocate(DType.BF16, 3), 1, 0, f32(3)));
    refused("out: expected a floating-point tensor, got I32[3]@reference", () -> ops.affine(f32(3), 1, 0, scope.allocate(DType.I32, 3)));
    refused("out: expected 3 elements like in [3], got F32[4]@reference", () -> ops.affine(f32(3), 1, 0, f32(4)));
    try (Scope other = new ReferenceDevice().newScope()) {
      refused("out: expected a tensor on reference, got F32[3]@reference; copy it over first",
          () -> ops.affine(f32(3), 1, 0, other.allocate(DType.F32, 3)));
    }
  }

  @Test
  void gumbelSoftmax() {
    refused("code: expected [2, 3] (like logits), got F32[3, 2]@reference", () -> ops.gumbelSoftmax(f32(2, 3), 1, 0, 0, f32(3, 2)));
    refused("logits: expected rows of at least one column, got F32[2, 0]@reference",
        () -> ops.gumbelSoftmax(f32(2, 0), 1, 0, 0, f32(2, 0)));
    refused("temperature: expected a positive finite number, got 0.0", () -> ops.gumbelSoftmax(f32(2, 3), 0, 0, 0, f32(2, 3)));
    refused("temperature: expected a positive finite number, got NaN",
        () -> ops.gumbelSoftmaxGradient(f32(3), f32(3), Double.NaN, f32(3)));
    refused("gradCode: expected [3] (like code), got F32[4]@reference", () -> ops.gumbelSoftmaxGradient(f32(3), f32(4), 1, f32(3)));
    refused("gradLogits: expected [3] (like code), got F32[4]@reference", () -> ops.gumbelSoftmaxGradient(f32(3), f32(3), 1, f32(4)));
  }

  @Test
  void logitLaplace() {
    refused("maps: expected [5, 6] (mu and ln b for each value of pixels), got F32[5, 5]@reference",
        () -> ops.logitLaplace(f32(5, 3), f32(5, 5), NONE, f32(5, 3)));
    refused("losses: expected [5, 3] (like pixels), got F32[5]@reference", () -> ops.logitLaplace(f32(5, 3), f32(5, 6), NONE, f32(5)));
    refused("minLogScale: expected a finite number or negative infinity, got NaN",
        () -> ops.logitLaplace(f32(5, 3), f32(5, 6), Double.NaN, f32(5, 3)));
    refused("minLogScale: expected a finite number or negative infinity, got Infinity",
        () -> ops.logitLaplaceGradient(f32(5, 3), f32(5, 6), Double.POSITIVE_INFINITY, f32(1), f32(5, 6)));
    refused("gradSum: expected 1 elements (a scalar), got F32[2]@reference",
        () -> ops.logitLaplaceGradient(f32(5, 3), f32(5, 6), NONE, f32(2), f32(5, 6)));
    refused("gradMaps: expected [5, 6] (like maps), got F32[5, 3]@reference",
        () -> ops.logitLaplaceGradient(f32(5, 3), f32(5, 6), NONE, f32(1), f32(5, 3)));
    refused("maps: expected [5, 6] (mu and ln b for each value of pixels), got F32[5, 3]@reference", () -> ops.pixels(f32(5, 3), f32(5, 3)));
  }

  @Test
  void uniformDivergence() {
    refused("divergences: expected 5 elements (one for each row of logits), got F32[3]@reference",
        () -> ops.uniformDivergence(f32(5, 3), f32(3)));
    refused("gradLogits: expected [5, 3] (like logits), got F32[3]@reference",
        () -> ops.uniformDivergenceGradient(f32(5, 3), f32(1), f32(3)));
  }

  @Test
  void gatherColumns() {
    Tensor ids = scope.allocate(DType.I32, 4);
    refused("weight: expected [outputs, codes], got F32[3]@reference", () -> ops.gatherColumns(f32(3), f32(3), ids, f32(4, 3)));
    refused("bias: expected [3] (one for each row of weight), got F32[2]@reference", () -> ops.gatherColumns(f32(3, 5), f32(2), ids, f32(4, 3)));
    refused("out: expected [4, 3] (with one column for each row of weight), got F32[4, 5]@reference",
        () -> ops.gatherColumns(f32(3, 5), f32(3), ids, f32(4, 5)));
    refused("ids: expected 2 elements (one for each row of out), got I32[4]@reference",
        () -> ops.gatherColumns(f32(3, 5), f32(3), ids, f32(2, 3)));
    refused("ids: expected type I32, got F32[4]@reference", () -> ops.gatherColumns(f32(3, 5), f32(3), f32(4), f32(4, 3)));
  }

  @Test
  void argmaxLinear() {
    Tensor ids = scope.allocate(DType.I32, 4);
    refused("xNorms: expected [4, 2] (two for each row), got F32[4, 3]@reference",
        () -> ops.argmaxLinear(f32(4, 3), f32(4, 3), f32(5, 3), f32(5, 2), f32(5), f32(4, 5), ids));
    refused("weight: expected [codes, 3], with as many columns as x, got F32[5, 2]@reference",
        () -> ops.argmaxLinear(f32(4, 3), f32(4, 2), f32(5, 2), f32(5, 2), f32(5), f32(4, 5), ids));
    refused("weightNorms: expected [5, 2] (two for each row), got F32[4, 2]@reference",
        () -> ops.argmaxLinear(f32(4, 3), f32(4, 2), f32(5, 3), f32(4, 2), f32(5), f32(4, 5), ids));
    refused("bias: expected [5] (one for each row of weight), got F32[4]@reference",
        () -> ops.argmaxLinear(f32(4, 3), f32(4, 2), f32(5, 3), f32(5, 2), f32(4), f32(4, 5), ids));
    refused("products: expected [4, 5] (one for each row of x and of weight), got F32[5, 4]@reference",
        () -> ops.argmaxLinear(f32(4, 3), f32(4, 2), f32(5, 3), f32(5, 2), f32(5), f32(5, 4), ids));
    refused("ids: expected 3 elements (one for each row of x), got I32[4]@reference",
        () -> ops.argmaxLinear(f32(3, 3), f32(3, 2), f32(5, 3), f32(5, 2), f32(5), f32(3, 5), ids));
    refused("norms: expected [4, 2] (two for each row), got F32[4]@reference", () -> ops.roundingNorms(f32(4, 3), f32(4)));
  }
}
