package dev.dalle.tokenizer.internal.pipeline;

import dev.dalle.tokenizer.AddedToken;
import dev.dalle.tokenizer.internal.split.CharClass;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Finds added tokens in a text: of those that begin first, the longest. Immutable. */
final class AddedTokenFinder {
  /** One place: {@code text[start, end)}, white space that the token swallows included. */
  record Found(AddedToken token, int start, int end) {}

  private static final class Node {
    private final Map<Character, Node> next = new HashMap<>();
    private AddedToken token;
  }

  private final Node root = new Node();
  // Bit c % 64 of word c / 64: some token begins with c. A text without such a char is passed over quickly.
  private final long[] beginnings = new long[0x10000 / 64];
  private final boolean isEmpty;

  AddedTokenFinder(List<AddedToken> tokens) {
    isEmpty = tokens.isEmpty();
    for (AddedToken token : tokens) {
      Node node = root;
      for (char c : token.content().toCharArray()) {
        node = node.next.computeIfAbsent(c, _ -> new Node());
      }
      // Normalizing may have made two of them equal: the first counts.
      if (node.token == null) {
        node.token = token;
      }
      char first = token.content().charAt(0);
      beginnings[first >> 6] |= 1L << first;
    }
  }

  /** All places in order, without overlaps. */
  List<Found> find(String text) {
    if (isEmpty) {
      return List.of();
    }
    List<Found> found = new ArrayList<>(0);
    int free = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if ((beginnings[c >> 6] & 1L << c) == 0) {
        continue;
      }
      Optional<AddedToken> longest = longest(text, i);
      if (longest.isEmpty()) {
        continue;
      }
      AddedToken token = longest.get();
      int end = i + token.content().length();
      if (token.singleWord() && !standsAlone(text, i, end)) {
        // As in Hugging Face's tokenizers, the place is passed over as a whole.
        i = end - 1;
        continue;
      }
      int start = i;
      while (token.stripLeft() && start > free && CharClass.isSpace(text.charAt(start - 1))) {
        start--;
      }
      while (token.stripRight() && end < text.length() && CharClass.isSpace(text.charAt(end))) {
        end++;
      }
      found.add(new Found(token, start, end));
      free = end;
      i = end - 1;
    }
    return found;
  }

  private Optional<AddedToken> longest(String text, int from) {
    Node node = root;
    AddedToken longest = null;
    for (int i = from; i < text.length(); i++) {
      node = node.next.get(text.charAt(i));
      if (node == null) {
        break;
      }
      if (node.token != null) {
        longest = node.token;
      }
    }
    return Optional.ofNullable(longest);
  }

  private static boolean standsAlone(String text, int start, int end) {
    return (start == 0 || !isWord(text.codePointBefore(start))) && (end == text.length() || !isWord(text.codePointAt(end)));
  }

  private static boolean isWord(int codePoint) {
    return Character.isLetterOrDigit(codePoint) || codePoint == '_';
  }
}
