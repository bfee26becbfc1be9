package dev.dalle.tokenizer.internal.json;

import dev.dalle.tokenizer.internal.json.JsonValue.JsonArray;
import dev.dalle.tokenizer.internal.json.JsonValue.JsonBoolean;
import dev.dalle.tokenizer.internal.json.JsonValue.JsonNull;
import dev.dalle.tokenizer.internal.json.JsonValue.JsonNumber;
import dev.dalle.tokenizer.internal.json.JsonValue.JsonObject;
import dev.dalle.tokenizer.internal.json.JsonValue.JsonString;

/** Writes JSON. */
public final class JsonText {
  private JsonText() {}

  /** A value, indented by two spaces a level. */
  public static String of(JsonValue value) {
    StringBuilder out = new StringBuilder();
    write(value, "\n", out);
    return out.append('\n').toString();
  }

  /** A string in quotes, in ASCII. */
  public static String quoted(String text) {
    StringBuilder out = new StringBuilder("\"");
    for (char c : text.toCharArray()) {
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        default -> {
          if (c >= 0x20 && c < 0x7F) {
            out.append(c);
          } else {
            out.append(String.format("\\u%04x", (int) c));
          }
        }
      }
    }
    return out.append('"').toString();
  }

  private static void write(JsonValue value, String newLine, StringBuilder out) {
    switch (value) {
      case JsonNull _ -> out.append("null");
      case JsonBoolean bool -> out.append(bool.value());
      case JsonNumber number -> out.append(number.text());
      case JsonString string -> out.append(quoted(string.text()));
      case JsonArray array -> {
        String separator = newLine + "  ";
        out.append('[');
        for (int i = 0; i < array.items().size(); i++) {
          out.append(i == 0 ? "" : ",").append(separator);
          write(array.items().get(i), separator, out);
        }
        out.append(array.items().isEmpty() ? "" : newLine).append(']');
      }
      case JsonObject object -> {
        String separator = newLine + "  ";
        String comma = "";
        out.append('{');
        for (var member : object.members().entrySet()) {
          out.append(comma).append(separator).append(quoted(member.getKey())).append(": ");
          write(member.getValue(), separator, out);
          comma = ",";
        }
        out.append(object.members().isEmpty() ? "" : newLine).append('}');
      }
    }
  }
}
