package dev.dalle.dist.shard;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Parameter.Kind;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Shape;
import dev.dalle.tensor.ShapeException;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.testing.OpaqueDevice;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ShardOpsTest {
  private static float[] numbered(long count) {
    float[] values = new float[(int) count];
    for (int i = 0; i < values.length; i++) {
      values[i] = i + 1;
    }
    return values;
  }

  /** Against the definition: the element at a place of a shard is the one whose index the place says, or zero. */
  @Test
  void everyElementIsWhereItsPlaceSays() {
    Random random = new Random(5);
    for (Device device : List.of(Device.cpu(2), OpaqueDevice.open(2))) {
      for (int trial = 0; trial < 100; trial++) {
        ShardLayout layout = new ShardLayout(1 + random.nextInt(5), 1 + random.nextInt(9), 1 + random.nextInt(4), 1 + random.nextInt(5));
        try (Scope scope = device.newScope()) {
          ShardOps ops = device.operations(ShardOps.class);
          Tensor whole = scope.of(numbered(layout.elementCount()), layout.elementCount());
          Tensor shards = scope.allocate(DType.F32, layout.ranks() * layout.shardCount());
          ops.cut(whole, layout, shards);
          for (int rank = 0; rank < layout.ranks(); rank++) {
            Tensor shard = scope.allocate(DType.F32, layout.shardShape());
            ops.cutOne(whole, layout, rank, shard);
            float[] expected = expected(layout, rank);
            assertArrayEquals(expected, shard.toFloats(), layout + " rank " + rank);
            assertArrayEquals(expected, shards.slice(rank * layout.shardCount(), (rank + 1) * layout.shardCount()).toFloats());
          }
          Tensor joined = scope.allocate(DType.F32, whole.shape());
          ops.join(shards, layout, joined);
          assertArrayEquals(whole.toFloats(), joined.toFloats(), layout.toString());
        }
      }
    }
  }

  private static float[] expected(ShardLayout layout, int rank) {
    float[] expected = new float[(int) layout.shardCount()];
    for (int i = 0; i < expected.length; i++) {
      long entry = i / layout.inner() % layout.chunk();
      boolean real = rank * layout.chunk() + entry < layout.axis();
      // Where a layout has one group, the place is one run.
      expected[i] = real ? layout.place(rank).index(i) + 1 : 0;
    }
    return expected;
  }

  @Test
  void placesOfShardsAreThoseOfTheArray() {
    // [3, 4]: columns 2 and 3 of each row.
    ShardLayout columns = ShardRule.columns(Shape.of(3, 4), 2);
    assertEquals(List.of(2L, 3L, 6L, 7L, 10L, 11L), List.of(0L, 1L, 2L, 3L, 4L, 5L).stream().map(columns.place(1)::index).toList());
    assertEquals(List.of(1L, 3L, 2L), List.of(columns.matrices(), columns.matrixRows(), columns.matrixColumns()));
    // Two matrices of [2, 3], one behind the other: the second row of each.
    ShardLayout stacked = ShardRule.rows(Shape.of(4, 3), 2, 2);
    assertEquals(List.of(3L, 4L, 5L, 9L, 10L, 11L), List.of(0L, 1L, 2L, 3L, 4L, 5L).stream().map(stacked.place(1)::index).toList());
    assertEquals(List.of(2L, 1L, 3L), List.of(stacked.matrices(), stacked.matrixRows(), stacked.matrixColumns()));
    ShardRule rule = ShardRule.outermost();
    assertEquals(new ShardLayout(1, 5, 7, 2), rule.layout("w", Kind.MATRIX, Shape.of(5, 7), 2));
    assertEquals(new ShardLayout(1, 35, 1, 2), rule.layout("e", Kind.FULL, Shape.of(5, 7), 2));
  }

  @Test
  void whatDoesNotFitIsRefused() {
    Device device = Device.cpu(1);
    ShardOps ops = device.operations(ShardOps.class);
    ShardLayout layout = new ShardLayout(1, 3, 2, 2);
    try (Scope scope = device.newScope()) {
      Tensor whole = scope.allocate(DType.F32, 6);
      Tensor shards = scope.allocate(DType.F32, 8);
      assertThrows(ShapeException.class, () -> ops.cut(whole, layout, whole));
      assertThrows(ShapeException.class, () -> ops.cut(whole, layout, scope.allocate(DType.I32, 8)));
      assertThrows(ShapeException.class, () -> ops.join(whole, layout, shards));
      assertThrows(IllegalArgumentException.class, () -> ops.cutOne(whole, layout, 2, scope.allocate(DType.F32, 4)));
      assertThrows(IllegalArgumentException.class, () -> ShardRule.rows(Shape.of(4, 3), 3, 2));
      assertThrows(IllegalArgumentException.class, () -> new ShardLayout(0, 1, 1, 1));
    }
  }
}
