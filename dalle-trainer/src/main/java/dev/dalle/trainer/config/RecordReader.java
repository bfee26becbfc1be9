package dev.dalle.trainer.config;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.math.BigDecimal;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/** Turns a JSON tree into a record tree, laid over a tree of defaults. */
final class RecordReader {

  private final String origin;

  /** @param origin the file's name, for messages */
  RecordReader(String origin) {
    this.origin = origin;
  }

  Record record(JsonNode node, Class<?> type, Optional<? extends Record> defaults, String path) {
    return record(node, type, defaults, path, Set.of());
  }

  private Record record(JsonNode node, Class<?> type, Optional<? extends Record> defaults, String path, Set<String> more) {
    require(node.isObject(), node, path, "an object");
    RecordComponent[] components = type.getRecordComponents();
    Set<String> known = Arrays.stream(components).map(RecordComponent::getName).collect(Collectors.toCollection(TreeSet::new));
    for (String key : node.propertyNames()) {
      if (!known.contains(key) && !more.contains(key)) {
        throw error(Components.join(path, key), "unknown key" + hint(key, known));
      }
    }
    Object[] values = new Object[components.length];
    for (int i = 0; i < components.length; i++) {
      RecordComponent component = components[i];
      Optional<Object> preset = defaults.map(record -> Components.get(component, record))
          .or(() -> Optional.ofNullable(component.getAnnotation(WhenMissing.class)).map(WhenMissing::value));
      values[i] = component(node.get(component.getName()), component.getGenericType(), preset, Components.join(path, component.getName()));
    }
    try {
      return Components.make(type, values);
    } catch (InvocationTargetException e) {
      Throwable refused = e.getCause();
      throw new ConfigException(origin + ": " + (path.isEmpty() ? "" : path + ": ") + refused.getMessage(), refused);
    }
  }

  /** One component; {@code node} is null if its key is missing. */
  private Object component(JsonNode node, Type type, Optional<Object> preset, String path) {
    if (Components.raw(type) == OptionalDouble.class) {
      return optionalDouble(node, preset, path);
    }
    boolean optional = Components.raw(type) == Optional.class;
    if (node == null) {
      if (preset.isPresent()) {
        return preset.get();
      }
      if (optional) {
        return Optional.empty();
      }
      throw error(path, "missing, expected " + describe(type));
    }
    if (!optional) {
      return value(node, type, preset, path);
    }
    // null is how a file takes away what a preset has.
    return node.isNull()
        ? Optional.empty()
        : Optional.of(value(node, Components.argument(type, 0), preset.flatMap(p -> (Optional<?>) p), path));
  }

  private OptionalDouble optionalDouble(JsonNode node, Optional<Object> preset, String path) {
    if (node == null) {
      return preset.map(OptionalDouble.class::cast).orElse(OptionalDouble.empty());
    }
    return node.isNull() ? OptionalDouble.empty() : OptionalDouble.of((Double) value(node, double.class, Optional.empty(), path));
  }

  private Object value(JsonNode node, Type type, Optional<?> preset, String path) {
    Class<?> raw = Components.raw(type);
    String expected = describe(type);
    if (raw == boolean.class || raw == Boolean.class) {
      require(node.isBoolean(), node, path, expected);
      return node.booleanValue();
    }
    if (raw == int.class || raw == Integer.class) {
      require(node.isIntegralNumber() && node.canConvertToInt(), node, path, expected);
      return node.intValue();
    }
    if (raw == long.class || raw == Long.class) {
      require(node.isIntegralNumber() && node.canConvertToLong(), node, path, expected);
      return node.longValue();
    }
    if (raw == double.class || raw == Double.class) {
      double number = number(node, path, expected).doubleValue();
      require(Double.isFinite(number), node, path, expected);
      return number;
    }
    if (raw == float.class || raw == Float.class) {
      float number = number(node, path, expected).floatValue();
      require(Float.isFinite(number), node, path, expected);
      return number;
    }
    if (raw.isRecord()) {
      return record(node, raw, preset.map(Record.class::cast), path);
    }
    if (raw == List.class) {
      return list(node, Components.argument(type, 0), path);
    }
    if (raw == Map.class) {
      return map(node, Components.argument(type, 1), path);
    }
    if (raw.isSealed() && !raw.isEnum()) {
      return oneOf(node, raw, preset, path);
    }
    require(node.isString(), node, path, expected);
    String text = node.stringValue();
    if (raw == String.class) {
      return text;
    }
    if (raw == Duration.class) {
      return converted(DurationText::parse, text, path);
    }
    if (raw == Path.class) {
      return converted(Path::of, text, path);
    }
    if (raw.isEnum()) {
      return Arrays.stream((Enum<?>[]) raw.getEnumConstants())
          .filter(constant -> Names.of(constant).equals(text))
          .findFirst()
          .orElseThrow(() -> error(path, "expected " + expected + ", found \"" + text + "\""));
    }
    throw new IllegalArgumentException("configuration records cannot have a component of type " + type);
  }

