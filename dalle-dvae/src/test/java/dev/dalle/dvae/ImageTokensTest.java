package dev.dalle.dvae;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Shape;
import dev.dalle.tensor.ShapeException;
import dev.dalle.tensor.Tape;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.testing.ReferenceDevice;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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

  /** Sizes that the model was not trained on, whole and in tiles, alone and in batches. */
  @ParameterizedTest
  @CsvSource({"1, 1, 1", "6, 10, 1", "6, 10, 4", "15, 4, 3", "2, 30, 7"})
  void picturesOfAnySizeGoThroughInTilesOfAnySize(int rows, int columns, int tile) {
    try (Scope scope = device.newScope()) {
      Dvae dvae = TestModels.reaching(scope, 2, 1);
      Tensor pixels = TestModels.pixels(scope, 3, 2 * rows, 2 * columns, 4);
      Tape tape = Tape.inference(scope, DType.F32);
      Tensor expected = scope.allocate(DType.I32, 3, rows, columns);
      device.ops().argmax(dvae.encoder().logits(tape, PixelMap.map(tape, pixels)), expected);
      Tensor maps = dvae.decoder().mapsOf(tape, expected);
      Tensor seen = scope.allocate(DType.F32, 3, 2 * rows, 2 * columns, 3);
      device.operations(DvaeOps.class).pixels(maps, seen);
      for (int batch : new int[] {1, 2, 4}) {
        long before = device.bytesInUse();
        ImageTokens whole = new ImageTokens(dvae, DType.F32, batch);
        for (ImageTokens tokens : new ImageTokens[] {whole, whole.withTile(tile)}) {
          try (Scope inner = device.newScope()) {
            Tensor ids = tokens.encode(inner, pixels);
            assertEquals(expected.shape(), ids.shape());
            assertArrayEquals(expected.toInts(), ids.toInts());
            assertArrayEquals(ReferenceDevice.read(seen), ReferenceDevice.read(tokens.decode(inner, ids)));
            Tensor again = tokens.reconstruct(inner, pixels);
            assertEquals(pixels.shape(), again.shape());
            assertArrayEquals(ReferenceDevice.read(seen), ReferenceDevice.read(again));
            assertEquals(before + ids.byteSize() + 2 * again.byteSize(), device.bytesInUse());
          }
        }
      }
    }
  }

  @Test
  void noPicturesHaveNoTokens() {
    try (Scope scope = device.newScope()) {
      ImageTokens tokens = new ImageTokens(TestModels.reaching(scope, 2, 1), DType.F32, 2).withTile(1);
      assertEquals(Shape.of(0, 2, 3), tokens.encode(scope, scope.allocate(DType.F32, 0, 4, 6, 3)).shape());
      assertEquals(Shape.of(0, 4, 6, 3), tokens.decode(scope, scope.allocate(DType.I32, 0, 2, 3)).shape());
    }
  }

  /** The paper's model on a photo of 12 million pixels: as much for a tile as for the tile of a larger one, a tenth of what the whole takes. */
  @Test
  void aPhotoInTilesTakesLittleMemory() {
    DvaeConfig paper = DvaeConfig.paper();
    long photo = 4L * 3 * 3000 * 4000;
    long tiles = ImageTokens.bytesNeeded(paper, DType.F32, 1, 32, 375, 500);
    long whole = ImageTokens.bytesNeeded(paper, DType.F32, 1, 500, 375, 500);
    assertTrue(tiles - photo < 1_500_000_000L, "in tiles: " + tiles);
    assertTrue(tiles < whole / 10, tiles + " in tiles, " + whole + " whole");
    long larger = ImageTokens.bytesNeeded(paper, DType.F32, 1, 32, 750, 1000);
    assertTrue(larger - 4 * photo < 1.1 * (tiles - photo), tiles + ", and " + larger + " for a larger one");
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
      assertEquals("tile: expected 1 token or more, got 0", assertThrows(IllegalArgumentException.class, () -> tokens.withTile(0)).getMessage());
      assertEquals("pixels: expected F32 [batch, height, width, 3] with height and width positive multiples of 2, got F32[1, 8, 8, 4]@reference",
          assertThrows(ShapeException.class, () -> tokens.encode(scope, scope.allocate(DType.F32, 1, 8, 8, 4))).getMessage());
      Tensor ids = scope.zeros(DType.I32, dev.dalle.tensor.Shape.of(1, 4, 4));
      ids.write(new int[] {0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0});
      assertEquals("id 5 at row 9, there are 5 codes",
          assertThrows(IndexOutOfBoundsException.class, () -> tokens.decode(scope, ids)).getMessage());
    }
  }
}
