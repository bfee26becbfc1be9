package dev.dalle.precision.format;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class FloatFormatTest {
  static List<FloatFormat> formats() {
    return List.of(FloatFormat.F1_6_9, FloatFormat.F0_6_10, FloatFormat.FP16, FloatFormat.BF16, FloatFormat.E4M3, FloatFormat.E5M2,
        new FloatFormat("odd", true, 3, 4, 2, Specials.IEEE, false, Rounding.NEAREST_AWAY),
        new FloatFormat("small", false, 2, 1, 0, Specials.NONE, true, Rounding.NEAREST_EVEN));
  }

  /** The fact sheet's check values. */
  @Test
  void paperFormatsHaveTheirKnownCodes() {
    FloatFormat mean = FloatFormat.F1_6_9;
    assertEquals(0x7800, mean.encode(1f));
    assertEquals(0xF800, mean.encode(-1f));
    assertEquals(0x7801, mean.encode(1f + 0x1p-10f), "a tie goes away from zero");
    assertEquals(15.984375f, mean.max());
    assertEquals(0x7FFF, mean.encode(15.984375f));
    assertEquals(8.6905580e-19f, mean.smallest(), 1e-25f);
    assertEquals(0x7FFF, mean.encode(1e30f));
    assertEquals(0xFFFF, mean.encode(Float.NEGATIVE_INFINITY));
    assertEquals(0x7FFF, mean.encode(Float.NaN));
    assertEquals(0, mean.encode(-0f));
    assertEquals(0, mean.encode(-1e-30f), "the code with a sign and nothing else is never made");
    assertEquals(-0x1p-60f, mean.decode(0x8000));
    FloatFormat variance = FloatFormat.F0_6_10;
    assertEquals(0xF000, variance.encode(1f));
    assertEquals(0xF900, variance.encode(5f));
    assertEquals(15.9921875f, variance.max());
    assertEquals(8.6820877e-19f, variance.smallest(), 1e-25f);
    assertEquals(0, variance.encode(-3f));
    // Just below the smallest number is zero, however near it is.
    for (FloatFormat format : List.of(mean, variance)) {
      assertEquals(1, format.encode(format.smallest()));
      assertEquals(0, format.encode(Math.nextDown(format.smallest())));
      assertEquals(0, format.encode(0x1p-60f));
    }
    // Saturation comes before rounding: nothing is carried past the top.
    assertEquals(0x7FFF, mean.encode(Math.nextUp(15.984375f)));
  }

  @ParameterizedTest
  @MethodSource("formats")
  void everyCodeComesBack(FloatFormat format) {
    for (int code = 0; code < format.codeCount(); code++) {
      float value = format.decode(code);
      if (Float.isNaN(value)) {
        assertTrue(Float.isNaN(format.decode(format.encode(value))));
      } else if (format.specials() == Specials.NONE && code != 0 && (code & code - 1) == 0 && value == -Math.scalb(1f, -format.bias())) {
        assertEquals(0, format.encode(value));
      } else if (Float.isInfinite(value) && format.saturates()) {
        assertEquals(format.max(), Math.abs(format.decode(format.encode(value))));
      } else {
        assertEquals(code, format.encode(value), () -> format.name() + " " + value);
      }
    }
  }

  /** Against the JDK's own conversion, and against the upper half of a float rounded by hand. */
  @Test
  void sixteenBitFormatsAgreeWithTheJdk() {
    Random random = new Random(3);
    for (int i = 0; i < 3_000_000; i++) {
      float value = Float.intBitsToFloat(random.nextInt());
      int half = Float.floatToFloat16(value) & 0xFFFF;
      int bits = Float.floatToRawIntBits(value);
      if (!Float.isNaN(value)) {
        assertEquals(half, FloatFormat.FP16.encode(value));
        assertEquals(bits + 0x7FFF + (bits >>> 16 & 1) >>> 16, FloatFormat.BF16.encode(value));
      }
    }
    for (int code = 0; code < 0x10000; code++) {
      assertEquals(Float.float16ToFloat((short) code), FloatFormat.FP16.decode(code));
      assertEquals(Float.intBitsToFloat(code << 16), FloatFormat.BF16.decode(code));
    }
  }

  /** The table of the Open Compute Project's specification. */
  @Test
  void eightBitFormatsHaveTheirKnownValues() {
    FloatFormat e4m3 = FloatFormat.E4M3;
    assertEquals(448f, e4m3.max());
    assertEquals(0x1p-9f, e4m3.smallest());
    assertEquals(0x1p-6f, e4m3.decode(0x08));
    assertTrue(Float.isNaN(e4m3.decode(0x7F)) && Float.isNaN(e4m3.decode(0xFF)));
    assertEquals(0x7E, e4m3.encode(1000f));
    assertEquals(0xFE, e4m3.encode(Float.NEGATIVE_INFINITY));
    FloatFormat e5m2 = FloatFormat.E5M2;
    assertEquals(57344f, e5m2.max());
    assertEquals(0x1p-16f, e5m2.smallest());
    assertEquals(Float.POSITIVE_INFINITY, e5m2.decode(0x7C));
    assertEquals(0x7B, e5m2.encode(1e9f));
    FloatFormat strict = new FloatFormat("strict", true, 4, 3, 7, Specials.NAN_ONLY, false, Rounding.NEAREST_EVEN);
    assertEquals(0x7F, strict.encode(Float.POSITIVE_INFINITY));
    assertEquals(0x7E, strict.encode(464f), "half way beyond the greatest rounds to the even one, which it is");
    assertEquals(0x7F, strict.encode(465f));
  }

  /** No code lies nearer, in exact arithmetic, and ties go where they should. */
  @ParameterizedTest
  @MethodSource("formats")
  void roundsToTheNearest(FloatFormat format) {
    Random random = new Random(5);
    int top = format.encode(format.max());
    for (int i = 0; i < 200_000; i++) {
      int low = random.nextInt(top);
      if (format.specials() == Specials.NONE && low == 0) {
        continue;
      }
      double a = format.decode(low);
      double b = format.decode(low + 1);
      double value = switch (random.nextInt(4)) {
        case 0 -> a + (b - a) / 2;
        case 1 -> Math.nextDown(a + (b - a) / 2);
        case 2 -> Math.nextUp(a + (b - a) / 2);
        default -> a + (b - a) * random.nextDouble();
      };
      int comparison = new BigDecimal(value).subtract(new BigDecimal(a)).compareTo(new BigDecimal(b).subtract(new BigDecimal(value)));
      int expected = comparison < 0 ? low : comparison > 0 ? low + 1 : format.rounding() == Rounding.NEAREST_AWAY ? low + 1 : low + (low & 1);
      assertEquals(expected, format.encode(value), () -> format.name() + " " + value);
      if (format.signed()) {
        assertEquals(expected == 0 && format.specials() == Specials.NONE ? 0 : expected + format.codeCount() / 2, format.encode(-value));
      }
    }
  }

  @Test
  void refusesImpossibleFormats() {
    record Case(boolean signed, int exponent, int significand, int bias, Specials specials, String message) {}
    for (Case c : List.of(new Case(true, 1, 4, 0, Specials.IEEE, "x: exponent bits: expected 2 to 8, got 1"),
        new Case(true, 9, 4, 0, Specials.IEEE, "x: exponent bits: expected 2 to 8, got 9"),
        new Case(true, 5, 0, 0, Specials.IEEE, "x: significand bits: expected 1 to 13, got 0"),
        new Case(true, 8, 8, 127, Specials.IEEE, "x: bits: expected at most 16, got 17"),
        new Case(true, 8, 7, 0, Specials.IEEE, "x: bias: with 8 exponent bits numbers go from 2^-6 to 2^254, expected what a float holds, got a bias of 0"),
        new Case(true, 5, 10, 200, Specials.NONE,
            "x: bias: with 5 exponent bits numbers go from 2^-200 to 2^-169, expected what a float holds, got a bias of 200"),
        new Case(true, 5, 10, Integer.MAX_VALUE, Specials.IEEE,
            "x: bias: with 5 exponent bits numbers go from 2^-2147483656 to 2^-2147483617, expected what a float holds, got a bias of 2147483647"),
        new Case(true, 5, 10, Integer.MIN_VALUE, Specials.IEEE,
            "x: bias: with 5 exponent bits numbers go from 2^2147483639 to 2^2147483678, expected what a float holds, got a bias of -2147483648"),
        new Case(false, 14, 2, 60, Specials.NONE, "x: exponent bits: expected 2 to 8, got 14"),
        new Case(true, -3, 4, 0, Specials.IEEE, "x: exponent bits: expected 2 to 8, got -3"),
        new Case(true, 5, 14, 0, Specials.IEEE, "x: significand bits: expected 1 to 13, got 14"))) {
      assertEquals(c.message, assertThrows(IllegalArgumentException.class,
          () -> new FloatFormat("x", c.signed, c.exponent, c.significand, c.bias, c.specials, true, Rounding.NEAREST_EVEN)).getMessage());
    }
    assertThrows(IllegalArgumentException.class, () -> FloatFormat.F1_6_9.decode(0x10000));
    assertThrows(IllegalArgumentException.class, () -> FloatFormat.F1_6_9.decode(-1));
  }
}
