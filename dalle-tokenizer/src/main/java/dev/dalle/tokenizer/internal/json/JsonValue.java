package dev.dalle.tokenizer.internal.json;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A JSON value. */
public sealed interface JsonValue {
  /** What it is, for messages. */
  String kind();

  /** An object; its keys in the order of the text. */
  record JsonObject(Map<String, JsonValue> members) implements JsonValue {
    /** Keeps the order. */
    public JsonObject {
      members = Collections.unmodifiableMap(new LinkedHashMap<>(members));
    }

    @Override
    public String kind() {
      return "an object";
    }
  }

  /** An array. */
  record JsonArray(List<JsonValue> items) implements JsonValue {
    @Override
    public String kind() {
      return "an array";
    }
  }

  /** A string. */
  record JsonString(String text) implements JsonValue {
    @Override
    public String kind() {
      return "a string";
    }
  }

  /** A number as it was written. */
  record JsonNumber(String text) implements JsonValue {
    @Override
    public String kind() {
      return "the number " + text;
    }
  }

  /** True or false. */
  record JsonBoolean(boolean value) implements JsonValue {
    @Override
    public String kind() {
      return Boolean.toString(value);
    }
  }

  /** Nothing. */
  record JsonNull() implements JsonValue {
    @Override
    public String kind() {
      return "null";
    }
  }
}
