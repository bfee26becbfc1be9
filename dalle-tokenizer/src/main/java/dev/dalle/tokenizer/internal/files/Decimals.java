package dev.dalle.tokenizer.internal.files;

/** Numbers in files, without regular expressions: there are as many of them as tokens, and a vocabulary should be there soon. */
public final class Decimals {
  private Decimals() {}

  /** Whether a text is a whole number from 0 on with at most so many digits, and no zeros in front. */
  public static boolean isNumber(String text, int mostDigits) {
    int length = text.length();
    if (length == 0 || length > mostDigits || length > 1 && text.charAt(0) == '0') {
      return false;
    }
    for (int i = 0; i < length; i++) {
      if (text.charAt(i) < '0' || text.charAt(i) > '9') {
        return false;
      }
    }
    return true;
  }
}
