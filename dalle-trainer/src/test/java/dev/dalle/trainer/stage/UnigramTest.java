package dev.dalle.trainer.stage;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class UnigramTest {
  /** Of 3 + 4 counts token 0 has 1 + 3, token 1 has 1 + 1, token 2 has 1. */
  @Test
  void sharesWithOneAdded() {
    Unigram unigram = Unigram.of(3, Stream.of(new int[] {0, 0}, new int[] {1, 0}, new int[0]));
    assertEquals(-Math.log(4 / 7.0), unigram.loss(Stream.of(new int[] {0})), 1e-12);
    assertEquals(-(Math.log(2 / 7.0) + Math.log(1 / 7.0)) / 2, unigram.loss(Stream.of(new int[] {1}, new int[] {2})), 1e-12);
    assertEquals(0, unigram.loss(Stream.of(new int[0])));
  }

  @Test
  void withoutTrainingItIsUniform() {
    assertEquals(Math.log(207), Unigram.of(207, Stream.empty()).loss(Stream.of(new int[] {13, 200})), 1e-12);
  }
}
