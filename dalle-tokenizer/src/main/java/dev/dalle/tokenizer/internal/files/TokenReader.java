package dev.dalle.tokenizer.internal.files;

import dev.dalle.tokenizer.internal.json.JsonValue;
import dev.dalle.tokenizer.internal.spec.TokenList;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A vocabulary as an object from token to id, and merges as pairs of tokens. */
final class TokenReader {
  private final boolean byteLevel;
  private final Map<String, Integer> ids = new HashMap<>();
  private final List<byte[]> tokens = new ArrayList<>();
  private final BitSet literal = new BitSet();

  /** Whether tokens are bytes in GPT-2's alphabet. */
  TokenReader(boolean byteLevel) {
    this.byteLevel = byteLevel;
  }

  /**
   * Enters a token.
   *
   * @throws FormatProblem if the id is out of range or taken, or the token too long
   */
  void add(String token, long id, String suffix) throws FormatProblem {
    if (id < 0 || id >= Limits.TOKENS) {
      throw new FormatProblem("the token \"" + shown(token) + "\" has id " + id + "; expected 0 to " + (Limits.TOKENS - 1));
    }
    while (tokens.size() <= id) {
      tokens.add(null);
    }
    if (tokens.get((int) id) != null) {
      throw new FormatProblem("the token \"" + shown(token) + "\" has id " + id + ", which another token has too");
    }
    Optional<byte[]> alphabetic = byteLevel ? alphabetic(token, suffix) : Optional.empty();
    byte[] bytes = alphabetic.orElseGet(() -> token.getBytes(StandardCharsets.UTF_8));
    if (bytes.length > Limits.TOKEN_BYTES) {
      throw new FormatProblem("the token of id " + id + " has " + bytes.length + " bytes; expected at most " + Limits.TOKEN_BYTES);
    }
    tokens.set((int) id, bytes);
    literal.set((int) id, byteLevel && alphabetic.isEmpty());
    ids.put(token, (int) id);
  }

  /** The bytes of a token in the alphabet; its suffix is written as it is. */
  private static Optional<byte[]> alphabetic(String token, String suffix) {
    boolean ends = !suffix.isEmpty() && token.endsWith(suffix) && token.length() > suffix.length();
    byte[] end = ends ? suffix.getBytes(StandardCharsets.UTF_8) : new byte[0];
    return ByteAlphabet.read(ends ? token.substring(0, token.length() - suffix.length()) : token).map(start -> {
      byte[] joined = Arrays.copyOf(start, start.length + end.length);
      System.arraycopy(end, 0, joined, start.length, end.length);
      return joined;
    });
  }

  /** The id of a token as it is written in the file, or -1. */
  int id(String token) {
    return ids.getOrDefault(token, -1);
  }

  /** All tokens. */
  TokenList tokens() {
    return new TokenList(tokens, literal);
  }

  /** Reads an object from token to id. */
  void addAll(JsonValue.JsonObject vocabulary, String suffix) throws FormatProblem {
    for (Map.Entry<String, JsonValue> entry : vocabulary.members().entrySet()) {
      if (!(entry.getValue() instanceof JsonValue.JsonNumber number) || !Decimals.isNumber(number.text(), 10)) {
        throw new FormatProblem("the token \"" + shown(entry.getKey()) + "\": expected its id, got " + entry.getValue().kind());
      }
      add(entry.getKey(), Long.parseLong(number.text()), suffix);
    }
  }

  static String shown(String token) {
    String cut = token.length() > 40 ? token.substring(0, 40) + "..." : token;
    StringBuilder out = new StringBuilder();
    cut.codePoints().forEach(c -> out.append(Character.isISOControl(c) || c >= 0xD800 && c < 0xE000 ? String.format("\\u%04x", c) : Character.toString(c)));
    return out.toString();
  }
}
