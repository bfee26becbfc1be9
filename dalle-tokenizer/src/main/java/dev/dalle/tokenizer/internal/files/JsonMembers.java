package dev.dalle.tokenizer.internal.files;

import dev.dalle.tokenizer.internal.json.JsonValue;
import dev.dalle.tokenizer.internal.json.JsonValue.JsonArray;
import dev.dalle.tokenizer.internal.json.JsonValue.JsonBoolean;
import dev.dalle.tokenizer.internal.json.JsonValue.JsonNull;
import dev.dalle.tokenizer.internal.json.JsonValue.JsonNumber;
import dev.dalle.tokenizer.internal.json.JsonValue.JsonObject;
import dev.dalle.tokenizer.internal.json.JsonValue.JsonString;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The members of an object, by type. Messages name the path.
 *
 * @param path of the object, for example {@code model}
 * @param object whose members they are
 */
record JsonMembers(String path, JsonObject object) {
  /** A value that must be an object. */
  static JsonMembers of(String path, JsonValue value) throws FormatProblem {
    if (value instanceof JsonObject object) {
      return new JsonMembers(path, object);
    }
    throw new FormatProblem(path + ": expected an object, got " + value.kind());
  }

  /** A member, unless it is missing or null. */
  Optional<JsonValue> get(String key) {
    JsonValue value = object.members().get(key);
    return value == null || value instanceof JsonNull ? Optional.empty() : Optional.of(value);
  }

  private String at(String key) {
    return path.isEmpty() ? key : path + "." + key;
  }

  private JsonValue required(String key, String what) throws FormatProblem {
    Optional<JsonValue> value = get(key);
    if (value.isEmpty()) {
      throw new FormatProblem(at(key) + ": expected " + what + ", and it is missing");
    }
    return value.get();
  }

  private FormatProblem problem(String key, String what, JsonValue found) {
    return new FormatProblem(at(key) + ": expected " + what + ", got " + found.kind());
  }

  String string(String key) throws FormatProblem {
    JsonValue value = required(key, "a string");
    if (value instanceof JsonString string) {
      return string.text();
    }
    throw problem(key, "a string", value);
  }

  String string(String key, String otherwise) throws FormatProblem {
    return get(key).isEmpty() ? otherwise : string(key);
  }

  boolean bool(String key, boolean otherwise) throws FormatProblem {
    Optional<JsonValue> value = get(key);
    if (value.isEmpty()) {
      return otherwise;
    }
    if (value.get() instanceof JsonBoolean bool) {
      return bool.value();
    }
    throw problem(key, "true or false", value.get());
  }

  int integer(String key) throws FormatProblem {
    JsonValue value = required(key, "a whole number");
    if (value instanceof JsonNumber number && Decimals.isNumber(number.text(), 9)) {
      return Integer.parseInt(number.text());
    }
    throw problem(key, "a whole number from 0", value);
  }

  JsonMembers object(String key) throws FormatProblem {
    return of(at(key), required(key, "an object"));
  }

  List<JsonValue> array(String key) throws FormatProblem {
    JsonValue value = required(key, "an array");
    if (value instanceof JsonArray array) {
      return array.items();
    }
    throw problem(key, "an array", value);
  }

  /** An array of objects. */
  List<JsonMembers> objects(String key) throws FormatProblem {
    List<JsonMembers> objects = new ArrayList<>();
    List<JsonValue> items = array(key);
    for (int i = 0; i < items.size(); i++) {
      objects.add(of(at(key) + "[" + i + "]", items.get(i)));
    }
    return objects;
  }

  /** Refuses members that nobody here knows: they might change every token. */
  void allow(Set<String> keys) throws FormatProblem {
    for (String key : object.members().keySet()) {
      if (!keys.contains(key)) {
        throw new FormatProblem(at(key) + ": this member is not supported");
      }
    }
  }
}
