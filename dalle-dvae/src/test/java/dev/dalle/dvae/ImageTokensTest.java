package dev.dalle.dvae;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.ShapeException;
import dev.dalle.tensor.Tape;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.testing.ReferenceDevice;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class ImageTokensTest {
  private final ReferenceDevice device = new ReferenceDevice();

  @Test
  void tokensAreTheGreatestLogitsWhateverTheBatch() {
    DvaeConfig config = TestModels.tiny();
    try (Scope scope = device.newScope()) {
      Dvae dvae = TestModels.initialised(scope, config, 3);
      Tensor pixels = TestModels.pixels(scope, config, 5, 4);
      Tape tape = Tape.inference(scope, DType.F32);
      Tensor expected = scope.allocate(DType.I32, 5, 4, 4);
      device.ops().argmax(dvae.encoder().logits(tape, PixelMap.map(tape, pixels)), expected);
      assertTrue(Arrays.stream(expected.toInts()).distinct().count() > 1, "a test on one code only tests nothing");
      for (int batch : new int[] {1, 2, 5, 9}) {
        long before = device.bytesInUse();
        Tensor ids = new ImageTokens(dvae, DType.F32, batch).encode(scope, pixels);
        assertArrayEquals(expected.toInts(), ids.toInts());
        assertEquals(before + ids.byteSize(), device.bytesInUse());
      }
    }
  }

  @Test
  void picturesAreThoseOfTheOneHotCode() {
    DvaeConfig config = TestModels.tiny();
    try (Scope scope = device.newScope()) {
      Dvae dvae = TestModels.initialised(scope, config, 3);
      int[] ids = new int[3 * 16];
      double[] oneHot = new double[ids.length * 5];
      for (int i = 0; i < ids.length; i++) {
        ids[i] = i * 7 % 5;
        oneHot[i * 5 + ids[i]] = 1;
      }
      Tensor code = scope.allocate(DType.F32, 3, 4, 4, 5);
      ReferenceDevice.write(code, oneHot);
      Tape tape = Tape.inference(scope, DType.F32);
      double[] maps = ReferenceDevice.read(dvae.decoder().maps(tape, code));
      Tensor idTensor = scope.of(ids, 3, 4, 4);
      assertArrayEquals(maps, ReferenceDevice.read(dvae.decoder().mapsOf(tape, idTensor)));
      double[] pixels = ReferenceDevice.read(new ImageTokens(dvae, DType.F32, 2).decode(scope, idTensor));
      for (int i = 0; i < pixels.length; i++) {
        double mu = maps[i / 3 * 6 + i % 3];
        double expected = Math.min(1, Math.max(0, (1 / (1 + Math.exp(-mu)) - 0.1) / 0.8));
        assertEquals(expected, pixels[i], 1e-12);
      }
    }
  }

  @Test
  void reconstructIsDecodeOfEncode() {
    DvaeConfig config = TestModels.tiny();
    try (Scope scope = device.newScope()) {
      Dvae dvae = TestModels.initialised(scope, config, 3);
      Tensor pixels = TestModels.pixels(scope, config, 3, 4);
      ImageTokens tokens = new ImageTokens(dvae, DType.F32, 2);
      double[] expected = ReferenceDevice.read(tokens.decode(scope, tokens.encode(scope, pixels)));
      long before = device.bytesInUse();
      Tensor again = tokens.reconstruct(scope, pixels);
      assertArrayEquals(expected, ReferenceDevice.read(again));
      assertEquals(before + again.byteSize(), device.bytesInUse());
    }
  }

  @Test
  void wrongArgumentsAreNamed() {
    try (Scope scope = device.newScope()) {
      Dvae dvae = TestModels.initialised(scope, TestModels.tiny(), 3);
      assertEquals("batch: expected 1 or more, got 0",
          assertThrows(IllegalArgumentException.class, () -> new ImageTokens(dvae, DType.F32, 0)).getMessage());
      ImageTokens tokens = new ImageTokens(dvae, DType.F32, 2);
      assertEquals("pixels: expected F32[1, 8, 8, 3] [batch, size, size, channels], got F32[1, 8, 8, 4]@reference",
          assertThrows(ShapeException.class, () -> tokens.encode(scope, scope.allocate(DType.F32, 1, 8, 8, 4))).getMessage());
      Tensor ids = scope.zeros(DType.I32, dev.dalle.tensor.Shape.of(1, 4, 4));
      ids.write(new int[] {0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0});
      assertEquals("id 5 at row 9, there are 5 codes",
          assertThrows(IndexOutOfBoundsException.class, () -> tokens.decode(scope, ids)).getMessage());
    }
  }
}
