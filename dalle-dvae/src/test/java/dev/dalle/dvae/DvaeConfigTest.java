package dev.dalle.dvae;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.dalle.tensor.CountingDevice;
import dev.dalle.tensor.Scope;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DvaeConfigTest {
  @Test
  void paperHasThePublishedParameterCounts() {
    DvaeConfig paper = DvaeConfig.paper();
    assertEquals(53_786_240L, paper.encoderParameterCount());
    assertEquals(43_829_766L, paper.decoderParameterCount());
    assertEquals(32, paper.gridSize());
    assertEquals(1024, paper.tokensPerImage());
    assertEquals(8, paper.downsampling());
    assertEquals(196_608, paper.valuesPerImage());
    assertEquals(192, paper.valuesPerImage() / paper.tokensPerImage());
    assertEquals(1.0 / 64, paper.postGain());
    assertEquals(8, paper.layers());
    assertEquals(OptionalDouble.empty(), paper.minLogScale());
  }

  private static long convolution(long kernel, long inputs, long outputs) {
    return kernel * kernel * inputs * outputs + outputs;
  }

  /** Counted by hand from the table of the published networks, and on a device that allocates nothing. */
  @ParameterizedTest
  @ValueSource(ints = {4, 60, 256, 2048})
  void parameterCountsAreThoseOfTheTableAtEveryWidth(int n) {
    DvaeConfig config = DvaeConfig.plain(256, n, 4, 2, 8192, 128);
    long encoder = convolution(7, 3, n) + convolution(1, 8 * n, 8192);
    long decoder = convolution(1, 8192, 128) + convolution(1, n, 6);
    int[][] encoderBlocks = {{n, n}, {n, n}, {n, 2 * n}, {2 * n, 2 * n}, {2 * n, 4 * n}, {4 * n, 4 * n}, {4 * n, 8 * n}, {8 * n, 8 * n}};
    for (int[] block : encoderBlocks) {
      int h = block[1] / 4;
      encoder += convolution(3, block[0], h) + 2 * convolution(3, h, h) + convolution(1, h, block[1]);
      encoder += block[0] == block[1] ? 0 : convolution(1, block[0], block[1]);
    }
    int[][] decoderBlocks = {{128, 8 * n}, {8 * n, 8 * n}, {8 * n, 4 * n}, {4 * n, 4 * n}, {4 * n, 2 * n}, {2 * n, 2 * n}, {2 * n, n}, {n, n}};
    for (int[] block : decoderBlocks) {
      int h = block[1] / 4;
      decoder += convolution(1, block[0], h) + 2 * convolution(3, h, h) + convolution(3, h, block[1]);
      decoder += block[0] == block[1] ? 0 : convolution(1, block[0], block[1]);
    }
    assertEquals(encoder, config.encoderParameterCount());
    assertEquals(decoder, config.decoderParameterCount());
    try (Scope nowhere = new CountingDevice().newScope()) {
      assertEquals(encoder + decoder, new Dvae(nowhere, config).parameters().elementCount());
    }
  }

  @Test
  void smallHasEightByEightTokens() {
    DvaeConfig small = DvaeConfig.small();
    assertEquals(8, small.gridSize());
    assertEquals(64, small.tokensPerImage());
    assertEquals(OptionalDouble.of(-1), small.minLogScale());
  }

  @ParameterizedTest
  @CsvSource({
    "imageSize, 'imageSize: expected a positive multiple of 8 for 4 groups, got 60'",
    "noImage, 'imageSize: expected a positive multiple of 8 for 4 groups, got 0'",
    "width, 'width: expected a multiple of 4 from 4 to 65536, got 30'",
    "noWidth, 'width: expected a multiple of 4 from 4 to 65536, got 0'",
    "wide, 'width: expected a multiple of 4 from 4 to 65536, got 131072'",
    "groups, 'groups: expected 1 to 8, got 0'",
    "manyGroups, 'groups: expected 1 to 8, got 9'",
    "blocks, 'blocksPerGroup: expected 1 or more, got 0'",
    "vocabulary, 'vocabulary: expected 2 or more, got 1'",
    "decoderInit, 'decoderInit: expected 1 or more, got 0'",
    "pixelCentre, 'pixelCentre: expected a number from 0 to 1, got NaN'",
    "pixelCentreRange, 'pixelCentre: expected a number from 0 to 1, got 1.5'",
    "pixelScale, 'pixelScale: expected a positive finite number, got 0.0'",
    "residualGain, 'residualGain: expected a positive finite number, got -1.0'",
    "identityGain, 'identityGain: expected a positive finite number, got NaN'",
    "postGain, 'postGain: expected a positive finite number, got Infinity'",
    "decoderInputGain, 'decoderInputGain: expected a positive finite number, got 0.0'",
    "minLogScale, 'minLogScale: expected a finite number or none, got OptionalDouble[-Infinity]'",
  })
  void everyCheckFires(String field, String message) {
    IllegalArgumentException thrown = assertThrows(IllegalArgumentException.class, () -> broken(field));
    assertEquals(message, thrown.getMessage());
  }

  @Test
  void aVariantHasOtherLayersAndItsKernelIsChecked() {
    DvaeConfig wide = DvaeConfig.small().withVariant(new NetworkVariant(NetworkVariant.Pooling.MAX, 3));
    assertEquals(DvaeConfig.small().encoderParameterCount() + 8L * 256 * 512, wide.encoderParameterCount());
    assertEquals(DvaeConfig.small().decoderParameterCount() + 8L * 512 * 128, wide.decoderParameterCount());
    for (int kernel : new int[] {0, -1, 2, 17}) {
      IllegalArgumentException thrown = assertThrows(IllegalArgumentException.class, () -> new NetworkVariant(NetworkVariant.Pooling.AVERAGE, kernel));
      assertEquals("codeKernel: expected an odd number from 1 to 15, got " + kernel, thrown.getMessage());
    }
  }

  private static DvaeConfig broken(String field) {
    return new DvaeConfig(
        field.equals("imageSize") ? 60 : field.equals("noImage") ? 0 : 64,
        field.equals("width") ? 30 : field.equals("noWidth") ? 0 : field.equals("wide") ? 1 << 17 : 32,
        field.equals("groups") ? 0 : field.equals("manyGroups") ? 9 : 4,
        field.equals("blocks") ? 0 : 1,
        field.equals("vocabulary") ? 1 : 512,
        field.equals("decoderInit") ? 0 : 128,
        field.equals("pixelCentre") ? Double.NaN : field.equals("pixelCentreRange") ? 1.5 : 0.5,
        field.equals("pixelScale") ? 0 : 6,
        field.equals("residualGain") ? -1 : 1,
        field.equals("identityGain") ? Double.NaN : 1,
        field.equals("postGain") ? Double.POSITIVE_INFINITY : 0.25,
        field.equals("decoderInputGain") ? 0 : 16,
        OptionalDouble.of(field.equals("minLogScale") ? Double.NEGATIVE_INFINITY : -1));
  }
}
