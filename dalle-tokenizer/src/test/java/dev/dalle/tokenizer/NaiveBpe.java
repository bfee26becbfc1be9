package dev.dalle.tokenizer;

import dev.dalle.tokenizer.internal.merge.SplitMix64;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Byte-pair encoding word for word as defined, without any of the shortcuts: what the fast classes must agree with. */
final class NaiveBpe {

  private static final Pattern WORD = Pattern.compile("[a-z]+");

  private NaiveBpe() {
  }

  static List<Integer> letters(String word) {
    return new ArrayList<>(word.chars().boxed().toList());
  }

  /** Counts all pairs of all words anew for each merge. */
  static List<Merge> train(Map<String, Long> captions, int vocabularySize, long minFrequency) {
    Map<String, Long> wordCounts = new TreeMap<>();
    captions.forEach((caption, count) -> {
      Matcher matcher = WORD.matcher(BpeTokenizer.normalize(caption));
      while (matcher.find()) {
        wordCounts.merge(matcher.group(), count, Long::sum);
      }
    });
    Map<String, List<Integer>> words = new HashMap<>();
    wordCounts.keySet().forEach(word -> words.put(word, letters(word)));
    List<Merge> merges = new ArrayList<>();
    while (256 + merges.size() < vocabularySize) {
      Map<Merge, Long> pairs = new HashMap<>();
      words.forEach((word, tokens) -> {
        for (int i = 0; i + 1 < tokens.size(); i++) {
          pairs.merge(new Merge(tokens.get(i), tokens.get(i + 1)), wordCounts.get(word), Long::sum);
        }
      });
      Merge best = null;
      for (Merge pair : pairs.keySet()) {
        if (best == null || pairs.get(pair) > pairs.get(best)
            || pairs.get(pair).equals(pairs.get(best)) && (pair.left() < best.left()
            || pair.left() == best.left() && pair.right() < best.right())) {
          best = pair;
        }
      }
      if (best == null || pairs.get(best) < minFrequency) {
        break;
      }
      int newId = 256 + merges.size();
      merges.add(best);
      for (Map.Entry<String, List<Integer>> entry : words.entrySet()) {
        entry.setValue(mergeAll(entry.getValue(), best, newId));
      }
    }
    return merges;
  }

  /** One pass over the word, left to right. */
  static List<Integer> mergeAll(List<Integer> tokens, Merge merge, int newId) {
    List<Integer> result = new ArrayList<>();
    for (int i = 0; i < tokens.size(); i++) {
      if (i + 1 < tokens.size() && tokens.get(i) == merge.left() && tokens.get(i + 1) == merge.right()) {
        result.add(newId);
        i++;
      } else {
        result.add(tokens.get(i));
      }
    }
    return result;
  }

  /** Merge 0 everywhere, then merge 1 everywhere, and so on. */
  static List<Integer> encodeWord(String word, List<Merge> merges) {
    List<Integer> tokens = letters(word);
    for (int rank = 0; rank < merges.size(); rank++) {
      tokens = mergeAll(tokens, merges.get(rank), 256 + rank);
    }
    return tokens;
  }

  /** A place in a word where a merge applies. */
  record Occurrence(int rank, int index) {
  }

  /** All places where a merge applies, best first: by rank, then from left to right. */
  static List<Occurrence> occurrences(List<Integer> tokens, List<Merge> merges) {
    List<Occurrence> found = new ArrayList<>();
    for (int rank = 0; rank < merges.size(); rank++) {
      for (int i = 0; i + 1 < tokens.size(); i++) {
        if (tokens.get(i) == merges.get(rank).left() && tokens.get(i + 1) == merges.get(rank).right()) {
          found.add(new Occurrence(rank, i));
        }
      }
    }
    return found;
  }

  static List<Integer> mergeOne(List<Integer> tokens, Occurrence occurrence) {
    List<Integer> result = new ArrayList<>(tokens);
    result.set(occurrence.index, 256 + occurrence.rank);
    result.remove(occurrence.index + 1);
    return result;
  }

  /** Draws one segmentation: at each step every occurrence is dropped independently, the best that is left applies. */
  static List<Integer> sampleDropout(String word, List<Merge> merges, double rate, RandomGenerator random) {
    List<Integer> tokens = letters(word);
    while (true) {
      List<Occurrence> kept = new ArrayList<>();
      for (Occurrence occurrence : occurrences(tokens, merges)) {
        if (random.nextDouble() >= rate) {
          kept.add(occurrence);
        }
      }
      if (kept.isEmpty()) {
        return tokens;
      }
      tokens = mergeOne(tokens, kept.getFirst());
    }
  }

  /**
   * The same with the random numbers of a given seed, one for each occurrence from the best down to the first that
   * stays. Exact for rates that are multiples of 2^-53.
   */
  static List<Integer> dropoutOfSeed(String word, List<Merge> merges, double rate, long seed) {
    SplitMix64 random = new SplitMix64(seed);
    List<Integer> tokens = letters(word);
    while (true) {
      Occurrence chosen = null;
      for (Occurrence occurrence : occurrences(tokens, merges)) {
        if (random.next53() * 0x1p-53 >= rate) {
          chosen = occurrence;
          break;
        }
      }
      if (chosen == null) {
        return tokens;
      }
      tokens = mergeOne(tokens, chosen);
    }
  }

  /** The exact probability of each segmentation, by summing over all subsets of dropped occurrences at each step. */
  static Map<List<Integer>, Double> dropoutDistribution(String word, List<Merge> merges, double rate) {
    Map<List<Integer>, Double> result = new LinkedHashMap<>();
    spread(letters(word), 1, merges, rate, result);
    return result;
  }

  private static void spread(List<Integer> tokens, double probability, List<Merge> merges, double rate,
                               Map<List<Integer>, Double> result) {
    List<Occurrence> occurrences = occurrences(tokens, merges);
    double[] chosen = new double[occurrences.size() + 1];
    for (int subset = 0; subset < 1 << occurrences.size(); subset++) {
      int keptCount = Integer.bitCount(subset);
      double weight = Math.pow(1 - rate, keptCount) * Math.pow(rate, occurrences.size() - keptCount);
      chosen[keptCount == 0 ? occurrences.size() : Integer.numberOfTrailingZeros(subset)] += weight;
    }
    result.merge(tokens, probability * chosen[occurrences.size()], Double::sum);
    for (int i = 0; i < occurrences.size(); i++) {
      spread(mergeOne(tokens, occurrences.get(i)), probability * chosen[i], merges, rate, result);
    }
  }
}
