package dev.dalle.dist.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ShardFootprintTest {
  @Test
  void layerOfTwelveBillion() {
    assertEquals(new ShardFootprint(23_617_536, 2_444_288, 888_832), ShardFootprint.of(layers(1, 3968), 8, 896));
  }

  @Test
  void ratesOfTheThreeSizes() {
    assertEquals(0.8333, ShardFootprint.of(layers(1, 1920), 8, 512).compressionRate(), 5e-5);
    assertEquals(0.8512, ShardFootprint.of(layers(1, 2688), 8, 640).compressionRate(), 5e-5);
    assertEquals(0.8589, ShardFootprint.of(layers(1, 3968), 8, 896).compressionRate(), 5e-5);
  }

  @Test
  void modelOfTwelveBillion() {
    ShardFootprint footprint = ShardFootprint.of(layers(64, 3968), 8, 896);
    assertEquals(3_023_044_608L, footprint.bytesPerClass());
    assertEquals(0.427e9, footprint.factorBytes(), 0.0005e9);
  }

  @Test
  void whatDoesNotDivideIsRefused() {
    assertEquals("compression rank: expected a multiple of the 8 ranks of a machine, got 900",
        assertThrows(IllegalArgumentException.class, () -> ShardFootprint.of(layers(1, 3968), 8, 900)).getMessage());
    assertThrows(IllegalArgumentException.class, () -> ShardFootprint.of(layers(1, 3968), 7, 896));
    assertThrows(IllegalArgumentException.class, () -> ShardFootprint.of(layers(1, 64), 8, 896));
  }

  private static List<PlannedMatrix> layers(int count, int width) {
    List<PlannedMatrix> matrices = new ArrayList<>();
    for (int layer = 0; layer < count; layer++) {
      for (String name : List.of("query", "key", "value", "output")) {
        matrices.add(new PlannedMatrix(name, width, width, 1));
      }
      matrices.add(new PlannedMatrix("first", width, 4L * width, 1));
      matrices.add(new PlannedMatrix("second", 4L * width, width, 0));
    }
    return matrices;
  }
}
