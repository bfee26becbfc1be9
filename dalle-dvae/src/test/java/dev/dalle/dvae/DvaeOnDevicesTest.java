package dev.dalle.dvae;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Parameter;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tape;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.testing.OpaqueDevice;
import dev.dalle.tensor.testing.ReferenceDevice;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The whole model on the processor against the reference in double, from equal parameters. */
class DvaeOnDevicesTest {
  /** 16 x 16 pixels, 4 x 4 tokens of 33 codes. */
  private static final DvaeConfig CONFIG =
      new DvaeConfig(16, 8, 3, 2, 33, 12, 0.5, 4, Math.sqrt(2), 1, 0.25, 4, OptionalDouble.of(-1));
  private static final Relaxation RELAXATION = new Relaxation(0.8, 6.6, 3, 4);

  private final OpaqueDevice device = OpaqueDevice.open(2);
  private final ReferenceDevice reference = new ReferenceDevice();

  private static DvaeLoss step(Scope scope, Dvae dvae, Tensor pixels, DType computeType) {
    return step(scope, dvae, pixels, computeType, 1);
  }

  private static DvaeLoss step(Scope scope, Dvae dvae, Tensor pixels, DType computeType, float lossScale) {
    dvae.parameters().clearGradients();
    Tape tape = Tape.recording(scope, computeType);
    DvaeLoss loss = DvaeObjective.negativeElb(tape, dvae, pixels, RELAXATION);
    tape.backward(loss.loss(), scope.of(new float[] {lossScale}, 1));
    return loss;
  }

  /** A model on the reference device with the rounded parameters of another. */
  private static Dvae copy(Scope scope, Dvae from) {
    Dvae to = new Dvae(scope, from.config());
    for (Parameter parameter : from.parameters()) {
      to.parameters().get(parameter.name()).value().write(parameter.value().toFloats());
    }
    return to;
  }

  /** Size of the difference of all gradients relative to their size; those that were found carry a scale. */
  private static double difference(Dvae found, float scale, Dvae right) {
    double squares = 0;
    double differences = 0;
    for (Parameter parameter : right.parameters()) {
      double[] expected = ReferenceDevice.read(parameter.gradient());
      float[] actual = found.parameters().get(parameter.name()).gradient().toFloats();
      for (int i = 0; i < expected.length; i++) {
        squares += expected[i] * expected[i];
        double difference = actual[i] / scale - expected[i];
        differences += difference * difference;
      }
    }
    return Math.sqrt(differences / squares);
  }

  private void compare(DType computeType, float lossScale, double lossTolerance, double gradientTolerance) {
    assumeTrue(device.computesIn(computeType), computeType + " is not computed on this processor");
    try (Scope scope = device.newScope(); Scope referenceScope = reference.newScope()) {
      Dvae dvae = TestModels.initialised(scope, CONFIG, 3);
      Dvae right = copy(referenceScope, dvae);
      Tensor pixels = TestModels.pixels(scope, CONFIG, 5, 2);
      Tensor rightPixels = referenceScope.of(pixels.toFloats(), pixels.shape().toArray());
      DvaeLoss expected = step(referenceScope, right, rightPixels, DType.F32);
      DvaeLoss found = step(scope, dvae, pixels, computeType, lossScale);
      assertEquals(expected.loss().toFloat(), found.loss().toFloat(), lossTolerance);
      assertEquals(expected.reconstruction().toFloat(), found.reconstruction().toFloat(), lossTolerance);
      assertEquals(expected.divergence().toFloat(), found.divergence().toFloat(), lossTolerance);
      double difference = difference(dvae, lossScale, right);
      assertTrue(difference < gradientTolerance, "relative difference of the gradients: " + difference);
    }
    assertEquals(0, device.bytesInUse());
  }

  @Test
  void f32() {
    // Some fifty rounded layers; a unit that falls on the other side of a ReLU's kink counts too.
    compare(DType.F32, 1, 2e-6, 1e-5);
  }

  @Test
  void bf16() {
    // Roundings of 2^-9 in some forty layers, amplified by the mapping to logits.
    compare(DType.BF16, 1, 0.02, 0.1);
  }

