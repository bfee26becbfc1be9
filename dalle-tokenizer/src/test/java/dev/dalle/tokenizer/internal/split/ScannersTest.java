package dev.dalle.tokenizer.internal.split;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.dalle.tokenizer.internal.split.RegexSplitter.Behavior;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Rules written by hand cut where their regular expressions cut. */
class ScannersTest {
  /** Code points of every sort that the expressions tell apart, many of each. */
  private static final int[] SORTS = {'a', 'b', 's', 't', 'S', 'T', 'r', 'e', 'R', 'E', 'l', 'L', 'd', 'm', 'A', 'B', 0x1C5, 0x2B0, 0x4E00, 0x5D0, 0x301, 0x20DD, 0x903, '1',
      '2', 0x661, 0x2160, 0xBD, ' ', ' ', ' ', '\n', '\r', '\t', 0xA0, 0x3000, 0x85, '\'', '\'', '!', '/', '-', '_', 0x20AC, 0x200D, 0x17F, 0x212A, 0x130, 0x1F600, 0x1D400,
      0x1D44E, 0x10400, 0x10428, 0x1D7D8, 0xE0100, 0xFFFD, 0};

  @TestFactory
  Stream<DynamicTest> scannersAgreeWithTheirExpressions() {
    return Stream.of(DynamicTest.dynamicTest("gpt2", () -> compare(new Gpt2Splitter(), Gpt2Splitter.PATTERN)),
        DynamicTest.dynamicTest("cl100k", () -> compare(new Cl100kSplitter(3), Cl100kSplitter.pattern(3))),
        DynamicTest.dynamicTest("one digit", () -> compare(new Cl100kSplitter(1), Cl100kSplitter.pattern(1))),
        DynamicTest.dynamicTest("o200k", () -> compare(new O200kSplitter(), O200kSplitter.PATTERN)),
        DynamicTest.dynamicTest("paper", () -> compare(new PaperSplitter(), "[a-z]+|[^a-z]")));
  }

  private static void compare(Splitter scanner, String expression) {
    Splitter regex = new RegexSplitter(Pattern.compile(expression, Pattern.UNICODE_CHARACTER_CLASS | Pattern.UNICODE_CASE), Behavior.ISOLATED, false);
    Random random = new Random(5);
    for (int trial = 0; trial < 300_000; trial++) {
      StringBuilder text = new StringBuilder();
      for (int n = 1 + random.nextInt(9); n > 0; n--) {
        text.appendCodePoint(SORTS[random.nextInt(SORTS.length)]);
      }
      assertEquals(pieces(regex, text.toString()), pieces(scanner, text.toString()));
    }
  }

  private static List<String> pieces(Splitter splitter, String text) {
    List<String> pieces = new ArrayList<>();
    // Not from index 0 and not to the end: what lies outside must not matter.
    char[] chars = ("x " + text + " 'x").toCharArray();
    Splitter.Cursor cursor = splitter.cursor(chars, 2, 2 + text.length());
    while (cursor.next()) {
      pieces.add(new String(chars, cursor.start(), cursor.end() - cursor.start()));
    }
    return pieces;
  }
}
