package dev.dalle.dvae;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tape;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.testing.ReferenceDevice;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Both networks in tiles, in doubles and to the bit. */
class TilesTest {
  private final ReferenceDevice device = new ReferenceDevice();

  private static Tensor ids(Scope scope, int batch, int rows, int columns, int vocabulary) {
    return scope.of(new Random(6).ints((long) batch * rows * columns, 0, vocabulary).toArray(), batch, rows, columns);
  }

  private static double[] logits(Scope scope, Dvae dvae, Tensor mapped, Tiles tiles) {
    int side = dvae.config().downsampling();
    Tensor logits = scope.allocate(DType.F32, mapped.dim(0), mapped.dim(1) / side, mapped.dim(2) / side, dvae.config().vocabulary());
    tiles.run(mapped, logits, (inner, in, out) -> inner.device().ops().copy(dvae.encoder().logits(Tape.inference(inner, DType.F32), in), out));
    return ReferenceDevice.read(logits);
  }

  private static double[] maps(Scope scope, Dvae dvae, Tensor ids, Tiles tiles) {
    int side = dvae.config().downsampling();
    Tensor maps = scope.allocate(DType.F32, ids.dim(0), ids.dim(1) * side, ids.dim(2) * side, 6);
    tiles.run(ids, maps, (inner, in, out) -> inner.device().ops().copy(dvae.decoder().mapsOf(Tape.inference(inner, DType.F32), in), out));
    return ReferenceDevice.read(maps);
  }

  private static Tiles withHalo(Tiles tiles, int halo) {
    return new Tiles(tiles.side(), halo, tiles.inUnit(), tiles.outUnit());
  }

  /** Rows and columns of the picture's tokens; tiles of one token up to more than all. */
  @ParameterizedTest
  @CsvSource({"1, 1, 1, 1", "1, 1, 17, 23", "1, 2, 5, 31", "2, 1, 15, 18", "2, 1, 1, 30", "2, 2, 26, 3", "3, 1, 9, 16", "3, 2, 2, 27", "4, 1, 2, 17",
      "4, 1, 15, 1", "4, 2, 1, 29"})
  void resultsAreThoseOfTheWhole(int groups, int blocks, int rows, int columns) {
    try (Scope scope = device.newScope()) {
      Dvae dvae = TestModels.reaching(scope, groups, blocks);
      DvaeConfig config = dvae.config();
      Tensor mapped = TestModels.pixels(scope, 2, rows * config.downsampling(), columns * config.downsampling(), 4);
      Tensor ids = ids(scope, 2, rows, columns, config.vocabulary());
      Tape tape = Tape.inference(scope, DType.F32);
      double[] logits = ReferenceDevice.read(dvae.encoder().logits(tape, mapped));
      double[] maps = ReferenceDevice.read(dvae.decoder().mapsOf(tape, ids));
      for (int side : new int[] {1, 3, 4, 8, 16, 100}) {
        if (side > 1 || rows * columns < 60) {
          long before = device.bytesInUse();
          try (Scope inner = device.newScope()) {
            assertArrayEquals(logits, logits(inner, dvae, mapped, Tiles.ofEncoder(config, side)), "encoder, tiles of " + side);
            assertArrayEquals(maps, maps(inner, dvae, ids, Tiles.ofDecoder(config, side)), "decoder, tiles of " + side);
          }
          assertEquals(before, device.bytesInUse());
        }
      }
    }
  }

  @Test
  void widerConvolutionsAroundTheCodeReachATokenFurther() {
    try (Scope scope = device.newScope()) {
      DvaeConfig config = TestModels.tinyVariant();
      Dvae dvae = TestModels.initialised(scope, config, 3);
      Tensor mapped = TestModels.pixels(scope, 1, 40, 34, 4);
      Tensor ids = ids(scope, 1, 20, 17, config.vocabulary());
      Tape tape = Tape.inference(scope, DType.F32);
      assertArrayEquals(ReferenceDevice.read(dvae.encoder().logits(tape, mapped)), logits(scope, dvae, mapped, Tiles.ofEncoder(config, 4)));
      assertArrayEquals(ReferenceDevice.read(dvae.decoder().mapsOf(tape, ids)), maps(scope, dvae, ids, Tiles.ofDecoder(config, 4)));
      assertEquals(Tiles.ofEncoder(TestModels.tiny(), 4).halo() + 1, Tiles.ofEncoder(config, 4).halo());
      assertEquals(Tiles.ofDecoder(TestModels.tiny(), 4).halo() + 1, Tiles.ofDecoder(config, 4).halo());
    }
  }

