package dev.dalle.trainer.report;

import java.math.BigDecimal;
import java.math.MathContext;

/** Numbers as people read them. */
final class Numbers {

  private Numbers() {}

  /** Four significant digits; whole numbers below ten million in full. */
  static String show(double value) {
    if (Double.isNaN(value)) {
      return "not a number";
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? "infinite" : "minus infinite";
    }
    if (value == Math.rint(value) && Math.abs(value) < 1e7) {
      return Long.toString((long) value);
    }
    BigDecimal rounded = new BigDecimal(value).round(new MathContext(4));
    return text(rounded.setScale(rounded.scale() + 4 - rounded.precision()));
  }

  /** A position on an axis: no digits that rounding made. */
  static String tick(double value) {
    return value == 0 ? "0" : text(new BigDecimal(value).round(new MathContext(6)).stripTrailingZeros());
  }

  private static String text(BigDecimal number) {
    double size = Math.abs(number.doubleValue());
    if (size >= 1e-3 && size < 1e7) {
      return number.toPlainString();
    }
    int exponent = number.precision() - number.scale() - 1;
    return number.movePointLeft(exponent).toPlainString() + "e" + exponent;
  }
}
