package dev.dalle.trainer.data;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Finds the words in names written without spaces: {@code closedmailboxraised} becomes closed mailbox raised. Chooses the fewest
 * words, every letter outside a known word counting as two words more; of equal splits the one whose first word is longest.
 */
final class WordSplitter {
  private static final int LONGEST = 20;
  private static final int UNKNOWN_LETTER = 2;

  private final Set<String> words;

  WordSplitter(Set<String> words) {
    this.words = new HashSet<>(words);
  }

  /** The words of a name of lower-case letters and digits. Runs of digits are words of their own. */
  List<String> split(String name) {
    int n = name.length();
    int[] cost = new int[n + 1];
    int[] next = new int[n];
    for (int from = n - 1; from >= 0; from--) {
      cost[from] = Integer.MAX_VALUE;
      for (int to = Math.min(n, from + LONGEST); to > from; to--) {
        String word = name.substring(from, to);
        int price = 1 + (known(word) ? 0 : UNKNOWN_LETTER * word.length());
        if (price + cost[to] < cost[from]) {
          cost[from] = price + cost[to];
          next[from] = to;
        }
      }
    }
    List<String> found = new ArrayList<>();
    for (int at = 0; at < n; at = next[at]) {
      found.add(name.substring(at, next[at]));
    }
    return Collections.unmodifiableList(found);
  }

  private boolean known(String word) {
    return words.contains(word) || word.chars().allMatch(Character::isDigit);
  }
}