  private BigDecimal number(JsonNode node, String path, String expected) {
    require(node.isNumber(), node, path, expected);
    return node.decimalValue();
  }

  private <T> T converted(Function<String, T> conversion, String text, String path) {
    try {
      return conversion.apply(text);
    } catch (InvalidPathException e) {
      throw error(path, "expected a path, found '" + text + "'");
    } catch (IllegalArgumentException e) {
      throw error(path, e.getMessage());
    }
  }

  private List<Object> list(JsonNode node, Type element, String path) {
    require(node.isArray(), node, path, "a list");
    List<Object> list = new ArrayList<>();
    for (int i = 0; i < node.size(); i++) {
      list.add(value(node.get(i), element, Optional.empty(), path + "[" + i + "]"));
    }
    return List.copyOf(list);
  }

  private Map<String, Object> map(JsonNode node, Type element, String path) {
    require(node.isObject(), node, path, "an object");
    Map<String, Object> map = new LinkedHashMap<>();
    node.propertyStream()
        .forEach(e -> map.put(e.getKey(), value(e.getValue(), element, Optional.empty(), Components.join(path, e.getKey()))));
    return java.util.Collections.unmodifiableMap(map);
  }

  /** One of the records of a sealed interface. Without {@code type} it stays the one that the preset has. */
  private Record oneOf(JsonNode node, Class<?> sealed, Optional<?> preset, String path) {
    require(node.isObject(), node, path, "an object");
    List<Class<?>> kinds = records(sealed).toList();
    JsonNode named = node.get(Names.TYPE);
    Class<?> kind;
    if (named == null) {
      kind = preset.<Class<?>>map(Object::getClass).orElseThrow(() -> error(Components.join(path, Names.TYPE), "missing, expected " + names(kinds)));
    } else {
      String name = named.isString() ? named.stringValue() : named.toString();
      kind =
          kinds.stream()
              .filter(k -> Names.of(k).equals(name))
              .findFirst()
              .orElseThrow(() -> error(Components.join(path, Names.TYPE), "expected " + names(kinds) + ", found \"" + name + "\""));
    }
    Optional<Record> defaults = preset.filter(p -> p.getClass() == kind).map(Record.class::cast);
    return record(node, kind, defaults, path, Set.of(Names.TYPE));
  }

  private static Stream<Class<?>> records(Class<?> sealed) {
    return Arrays.stream(sealed.getPermittedSubclasses()).flatMap(c -> c.isSealed() ? records(c) : Stream.of(c));
  }

  private static String names(List<Class<?>> kinds) {
    return kinds.stream().map(k -> "\"" + Names.of(k) + "\"").collect(Collectors.joining(", ", "one of ", ""));
  }

  private static String describe(Type type) {
    Class<?> raw = Components.raw(type);
    if (raw.isEnum()) {
      return Arrays.stream((Enum<?>[]) raw.getEnumConstants())
          .map(c -> "\"" + Names.of(c) + "\"")
          .collect(Collectors.joining(", ", "one of ", ""));
    }
    return switch (raw.getSimpleName()) {
      case "boolean", "Boolean" -> "true or false";
      case "int", "Integer" -> "a whole number from " + Integer.MIN_VALUE + " to " + Integer.MAX_VALUE;
      case "long", "Long" -> "a whole number of 64 bits";
      case "double", "Double" -> "a number";
      case "float", "Float" -> "a number of 32 bits";
      case "String" -> "a text";
      case "Duration" -> "a duration like \"15m\"";
      case "Path" -> "a path";
      case "List" -> "a list";
      default -> "an object";
    };
  }

  private void require(boolean fits, JsonNode found, String path, String expected) {
    if (!fits) {
      throw error(path, "expected " + expected + ", found " + shorten(found));
    }
  }

  private static String shorten(JsonNode node) {
    String kind =
        switch (node.getNodeType()) {
          case OBJECT -> "an object";
          case ARRAY -> "a list";
          case MISSING -> "nothing";
          default -> "";
        };
    if (!kind.isEmpty()) {
      return kind;
    }
    String text = node.toString();
    return text.length() <= 60 ? text : text.substring(0, 57) + "...";
  }

  private static String hint(String key, Set<String> known) {
    return Closest.to(key, known)
        .map(name -> "; did you mean \"" + name + "\"?")
        .orElseGet(() -> "; known keys are " + String.join(", ", known));
  }

  private ConfigException error(String path, String message) {
    return new ConfigException(origin + ": " + (path.isEmpty() ? "" : path + ": ") + message);
  }
}
