package dev.dalle.dvae;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class CodebookUseTest {
  @Test
  void equallyFrequentCodesHaveTheirNumberAsPerplexity() {
    CodebookUse use = CodebookUse.none(7).plus(0, 3, 6, 3).plus(0, 6);
    assertArrayEquals(new long[] {2, 0, 0, 2, 0, 0, 2}, use.counts());
    assertEquals(6, use.total());
    assertEquals(3, use.used());
    assertEquals(3, use.perplexity(), 1e-12);
    assertEquals(Math.log(3), use.entropy(), 1e-12);
  }

  @Test
  void unequalFrequencies() {
    // 1/2, 1/4, 1/4: entropy 1.5 bits.
    assertEquals(Math.pow(2, 1.5), CodebookUse.none(3).plus(0, 0, 1, 2).perplexity(), 1e-12);
    assertEquals(1, CodebookUse.none(3).perplexity());
  }

  @Test
  void wrongArgumentsAreNamed() {
    assertEquals("vocabulary: expected 1 or more, got 0",
        assertThrows(IllegalArgumentException.class, () -> CodebookUse.none(0)).getMessage());
    assertEquals("ids: expected 0 to 2, got 3",
        assertThrows(IllegalArgumentException.class, () -> CodebookUse.none(3).plus(1, 3)).getMessage());
    assertEquals("ids: expected 0 to 2, got -1",
        assertThrows(IllegalArgumentException.class, () -> CodebookUse.none(3).plus(-1)).getMessage());
  }
}