  /** Weights in 16 bits, those around the code in F32: the loss and the gradients of a model that has the rounded numbers in F32. */
  @Test
  void weightsMayBeKeptIn16Bits() {
    for (DType matrixType : new DType[] {DType.F16, DType.BF16}) {
      try (Scope scope = device.newScope()) {
        Dvae narrow = new Dvae(scope, CONFIG, matrixType);
        narrow.initialise(3);
        Dvae wide = TestModels.initialised(scope, CONFIG, 3);
        for (Parameter parameter : wide.parameters()) {
          Tensor value = narrow.parameters().get(parameter.name()).value();
          assertEquals(parameter.kind() == Parameter.Kind.MATRIX ? matrixType : DType.F32, value.dtype(), parameter.name());
          float[] rounded = value.toFloats();
          assertArrayEquals(parameter.value().toFloats(), rounded, (float) matrixType.epsilon(), parameter.name());
          parameter.value().write(rounded);
        }
        Tensor pixels = TestModels.pixels(scope, CONFIG, 2, 2);
        assertEquals(step(scope, wide, pixels, DType.F32).loss().toFloat(), step(scope, narrow, pixels, DType.F32).loss().toFloat());
        for (Parameter parameter : wide.parameters()) {
          assertArrayEquals(parameter.gradient().toFloats(), narrow.parameters().get(parameter.name()).gradient().toFloats(), parameter.name());
        }
      }
    }
  }

  @Test
  void f16() {
    // Roundings of 2^-11 an eighth of those of BF16; the loss is scaled because gradients of single values are as small as the steps of F16.
    compare(DType.F16, 4096, 0.0025, 0.0125);
  }

  @Test
  void aStepWaitsForNothingAndReturnsItsMemory() {
    try (Scope scope = device.newScope()) {
      Dvae dvae = TestModels.initialised(scope, CONFIG, 3);
      Tensor pixels = TestModels.pixels(scope, CONFIG, 2, 2);
      device.synchronize();
      long before = device.bytesInUse();
      try (Scope step = device.newScope()) {
        step(step, dvae, pixels, DType.F32);
        assertTrue(device.pending() > 300, "a recorded step must only be posted: " + device.pending() + " operations wait");
      }
      assertEquals(before, device.bytesInUse());
    }
  }

  @Test
  void stepsRepeatBitForBit() {
    try (Scope scope = device.newScope()) {
      Dvae dvae = TestModels.initialised(scope, CONFIG, 3);
      Tensor pixels = TestModels.pixels(scope, CONFIG, 5, 2);
      step(scope, dvae, pixels, DType.F32);
      float[] first = dvae.parameters().get("encoder.blocks.input.w").gradient().toFloats();
      step(scope, dvae, pixels, DType.F32);
      assertArrayEquals(first, dvae.parameters().get("encoder.blocks.input.w").gradient().toFloats());
    }
  }

  @Test
  void tokensAndPicturesAreThoseOfTheReference() {
    try (Scope scope = device.newScope(); Scope referenceScope = reference.newScope()) {
      Dvae dvae = TestModels.initialised(scope, CONFIG, 3);
      Dvae right = copy(referenceScope, dvae);
      Tensor pixels = TestModels.pixels(scope, CONFIG, 5, 2);
      int[] ids = new ImageTokens(dvae, DType.F32, 2).encode(scope, pixels).toInts();
      Tensor rightIds = new ImageTokens(right, DType.F32, 5).encode(referenceScope, referenceScope.of(pixels.toFloats(), pixels.shape().toArray()));
      assertArrayEquals(rightIds.toInts(), ids);
      float[] expected = new ImageTokens(right, DType.F32, 3).decode(referenceScope, rightIds).toFloats();
      assertArrayEquals(expected, new ImageTokens(dvae, DType.F32, 3).decode(scope, scope.of(ids, 5, 4, 4)).toFloats(), 1e-4f);
    }
  }

