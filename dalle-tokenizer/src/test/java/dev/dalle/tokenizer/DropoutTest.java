package dev.dalle.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.LongFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * The seeds are fixed, so these tests give the same numbers each time. The limit of each chi-square statistic is its
 * mean plus six standard deviations: the right distribution exceeds it for one choice of seeds in 500 with one degree
 * of freedom, and one in 10,000 with ten.
 */
class DropoutTest {

  private static final int DRAWS = 40_000;
  private static final BpeTokenizer TOKENIZER = new BpeTrainer(1000, 2).train(
      Map.of("low", 5L, "lower", 2L, "newest", 6L, "widest", 3L, "aaabdaaabac", 9L));

  private static List<Integer> list(int[] ids) {
    return Arrays.stream(ids).boxed().toList();
  }

  private static Map<List<Integer>, Integer> histogram(LongFunction<List<Integer>> draw) {
    Map<List<Integer>, Integer> counts = new HashMap<>();
    for (long seed = 0; seed < DRAWS; seed++) {
      counts.merge(draw.apply(seed), 1, Integer::sum);
    }
    return counts;
  }

  /** Chi-square of the counts against the exact distribution, with rare outcomes gathered in one class. */
  private static void assertDrawnFrom(Map<List<Integer>, Double> distribution, Map<List<Integer>, Integer> counts,
                    String what) {
    assertEquals(1, distribution.values().stream().mapToDouble(p -> p).sum(), 1e-9);
    assertTrue(distribution.keySet().containsAll(counts.keySet()),
        () -> what + ": impossible segmentation in " + counts);
    double statistic = 0;
    int classes = 0;
    double rareExpected = 0;
    int rareCount = 0;
    for (Map.Entry<List<Integer>, Double> entry : distribution.entrySet()) {
      double expected = entry.getValue() * DRAWS;
      int count = counts.getOrDefault(entry.getKey(), 0);
      if (expected < 20) {
        rareExpected += expected;
        rareCount += count;
      } else {
        statistic += (count - expected) * (count - expected) / expected;
        classes++;
      }
    }
    if (rareExpected >= 5) {
      statistic += (rareCount - rareExpected) * (rareCount - rareExpected) / rareExpected;
      classes++;
    }
    int freedom = classes - 1;
    assertTrue(freedom >= 1, what + ": too few classes");
    double limit = freedom + 6 * Math.sqrt(2.0 * freedom);
    double found = statistic;
    assertTrue(found < limit, () -> what + ": chi-square " + found + " exceeds " + limit);
  }

  @Test
  void followsTheDefinition() {
    for (String word : List.of("newest", "lower", "widest", "aaaa", "aaabaaa")) {
      for (double rate : new double[] {0.1, 0.5, 0.9}) {
        Map<List<Integer>, Double> exact = NaiveBpe.dropoutDistribution(word, TOKENIZER.merges(), rate);
        assertDrawnFrom(exact, histogram(seed -> list(TOKENIZER.encode(word, rate, seed))),
            word + " at " + rate);
      }
    }
  }

  /** The reference itself: drawing occurrence by occurrence gives the distribution summed over subsets. */
  @Test
  void theNaiveSamplerFollowsTheSameDistribution() {
    SplittableRandom random = new SplittableRandom(11);
    for (double rate : new double[] {0.1, 0.5}) {
      Map<List<Integer>, Double> exact = NaiveBpe.dropoutDistribution("newest", TOKENIZER.merges(), rate);
      assertDrawnFrom(exact, histogram(
          seed -> NaiveBpe.sampleDropout("newest", TOKENIZER.merges(), rate, random)), "sampler at " + rate);
    }
  }

  /** A long word has too many segmentations to list, so its mean number of tokens is compared with the sampler's. */
  @Test
  void longWordsHaveTheLengthOfTheNaiveSampler() {
    SplittableRandom random = new SplittableRandom(12);
    String word = "newestlowerwidestaaabdaaabac".repeat(4);
    for (double rate : new double[] {0.1, 0.5, 0.9}) {
      int draws = 1500;
      double[] ours = IntStream.range(0, draws)
          .mapToDouble(seed -> TOKENIZER.encode(word, rate, seed).length).toArray();
      double[] naive = IntStream.range(0, draws).mapToDouble(
          i -> NaiveBpe.sampleDropout(word, TOKENIZER.merges(), rate, random).size()).toArray();
      double error = Math.sqrt((variance(ours) + variance(naive)) / draws);
      assertEquals(mean(naive), mean(ours), 4 * error, "rate " + rate);
    }
  }

