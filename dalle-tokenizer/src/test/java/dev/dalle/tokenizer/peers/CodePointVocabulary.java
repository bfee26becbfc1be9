package dev.dalle.tokenizer.peers;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A small vocabulary of code points, for files that no trainer of ours writes. Counts all pairs anew for every merge. */
final class CodePointVocabulary {
  private final String prefix;
  private final String suffix;
  private final Map<String, Integer> ids = new LinkedHashMap<>();
  private final List<String[]> merges = new ArrayList<>();

  CodePointVocabulary(String prefix, String suffix) {
    this.prefix = prefix;
    this.suffix = suffix;
  }

  void train(List<String> words, int mergeCount, boolean bytes, String unknown) {
    add(unknown);
    for (int value = 0; bytes && value < 256; value++) {
      add(String.format("<0x%02X>", value));
    }
    Map<List<String>, Integer> counts = new HashMap<>();
    for (String word : words) {
      counts.merge(symbols(word), 1, Integer::sum);
    }
    // Letters of other scripts stay out, so that there is something unknown.
    counts.keySet().removeIf(word -> word.stream().anyMatch(symbol -> symbol.codePoints().anyMatch(c -> c >= 0x250 && c != 0x2581)));
    counts.keySet().stream().flatMap(List::stream).distinct().sorted().forEach(this::add);
    for (int i = 0; i < mergeCount; i++) {
      Map<String, Integer> pairs = new TreeMap<>();
      counts.forEach((word, count) -> {
        for (int k = 0; k + 1 < word.size(); k++) {
          pairs.merge(word.get(k) + "\n" + word.get(k + 1), count, Integer::sum);
        }
      });
      String best = pairs.entrySet().stream().max(Map.Entry.comparingByValue()).orElseThrow().getKey();
      String[] pair = best.split("\n");
      merges.add(pair);
      add(join(pair[0], pair[1]));
      Map<List<String>, Integer> next = new HashMap<>();
      counts.forEach((word, count) -> next.merge(merged(word, pair), count, Integer::sum));
      counts = next;
    }
  }

  int size() {
    return ids.size();
  }

  private void add(String token) {
    ids.putIfAbsent(token, ids.size());
  }

  private String join(String left, String right) {
    return left + (right.startsWith(prefix) ? right.substring(prefix.length()) : right);
  }

  private List<String> symbols(String word) {
    List<String> symbols = new ArrayList<>();
    int[] codePoints = word.codePoints().toArray();
    for (int i = 0; i < codePoints.length; i++) {
      symbols.add((i > 0 ? prefix : "") + Character.toString(codePoints[i]) + (i == codePoints.length - 1 ? suffix : ""));
    }
    return symbols;
  }

  private List<String> merged(List<String> word, String[] pair) {
    List<String> result = new ArrayList<>();
    for (int i = 0; i < word.size(); i++) {
      if (i + 1 < word.size() && word.get(i).equals(pair[0]) && word.get(i + 1).equals(pair[1])) {
        result.add(join(pair[0], pair[1]));
        i++;
      } else {
        result.add(word.get(i));
      }
    }
    return result;
  }

  String json(boolean byteFallback, boolean fuse, String unknown) {
    StringBuilder json = new StringBuilder("{\"type\":\"BPE\",\"dropout\":null,\"unk_token\":" + quoted(unknown) + ",\"continuing_subword_prefix\":"
        + (prefix.isEmpty() ? "null" : quoted(prefix)) + ",\"end_of_word_suffix\":" + (suffix.isEmpty() ? "null" : quoted(suffix)) + ",\"fuse_unk\":" + fuse
        + ",\"byte_fallback\":" + byteFallback + ",\"ignore_merges\":false,\"vocab\":{");
    String comma = "";
    for (Map.Entry<String, Integer> token : ids.entrySet()) {
      json.append(comma).append(quoted(token.getKey())).append(':').append(token.getValue());
      comma = ",";
    }
    json.append("},\"merges\":[");
    comma = "";
    for (String[] pair : merges) {
      json.append(comma).append('[').append(quoted(pair[0])).append(',').append(quoted(pair[1])).append(']');
      comma = ",";
    }
    return json.append("]}").toString();
  }

  private static String quoted(String text) {
    StringBuilder quoted = new StringBuilder("\"");
    for (char c : text.toCharArray()) {
      quoted.append(c < 0x20 || c == '"' || c == '\\' ? String.format("\\u%04x", (int) c) : String.valueOf(c));
    }
    return quoted.append('"').toString();
  }
}
