package dev.dalle.tokenizer.internal.json;

import dev.dalle.tokenizer.internal.json.JsonValue.JsonArray;
import dev.dalle.tokenizer.internal.json.JsonValue.JsonBoolean;
import dev.dalle.tokenizer.internal.json.JsonValue.JsonNull;
import dev.dalle.tokenizer.internal.json.JsonValue.JsonNumber;
import dev.dalle.tokenizer.internal.json.JsonValue.JsonObject;
import dev.dalle.tokenizer.internal.json.JsonValue.JsonString;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads JSON by RFC 8259, strictly: no comments, no trailing commas, no key twice, at most {@value #MAX_DEPTH} levels. Messages name the line. */
public final class JsonParser {
  private static final int MAX_DEPTH = 64;

  private final String text;
  private int at;
  private int depth;

  private JsonParser(String text) {
    this.text = text;
  }

  /**
   * Reads a text.
   *
   * @throws JsonException if it is no JSON
   */
  public static JsonValue parse(String text) throws JsonException {
    JsonParser parser = new JsonParser(text);
    parser.space();
    JsonValue value = parser.value();
    parser.space();
    if (parser.at < text.length()) {
      throw parser.problem("expected nothing after the value, got " + parser.found());
    }
    return value;
  }

  private JsonValue value() throws JsonException {
    if (at == text.length()) {
      throw problem("expected a value, and the text ends; it is truncated");
    }
    return switch (text.charAt(at)) {
      case '{' -> object();
      case '[' -> array();
      case '"' -> new JsonString(string());
      case 't' -> word("true", new JsonBoolean(true));
      case 'f' -> word("false", new JsonBoolean(false));
      case 'n' -> word("null", new JsonNull());
      default -> number();
    };
  }

  private JsonValue word(String word, JsonValue value) throws JsonException {
    if (!text.startsWith(word, at)) {
      throw problem("expected a value, got " + found());
    }
    at += word.length();
    return value;
  }

  private JsonObject object() throws JsonException {
    enter();
    Map<String, JsonValue> members = new LinkedHashMap<>();
    if (!skip('}')) {
      do {
        space();
        if (at == text.length() || text.charAt(at) != '"') {
          throw problem("expected a key, got " + found());
        }
        String key = string();
        space();
        if (!skip(':')) {
          throw problem("expected a colon after the key \"" + shown(key) + "\", got " + found());
        }
        space();
        if (members.put(key, value()) != null) {
          throw problem("the key \"" + shown(key) + "\" stands there twice");
        }
        space();
      } while (skip(','));
      if (!skip('}')) {
        throw problem("expected a comma or }, got " + found());
      }
    }
    depth--;
    return new JsonObject(members);
  }

  private JsonArray array() throws JsonException {
    enter();
    List<JsonValue> items = new ArrayList<>();
    if (!skip(']')) {
      do {
        space();
        items.add(value());
        space();
      } while (skip(','));
      if (!skip(']')) {
        throw problem("expected a comma or ], got " + found());
      }
    }
    depth--;
    return new JsonArray(items);
  }

  private void enter() throws JsonException {
    at++;
    if (++depth > MAX_DEPTH) {
      throw problem("objects and arrays lie more than " + MAX_DEPTH + " deep");
    }
    space();
  }

  private String string() throws JsonException {
    int from = ++at;
    // Most strings have no escapes.
    while (at < text.length() && text.charAt(at) != '"' && text.charAt(at) != '\\' && text.charAt(at) >= 0x20) {
      at++;
    }
    StringBuilder out = new StringBuilder().append(text, from, at);
    while (true) {
      if (at == text.length()) {
        throw problem("a string has no end; the text is truncated");
      }
      char c = text.charAt(at++);
      if (c == '"') {
        return out.toString();
      } else if (c == '\\') {
        out.append(escape());
      } else if (c < 0x20) {
        throw problem(String.format("a string has the control character 0x%02x", (int) c));
      } else {
        out.append(c);
      }
    }
  }

  private char escape() throws JsonException {
    char c = at < text.length() ? text.charAt(at++) : ' ';
    return switch (c) {
      case '"', '\\', '/' -> c;
      case 'b' -> '\b';
      case 'f' -> '\f';
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'u' -> {
        int value = 0;
        for (int i = 0; i < 4; i++) {
          int digit = at < text.length() ? Character.digit(text.charAt(at), 16) : -1;
          if (digit < 0 || text.charAt(at) >= 0x80) {
            throw problem("expected four hexadecimal digits after \\u, got " + found());
          }
          value = 16 * value + digit;
          at++;
        }
        yield (char) value;
      }
      default -> throw problem("a string has the unknown escape \\" + c);
    };
  }

  private JsonNumber number() throws JsonException {
    int from = at;
    skip('-');
    int digits = digits();
    boolean leadingZero = digits > 1 && text.charAt(at - digits) == '0';
    boolean good = digits > 0 && !leadingZero;
    if (good && skip('.')) {
      good = digits() > 0;
    }
    if (good && (skip('e') || skip('E'))) {
      if (!skip('+')) {
        skip('-');
      }
      good = digits() > 0;
    }
    if (!good) {
      at = from;
      throw problem("expected a value, got " + found());
    }
    return new JsonNumber(text.substring(from, at));
  }

  private int digits() {
    int from = at;
    while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
      at++;
    }
    return at - from;
  }

  private boolean skip(char c) {
    if (at < text.length() && text.charAt(at) == c) {
      at++;
      return true;
    }
    return false;
  }

  private void space() {
    while (at < text.length() && " \t\n\r".indexOf(text.charAt(at)) >= 0) {
      at++;
    }
  }

  private String found() {
    return at == text.length() ? "the end of the text; it is truncated" : "\"" + shown(text.substring(at, Math.min(text.length(), at + 12))) + "\"";
  }

  /** For a message: short, on one line. */
  private static String shown(String part) {
    String cut = part.length() > 40 ? part.substring(0, 40) + "..." : part;
    return cut.codePoints().mapToObj(c -> Character.isISOControl(c) || c >= 0xD800 && c < 0xE000 ? String.format("\\u%04x", c) : Character.toString(c))
        .collect(java.util.stream.Collectors.joining());
  }

  private JsonException problem(String what) {
    long line = 1 + text.chars().limit(Math.min(at, text.length())).filter(c -> c == '\n').count();
    return new JsonException("line " + line + ": " + what);
  }
}