  /**
   * Large pictures, other than square, of the published structure and of fewer groups: logits and maps of tiles beside those of the whole. Equal to the bit
   * where products are summed in the same order for every size of grid, as they are on the processors seen so far; at least equal but for roundings.
   */
  @ParameterizedTest
  @CsvSource({"4, 2, 36, 29, 8, F32", "4, 2, 36, 29, 15, F32", "4, 2, 2, 50, 13, F32", "3, 1, 20, 33, 7, F32", "2, 2, 40, 1, 5, F32", "1, 2, 61, 47, 20, F32",
      "4, 2, 2, 40, 9, BF16", "3, 1, 18, 4, 5, F16"})
  void tilesGiveWhatTheWholeGives(int groups, int blocks, int rows, int columns, int side, DType computeType) {
    assumeTrue(device.computesIn(computeType), computeType + " is not computed on this processor");
    try (Scope scope = device.newScope()) {
      Dvae dvae = TestModels.initialised(scope, DvaeConfig.plain(16, 16, groups, blocks, 100, 24), 3);
      DvaeConfig config = dvae.config();
      int d = config.downsampling();
      Tensor mapped = PixelMap.map(Tape.inference(scope, DType.F32), TestModels.pixels(scope, 1, rows * d, columns * d, 4));
      Tensor ids = scope.of(new java.util.Random(6).ints((long) rows * columns, 0, 100).toArray(), 1, rows, columns);
      float[] logits = logits(scope, dvae, mapped, Tiles.ofEncoder(config, 1000), computeType);
      float[] maps = maps(scope, dvae, ids, Tiles.ofDecoder(config, 1000), computeType);
      double encoder = difference(logits, logits(scope, dvae, mapped, Tiles.ofEncoder(config, side), computeType));
      double decoder = difference(maps, maps(scope, dvae, ids, Tiles.ofDecoder(config, side), computeType));
      double tolerance = computeType == DType.F32 ? 1e-5 : 4 * computeType.epsilon();
      assertTrue(encoder < tolerance && decoder < tolerance, "relative differences of logits and maps: " + encoder + ", " + decoder);
    }
    assertEquals(0, device.bytesInUse());
  }

  private static float[] logits(Scope scope, Dvae dvae, Tensor mapped, Tiles tiles, DType computeType) {
    int d = dvae.config().downsampling();
    Tensor logits = scope.allocate(DType.F32, mapped.dim(0), mapped.dim(1) / d, mapped.dim(2) / d, dvae.config().vocabulary());
    tiles.run(mapped, logits, (inner, in, out) -> inner.device().ops().copy(dvae.encoder().logits(Tape.inference(inner, computeType), in), out));
    return logits.toFloats();
  }

  private static float[] maps(Scope scope, Dvae dvae, Tensor ids, Tiles tiles, DType computeType) {
    int d = dvae.config().downsampling();
    Tensor maps = scope.allocate(DType.F32, ids.dim(0), ids.dim(1) * d, ids.dim(2) * d, 6);
    tiles.run(ids, maps, (inner, in, out) -> inner.device().ops().copy(dvae.decoder().mapsOf(Tape.inference(inner, computeType), in), out));
    return maps.toFloats();
  }

  /** Length of the difference relative to that of what is right. */
  private static double difference(float[] right, float[] found) {
    double squares = 0;
    double differences = 0;
    for (int i = 0; i < right.length; i++) {
      squares += (double) right[i] * right[i];
      differences += ((double) found[i] - right[i]) * ((double) found[i] - right[i]);
    }
    return Math.sqrt(differences / squares);
  }

