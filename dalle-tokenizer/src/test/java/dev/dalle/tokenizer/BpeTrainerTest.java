package dev.dalle.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class BpeTrainerTest {

  private static List<String> newTokens(BpeTokenizer tokenizer) {
    return IntStream.range(256, tokenizer.size()).mapToObj(tokenizer::tokenText).toList();
  }

  /** The string with which byte-pair encoding is usually explained: aa, then ab, then aaab. */
  @Test
  void mergesTheTextbookString() {
    BpeTokenizer tokenizer = new BpeTrainer(1000, 2).train(List.of("aaabdaaabac"));
    assertEquals(List.of("aa", "ab", "aaab"), newTokens(tokenizer));
    assertEquals(List.of(new Merge('a', 'a'), new Merge('a', 'b'), new Merge(256, 257)), tokenizer.merges());
  }

  /** The word counts of Sennrich et al. 2016, worked by hand under our tie rule, without their end-of-word sign. */
  @Test
  void mergesTheWordsOfSennrichEtAl() {
    Map<String, Long> counts = Map.of("low", 5L, "lower", 2L, "newest", 6L, "widest", 3L);
    BpeTokenizer tokenizer = new BpeTrainer(1000, 2).train(counts);
    // 9: es before st by the smaller left id, then est; 7: lo before ow; 6: ew, new, newest; 3: dest, ...; 2: er, ...
    assertEquals(List.of("es", "est", "lo", "low", "ew", "new", "newest", "dest", "idest", "widest", "er", "lower"),
        newTokens(tokenizer));
  }

  @Test
  void stopsAtTheSmallestFrequencyAndAtTheSize() {
    Map<String, Long> counts = Map.of("low", 5L, "lower", 2L, "newest", 6L, "widest", 3L);
    assertEquals(List.of("es", "est", "lo", "low"), newTokens(new BpeTrainer(1000, 7).train(counts)));
    assertEquals(List.of("es", "est", "lo"), newTokens(new BpeTrainer(259, 1).train(counts)));
    assertEquals(256, new BpeTrainer(256, 1).train(counts).size());
    assertEquals(256, new BpeTrainer(300, 1).train(List.of()).size());
  }

  @Test
  void wordsEndAtEverythingOutsideTheAlphabet() {
    BpeTokenizer tokenizer = new BpeTrainer(1000, 1).train(List.of("ab1cd ef-gh\u00e9ij\uD83D\uDE00kl 22 33 ,,"));
    assertEquals(List.of("ab", "cd", "ef", "gh", "ij", "kl"), newTokens(tokenizer));
  }

  @Test
  void captionsAreLowerCased() {
    assertEquals(new BpeTrainer(300, 1).train(List.of("a red heart")),
        new BpeTrainer(300, 1).train(List.of("A RED Heart")));
  }

  @Test
  void countsHaveMoreThan32Bits() {
    // In 32 bits 3e9 + 3e9 would wrap to less than the other pair's count.
    Map<String, Long> counts = Map.of("xy", 3_000_000_000L, "xy ", 3_000_000_000L, "ab", 5_999_999_999L);
    assertEquals(List.of("xy", "ab"), newTokens(new BpeTrainer(1000, 1).train(counts)));
  }

  @Test
  void agreesWithCountingEverythingAnew() {
    Random random = new Random(1);
    for (int trial = 0; trial < 300; trial++) {
      int alphabet = 1 + random.nextInt(4);
      Map<String, Long> counts = new TreeMap<>();
      int captions = random.nextInt(12);
      for (int i = 0; i < captions; i++) {
        counts.put(RandomText.words(random, alphabet, 13), 1L + random.nextInt(4));
      }
      int size = 256 + random.nextInt(40);
      long minFrequency = 1 + random.nextInt(3);
      assertEquals(NaiveBpe.train(counts, size, minFrequency),
          new BpeTrainer(size, minFrequency).train(counts).merges(),
          () -> "captions " + counts + ", size " + size + ", minFrequency " + minFrequency);
    }
  }

  @Test
  void agreesWithCountingEverythingAnewOnManyWords() {
    Random random = new Random(2);
    Map<String, Long> counts = new TreeMap<>();
    for (int i = 0; i < 400; i++) {
      counts.merge(RandomText.words(random, 26, 13), 1L, Long::sum);
    }
    BpeTokenizer tokenizer = new BpeTrainer(700, 2).train(counts);
    assertEquals(700, tokenizer.size());
    assertEquals(NaiveBpe.train(counts, 700, 2), tokenizer.merges());
  }

  @Test
  void resultDoesNotDependOnOrderOrThreads() {
    Random random = new Random(3);
    List<String> captions = new ArrayList<>();
    for (int i = 0; i < 5000; i++) {
      captions.add(RandomText.words(random, 6, 7));
    }
    BpeTokenizer expected = new BpeTrainer(600, 2).train(captions);
    assertEquals(600, expected.size());
    for (int i = 0; i < 3; i++) {
      Collections.shuffle(captions, random);
      assertEquals(expected, new BpeTrainer(600, 2).train(captions));
      assertEquals(expected, new BpeTrainer(600, 2).train(captions.parallelStream()));
    }
  }

  @Test
  void tokensNeverExceedTheLongestLength() {
    BpeTokenizer tokenizer = new BpeTrainer(300, 1).train(List.of("a".repeat(1024)));
    assertEquals(128, newTokens(tokenizer).stream().mapToInt(String::length).max().orElseThrow());
    assertEquals(7, tokenizer.merges().size(), "2, 4, 8 ... 128 letters, and nothing longer");
  }

  @Test
  void finishesOnAWordOfAMillionLetters() {
    Random random = new Random(4);
    String word = RandomText.word(random, 26, 1_000_000);
    BpeTokenizer tokenizer = new BpeTrainer(2000, 2).train(List.of(word));
    assertEquals(2000, tokenizer.size());
    assertEquals(word, tokenizer.decode(tokenizer.encode(word)));
  }

  @Test
  void refusesBadValues() {
    assertMessage("vocabularySize: expected 256 (one token a byte) to 1048576, got 255",
        () -> new BpeTrainer(255, 1));
    assertMessage("vocabularySize: expected 256 (one token a byte) to 1048576, got 1048577",
        () -> new BpeTrainer(1_048_577, 1));
    assertMessage("minFrequency: expected at least 1, got 0", () -> new BpeTrainer(256, 0));
    BpeTrainer trainer = new BpeTrainer(300, 1);
    assertMessage("captionCounts: expected counts of at least 1, got 0 for \"cat\"",
        () -> trainer.train(Map.of("cat", 0L)));
    assertMessage("captions: their words have more than 2^63 - 1 letters together; divide all counts by a common "
        + "factor", () -> trainer.train(Map.of("cat", Long.MAX_VALUE)));
    assertMessage("captions: their words have more than 2^63 - 1 letters together; divide all counts by a common "
        + "factor", () -> trainer.train(Map.of("cat cat", Long.MAX_VALUE)));
    assertThrows(NullPointerException.class, () -> trainer.train(Stream.of("cat", null)));
  }

  @Test
  void mostFrequentWordsBecomeSingleTokens() {
    BpeTokenizer tokenizer = new BpeTrainer(400, 1).train(
        List.of("a noto emoji of a red heart", "a twemoji emoji of a blue heart"));
    assertTrue(newTokens(tokenizer).containsAll(List.of("emoji", "heart", "of", "red", "blue")));
  }

  private static void assertMessage(String message, Runnable action) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, action::run).getMessage());
  }
}
