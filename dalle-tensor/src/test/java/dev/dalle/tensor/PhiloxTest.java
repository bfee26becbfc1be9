package dev.dalle.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** Philox against the known answers published with the generator (Random123, kat_vectors), and the moments of what is drawn from it. */
class PhiloxTest {
  @Test
  void givesThePublishedAnswers() {
    int[] out = new int[4];
    Philox.block(0, 0, 0, out);
    assertArrayEquals(new int[] {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}, out);
    Philox.block(-1L, -1L, -1L, out);
    assertArrayEquals(new int[] {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}, out);
    // Counter 243f6a88 85a308d3 13198a2e 03707344, key a4093822 299f31d0.
    Philox.block(0x299f31d0a4093822L, 0x0370734413198a2eL, 0x85a308d3243f6a88L, out);
    assertArrayEquals(new int[] {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}, out);
  }

  @Test
  void staysInsideTheOpenInterval() {
    assertTrue(Philox.toUniform(0) > 0);
    assertTrue(Philox.toUniform(-1) < 1);
    double sum = 0;
    double squares = 0;
    int count = 100_000;
    for (int i = 0; i < count; i++) {
      double u = Philox.uniform(1, 2, i);
      sum += u;
      squares += u * u;
    }
    assertEquals(0.5, sum / count, 5 * 0.2887 / Math.sqrt(count));
    assertEquals(1 / 3.0, squares / count, 5 * 0.3 / Math.sqrt(count));
  }

  @Test
  void drawsNormalNumbers() {
    double[] moments = new double[5];
    int count = 100_000;
    for (int i = 0; i < count; i++) {
      double x = Philox.normal(9, 8, i);
      double power = 1;
      for (int m = 0; m < moments.length; m++) {
        moments[m] += power / count;
        power *= x;
      }
    }
    double deviation = 1 / Math.sqrt(count);
    assertEquals(0, moments[1], 5 * deviation);
    assertEquals(1, moments[2], 5 * Math.sqrt(2) * deviation);
    assertEquals(0, moments[3], 5 * Math.sqrt(15) * deviation);
    assertEquals(3, moments[4], 5 * Math.sqrt(96) * deviation);
  }

  @Test
  void walksAlongItsStream() {
    Philox philox = new Philox(7, 8);
    int[] out = new int[4];
    for (int block = 0; block < 3; block++) {
      Philox.block(7, 8, block, out);
      for (int word : out) {
        assertEquals(word, philox.nextInt());
      }
    }
    assertNotEquals(Philox.stream(1, 2), Philox.stream(2, 1));
    assertNotEquals(Philox.stream(1), Philox.stream(1, 0));
  }
}