  /** Beside what goes in and out, a tile's memory: the same for any picture, and what was told before. */
  @ParameterizedTest
  @CsvSource({"F32, 1", "F32, 2", "F16, 1"})
  void memoryIsThatOfATileHoweverLargeThePicture(DType computeType, int batch) {
    assumeTrue(device.computesIn(computeType), computeType + " is not computed on this processor");
    int tile = 4;
    try (Scope scope = device.newScope()) {
      Dvae dvae = TestModels.initialised(scope, DvaeConfig.plain(16, 16, 3, 1, 100, 24), 3);
      ImageTokens tokens = new ImageTokens(dvae, computeType, batch).withTile(tile);
      long model = device.bytesInUse();
      List<Long> between = new ArrayList<>();
      for (int side : new int[] {24, 32}) {
        try (Scope work = device.newScope()) {
          Tensor pixels = TestModels.pixels(work, batch, 4 * side, 4 * side, 4);
          device.synchronize();
          device.resetPeak();
          Tensor ids = tokens.encode(work, pixels);
          device.synchronize();
          long encoding = device.peakBytes() - model;
          work.release(pixels);
          device.resetPeak();
          Tensor again = tokens.decode(work, ids);
          device.synchronize();
          long peak = Math.max(encoding, device.peakBytes() - model);
          assertEquals(ImageTokens.bytesNeeded(dvae.config(), computeType, batch, tile, side, side), peak);
          between.add(peak - again.byteSize() - ids.byteSize());
        }
      }
      // Beside the tile there is only what the pool adds to the sizes of what goes in and out.
      assertTrue(between.getLast() < 1.1 * between.getFirst(), between.toString());
      long whole = ImageTokens.bytesNeeded(dvae.config(), computeType, batch, 40, 40, 40);
      assertTrue(between.getLast() < whole / 2, between.getLast() + " bytes in tiles, " + whole + " for the whole");
    }
  }

  @Test
  void logitsOfTheSmallPresetBeginWithASpreadThatTrains() {
    DvaeConfig config = DvaeConfig.small();
    try (Scope scope = device.newScope()) {
      Dvae dvae = TestModels.initialised(scope, config, 1);
      Tensor pixels = scope.allocate(DType.F32, 4, 64, 64, 3);
      float[] values = new float[4 * 64 * 64 * 3];
      java.util.Arrays.fill(values, 1);
      java.util.Random random = new java.util.Random(1);
      for (int box = 0; box < 16; box++) {
        int left = random.nextInt(44);
        int top = random.nextInt(44);
        for (int c = 0; c < 3; c++) {
          float colour = random.nextFloat();
          for (int i = 0; i < 400; i++) {
            values[((box % 4 * 64 + top + i / 20) * 64 + left + i % 20) * 3 + c] = colour;
          }
        }
      }
      pixels.write(values);
      Tape tape = Tape.inference(scope, DType.F32);
      float[] logits = dvae.encoder().logits(tape, PixelMap.map(tape, pixels)).toFloats();
      double mean = 0;
      double squares = 0;
      for (float logit : logits) {
        mean += logit / logits.length;
        squares += logit * logit / logits.length;
      }
      double spread = Math.sqrt(squares - mean * mean);
      assertTrue(spread > 0.9 && spread < 2, "standard deviation of the logits: " + spread);
    }
  }

  /**
   * What a short training comes to.
   *
   * @param losses reconstruction losses of the updates
   * @param error mean squared error of the reconstructions at its end
   */
  private record Trained(float[] losses, double error) {
    float lastMean() {
      double sum = 0;
      for (int i = losses.length - 10; i < losses.length; i++) {
        sum += losses[i];
      }
      return (float) (sum / 10);
    }
  }

