package dev.dalle.bench.tokenizer;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Training as it is usually explained: distinct words with their counts, and for every merge all pairs of all words counted anew (Sennrich et al. 2016, arXiv
 * 1508.07909, algorithm 1). The paper's split rule, and the tie rule of our trainer: the smaller left id, then the smaller right id.
 */
final class StraightforwardTrainer {
  private static final Pattern WORD = Pattern.compile("[a-z]+");

  private StraightforwardTrainer() {}

  /** A merge. */
  record Pair(int left, int right) implements Comparable<Pair> {
    @Override
    public int compareTo(Pair other) {
      return left != other.left ? Integer.compare(left, other.left) : Integer.compare(right, other.right);
    }
  }

  /** The merges of a vocabulary of {@code vocabularySize} tokens, of pairs that occur twice or more. */
  static List<Pair> train(List<String> captions, int vocabularySize) {
    Map<List<Integer>, Long> words = new HashMap<>();
    for (String caption : captions) {
      Matcher matcher = WORD.matcher(caption.toLowerCase(Locale.ROOT));
      while (matcher.find()) {
        words.merge(matcher.group().chars().boxed().toList(), 1L, Long::sum);
      }
    }
    List<Pair> merges = new ArrayList<>();
    while (256 + merges.size() < vocabularySize) {
      Map<Pair, Long> counts = new TreeMap<>();
      words.forEach((word, count) -> {
        for (int i = 0; i + 1 < word.size(); i++) {
          counts.merge(new Pair(word.get(i), word.get(i + 1)), count, Long::sum);
        }
      });
      Map.Entry<Pair, Long> best = null;
      for (Map.Entry<Pair, Long> entry : counts.entrySet()) {
        if (best == null || entry.getValue() > best.getValue()) {
          best = entry;
        }
      }
      if (best == null || best.getValue() < 2) {
        break;
      }
      Pair pair = best.getKey();
      int id = 256 + merges.size();
      merges.add(pair);
      Map<List<Integer>, Long> next = new HashMap<>();
      words.forEach((word, count) -> next.merge(merged(word, pair, id), count, Long::sum));
      words = next;
    }
    return merges;
  }

  private static List<Integer> merged(List<Integer> word, Pair pair, int id) {
    List<Integer> result = new ArrayList<>(word.size());
    for (int i = 0; i < word.size(); i++) {
      if (i + 1 < word.size() && word.get(i) == pair.left && word.get(i + 1) == pair.right) {
        result.add(id);
        i++;
      } else {
        result.add(word.get(i));
      }
    }
    return result;
  }
}