  /** Token for token, on words with far more candidates at a time than a distribution can be listed for. */
  @Test
  void agreesWithTheNaiveSamplerOfTheSameSeed() {
    Random random = new Random(15);
    for (int trial = 0; trial < 150; trial++) {
      int alphabet = 1 + random.nextInt(4);
      BpeTokenizer tokenizer = new BpeTrainer(256 + random.nextInt(50), 1)
          .train(List.of(RandomText.word(random, alphabet, 200)));
      String word = RandomText.word(random, alphabet, 1 + random.nextInt(120));
      for (double rate : new double[] {0.125, 0.5, 0.875, 0.96875}) {
        assertEquals(NaiveBpe.dropoutOfSeed(word, tokenizer.merges(), rate, trial),
            list(tokenizer.encode(word, rate, trial)), word + " at " + rate);
      }
    }
  }

  /** Words of one text draw independently: the joint distribution of two words is the product. */
  @Test
  void wordsOfATextAreIndependent() {
    List<Merge> merges = TOKENIZER.merges();
    Map<List<Integer>, Double> one = NaiveBpe.dropoutDistribution("low", merges, 0.5);
    Map<List<Integer>, Double> both = new HashMap<>();
    one.forEach((first, p) -> one.forEach((second, q) -> {
      List<Integer> joint = new ArrayList<>(first);
      joint.add((int) ' ');
      joint.addAll(second);
      both.merge(joint, p * q, Double::sum);
    }));
    assertDrawnFrom(both, histogram(seed -> list(TOKENIZER.encode("low low", 0.5, seed))), "two words");
  }

  @Test
  void rateZeroIsPlainEncodingAndRateOneGivesBytes() {
    String text = "The newest, lowest \u00e9 widest 22 aaabdaaabac";
    for (long seed = 0; seed < 50; seed++) {
      assertArrayEquals(TOKENIZER.encode(text), TOKENIZER.encode(text, 0, seed));
      int[] bytes = BpeTokenizer.of(List.of()).encode(text);
      assertArrayEquals(bytes, TOKENIZER.encode(text, 1, seed));
    }
    // The smallest rate there is still goes through the drawing code, and in practice drops nothing.
    assertArrayEquals(TOKENIZER.encode(text), TOKENIZER.encode(text, Double.MIN_VALUE, 0));
  }

  @Test
  void dependsOnTextSeedAndRateOnly() {
    String text = "newest lower widest newest lower widest";
    BpeTokenizer other = BpeTokenizer.of(TOKENIZER.merges());
    Set<List<Integer>> seen = new HashSet<>();
    for (long seed = 0; seed < 200; seed++) {
      int[] ids = TOKENIZER.encode(text, 0.5, seed);
      TOKENIZER.encode("something else", 0.5, seed + 1);
      assertArrayEquals(ids, TOKENIZER.encode(text, 0.5, seed));
      assertArrayEquals(ids, other.encode(text, 0.5, seed));
      seen.add(list(ids));
    }
    assertTrue(seen.size() > 150, "seeds give different segmentations, got " + seen.size());
    List<int[]> parallel = IntStream.range(0, 200).parallel()
        .mapToObj(seed -> TOKENIZER.encode(text, 0.5, seed)).toList();
    for (int seed = 0; seed < 200; seed++) {
      assertArrayEquals(TOKENIZER.encode(text, 0.5, seed), parallel.get(seed));
    }
  }

  /** A change of the generator would change every training run, so one result is written down. */
  @Test
  void aSeedKeepsItsTokens() {
    int[] ids = TOKENIZER.encode("newest lower widest", 0.5, 42);
    assertEquals("n|e|w|es|t| |l|o|w|er| |w|i|d|e|s|t",
        Arrays.stream(ids).mapToObj(TOKENIZER::tokenText).collect(Collectors.joining("|")));
  }

  @Test
  void dropoutLeavesTheCacheAlone() {
    BpeTokenizer fresh = BpeTokenizer.of(TOKENIZER.merges());
    fresh.encode("newest", 1, 0);
    assertFalse(Arrays.equals(fresh.encode("newest"), fresh.encode("newest", 1, 0)));
    assertArrayEquals(TOKENIZER.encode("newest"), fresh.encode("newest"));
  }

  private static double mean(double[] values) {
    return Arrays.stream(values).average().orElseThrow();
  }

  private static double variance(double[] values) {
    double mean = mean(values);
    return Arrays.stream(values).map(v -> (v - mean) * (v - mean)).sum() / (values.length - 1);
  }
}