  /** Plain momentum descent, on four pictures of one colour each. One thread: so small a model only waits at a team's barriers. */
  private static Trained train(DType computeType, float lossScale) {
    Device processor = Device.cpu(1);
    try (Scope scope = processor.newScope()) {
      Dvae dvae = TestModels.initialised(scope, CONFIG, 3);
      Tensor pixels = scope.allocate(DType.F32, 4, 16, 16, 3);
      float[] values = new float[4 * 16 * 16 * 3];
      for (int i = 0; i < values.length; i++) {
        int image = i / (16 * 16 * 3);
        values[i] = (image + i % 3) % 4 / 3f;
      }
      pixels.write(values);
      var velocities = dvae.parameters().stream().map(p -> scope.zeros(DType.F32, p.shape())).toList();
      float[] losses = new float[100];
      for (int update = 0; update < losses.length; update++) {
        try (Scope step = processor.newScope()) {
          Tape tape = Tape.recording(step, computeType);
          DvaeLoss loss = DvaeObjective.negativeElb(tape, dvae, pixels, new Relaxation(1 - 0.009 * update, 1, 1, update));
          dvae.parameters().clearGradients();
          tape.backward(loss.loss(), step.of(new float[] {lossScale}, 1));
          int i = 0;
          for (Parameter parameter : dvae.parameters()) {
            Tensor velocity = velocities.get(i++);
            processor.ops().scale(velocity, 0.9, velocity);
            processor.ops().addScaled(parameter.gradient(), 1 / lossScale, velocity);
            processor.ops().addScaled(velocity, -0.02, parameter.value());
          }
          losses[update] = loss.reconstruction().toFloat();
        }
      }
      float[] seen = new ImageTokens(dvae, computeType, 4).reconstruct(scope, pixels).toFloats();
      double squares = 0;
      for (int i = 0; i < seen.length; i++) {
        squares += (seen[i] - values[i]) * (seen[i] - values[i]) / seen.length;
      }
      return new Trained(losses, squares);
    }
  }

  /** The loss must fall far below that of the starting point; grey pictures would have the variance of the values, 5/36. */
  @Test
  void trainingLearnsAFewPictures() {
    Trained trained = train(DType.F32, 1);
    assertTrue(trained.lastMean() < trained.losses()[0] - 0.5, "reconstruction loss from " + trained.losses()[0] + " to " + trained.lastMean());
    assertTrue(trained.error() < 0.02, "mean squared error of the reconstructions: " + trained.error());
  }

  /** In F16, with the loss scaled: the same path as long as roundings have not grown to the size of the relaxation's noise, and as far down at its end. */
  @Test
  void trainingInHalfPrecisionFollowsThatInF32() {
    Trained floats = train(DType.F32, 1);
    Trained halves = train(DType.F16, 4096);
    for (int update = 0; update < 20; update++) {
      assertEquals(floats.losses()[update], halves.losses()[update], 5e-3, "update " + update);
    }
    double gain = floats.losses()[0] - floats.lastMean();
    assertEquals(floats.lastMean(), halves.lastMean(), 0.1 * gain);
    assertTrue(halves.error() < 0.03, "mean squared error of the reconstructions: " + halves.error());
  }

  /** Wide enough for the codes to be chosen without their logits, where the processor computes in BF16. */
  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"F32", "BF16"})
  void chosenCodesAreTheGreatestOfTheLogits(DType computeType) {
    Device processor = Device.cpu(2);
    assumeTrue(processor.computesIn(computeType), "this processor does not compute in " + computeType);
    DvaeConfig config = DvaeConfig.plain(128, 64, 4, 1, 2048, 8);
    try (Scope scope = processor.newScope()) {
      Dvae dvae = TestModels.initialised(scope, config, 3);
      Tensor pixels = TestModels.pixels(scope, config, 2, 4);
      Tape tape = Tape.inference(scope, computeType);
      Tensor logits = dvae.encoder().logits(tape, PixelMap.map(tape, pixels));
      assertEquals(processor.computesIn(DType.BF16), CodeChoice.pays(processor, scope.allocate(DType.F32, logits.shape().rowCount(), 512),
          scope.allocate(DType.F32, 2048, 512)));
      long before = processor.bytesInUse();
      Tensor ids = new ImageTokens(dvae, computeType, 2).encode(scope, pixels);
      assertEquals(4L * ids.elementCount(), processor.bytesInUse() - before);
      float[] scores = logits.toFloats();
      int[] chosen = ids.toInts();
      for (int n = 0; n < chosen.length; n++) {
        float greatest = Float.NEGATIVE_INFINITY;
        float scale = 0;
        for (int k = 0; k < 2048; k++) {
          greatest = Math.max(greatest, scores[n * 2048 + k]);
          scale = Math.max(scale, Math.abs(scores[n * 2048 + k]));
        }
        assertEquals(greatest, scores[n * 2048 + chosen[n]], 1e-5f * scale, "position " + n);
      }
    }
  }
}
