package dev.dalle.dvae;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tape;
import dev.dalle.tensor.testing.ReferenceDevice;
import org.junit.jupiter.api.Test;

class PixelMapTest {
  @Test
  void mapsIntoTheInnerFourFifthsAndBack() {
    assertEquals(0.1, PixelMap.map(0), 1e-15);
    assertEquals(0.9, PixelMap.map(1), 1e-15);
    assertEquals(0.3, PixelMap.unmap(PixelMap.map(0.3)), 1e-15);
    assertEquals(0, PixelMap.unmap(0.05));
    assertEquals(1, PixelMap.unmap(0.95));
  }

  @Test
  void mapsTensors() {
    ReferenceDevice device = new ReferenceDevice();
    try (Scope scope = device.newScope()) {
      assertArrayEquals(new float[] {0.1f, 0.5f, 0.9f},
          PixelMap.map(Tape.inference(scope, DType.F32), scope.of(new float[] {0, 0.5f, 1}, 3)).toFloats());
    }
  }
}