  /** What a pixel too little does: with one token less of halo both networks give something else, along rows as along columns. */
  @ParameterizedTest
  @CsvSource({"1, 1, 6, 3", "1, 2, 9, 6", "2, 1, 6, 5", "2, 2, 11, 9", "3, 1, 6, 6", "3, 2, 12, 11", "4, 1, 6, 6", "4, 2, 12, 12"})
  void aSmallerHaloIsTooSmall(int groups, int blocks, int encoderHalo, int decoderHalo) {
    try (Scope scope = device.newScope()) {
      Dvae dvae = TestModels.reaching(scope, groups, blocks);
      DvaeConfig config = dvae.config();
      int side = config.downsampling();
      Tiles encoder = Tiles.ofEncoder(config, 3);
      Tiles decoder = Tiles.ofDecoder(config, 3);
      assertEquals(encoderHalo, encoder.halo());
      assertEquals(decoderHalo, decoder.halo());
      for (boolean across : new boolean[] {true, false}) {
        int rows = across ? 2 : 28;
        int columns = across ? 28 : 2;
        Tensor mapped = TestModels.pixels(scope, 1, rows * side, columns * side, 4);
        double[] logits = logits(scope, dvae, mapped, Tiles.ofEncoder(config, 100));
        assertArrayEquals(logits, logits(scope, dvae, mapped, encoder));
        assertFalse(Arrays.equals(logits, logits(scope, dvae, mapped, withHalo(encoder, encoderHalo - 1))), "encoder, across " + across);
        Tensor ids = ids(scope, 1, rows, columns, config.vocabulary());
        double[] maps = maps(scope, dvae, ids, Tiles.ofDecoder(config, 100));
        assertArrayEquals(maps, maps(scope, dvae, ids, decoder));
        assertFalse(Arrays.equals(maps, maps(scope, dvae, ids, withHalo(decoder, decoderHalo - 1))), "decoder, across " + across);
      }
    }
  }

  @Test
  void thePublishedNetworksReach93And90PixelsOrTwelveTokens() {
    DvaeConfig paper = DvaeConfig.paper();
    assertEquals(93, NetworkPlan.encoder(paper).pixelRadius());
    assertEquals(90, NetworkPlan.decoder(paper).pixelRadius());
    assertEquals(12, NetworkPlan.encoder(paper).tokenRadius());
    assertEquals(12, NetworkPlan.decoder(paper).tokenRadius());
  }

  /** The radius to the pixel, from outside: which columns of tokens change with a column of pixels, and the other way round. */
  @ParameterizedTest
  @CsvSource({"1, 1", "1, 2", "2, 1", "2, 2", "3, 1", "4, 1"})
  void aColumnIsSeenAsFarAsTheRadiusAndNoFurther(int groups, int blocks) {
    try (Scope scope = device.newScope()) {
      Dvae dvae = TestModels.reaching(scope, groups, blocks);
      DvaeConfig config = dvae.config();
      int side = config.downsampling();
      int columns = 30;
      int height = 2 * side;
      int width = columns * side;
      int reach = NetworkPlan.encoder(config).pixelRadius();
      int farthest = 0;
      Tensor mapped = TestModels.pixels(scope, 1, height, width, 4);
      double[] pixels = ReferenceDevice.read(mapped);
      double[] logits = logits(scope, dvae, mapped, Tiles.ofEncoder(config, 100));
      for (int x = width / 2; x < width / 2 + side; x++) {
        double[] other = pixels.clone();
        for (int i = 0; i < other.length; i++) {
          other[i] = i / 3 % width == x ? 1.5 - other[i] : other[i];
        }
        ReferenceDevice.write(mapped, other);
        double[] changed = logits(scope, dvae, mapped, Tiles.ofEncoder(config, 100));
        for (int i = 0; i < logits.length; i++) {
          int column = i / config.vocabulary() % columns;
          farthest = Math.max(farthest, logits[i] == changed[i] ? 0 : Math.max(column * side - x, x - (column * side + side - 1)));
        }
      }
      assertEquals(reach, farthest);

      farthest = 0;
      Tensor ids = ids(scope, 1, 2, columns, config.vocabulary());
      double[] maps = maps(scope, dvae, ids, Tiles.ofDecoder(config, 100));
      int[] other = ids.toInts();
      int column = columns / 2;
      for (int row = 0; row < 2; row++) {
        other[row * columns + column] = (other[row * columns + column] + 1) % config.vocabulary();
      }
      ids.write(other);
      double[] changed = maps(scope, dvae, ids, Tiles.ofDecoder(config, 100));
      for (int i = 0; i < maps.length; i++) {
        int x = i / 6 % width;
        farthest = Math.max(farthest, maps[i] == changed[i] ? 0 : Math.max(column * side - x, x - (column * side + side - 1)));
      }
      assertEquals(NetworkPlan.decoder(config).pixelRadius(), farthest);
    }
  }
}
