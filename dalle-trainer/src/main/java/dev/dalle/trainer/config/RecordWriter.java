package dev.dalle.trainer.config;

import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Turns a record tree into a JSON tree. */
final class RecordWriter {

  private final JsonNodeFactory nodes = JsonNodeFactory.instance;

  ObjectNode record(Record value, String path) {
    ObjectNode object = nodes.objectNode();
    for (RecordComponent component : value.getClass().getRecordComponents()) {
      String name = component.getName();
      Object content = Components.get(component, value);
      Type type = component.getGenericType();
      if (content instanceof OptionalDouble number) {
        content = number.isPresent() ? Optional.of(number.getAsDouble()) : Optional.empty();
      }
      if (content instanceof Optional<?> optional) {
        if (optional.isEmpty()) {
          continue;
        }
        content = optional.get();
        type = Components.raw(type) == OptionalDouble.class ? double.class : Components.argument(type, 0);
      }
      object.set(name, node(content, type, Components.join(path, name)));
    }
    return object;
  }

  private JsonNode node(Object value, Type type, String path) {
    return switch (value) {
      case Boolean b -> nodes.booleanNode(b);
      case Integer i -> nodes.numberNode(i);
      case Long l -> nodes.numberNode(l);
      case Float f when Float.isFinite(f) -> nodes.numberNode(f);
      case Double d when Double.isFinite(d) -> nodes.numberNode(d);
      case Float f -> throw notFinite(path, f);
      case Double d -> throw notFinite(path, d);
      case String s -> nodes.stringNode(s);
      case Path p -> nodes.stringNode(p.toString());
      case Duration d -> nodes.stringNode(DurationText.format(d));
      case Enum<?> e -> nodes.stringNode(Names.of(e));
      case Record r -> Components.raw(type).isSealed() ? typed(r, path) : record(r, path);
      case List<?> list -> list(list, Components.argument(type, 0), path);
      case Map<?, ?> map -> map(map, Components.argument(type, 1), path);
      case null -> throw new ConfigException(path + ": cannot be written: it is null");
      default -> throw new ConfigException(path + ": cannot be written: unsupported type " + value.getClass().getName());
    };
  }

  private ObjectNode typed(Record value, String path) {
    ObjectNode object = nodes.objectNode();
    object.put(Names.TYPE, Names.of(value.getClass()));
    return object.setAll(record(value, path));
  }

  private ArrayNode list(List<?> list, Type element, String path) {
    ArrayNode array = nodes.arrayNode();
    for (int i = 0; i < list.size(); i++) {
      array.add(node(list.get(i), element, path + "[" + i + "]"));
    }
    return array;
  }

  private ObjectNode map(Map<?, ?> map, Type element, String path) {
    ObjectNode object = nodes.objectNode();
    // Sorted, because the order of a map made by Map.of changes from one JVM to the next.
    new TreeMap<>(map).forEach((key, value) -> object.set((String) key, node(value, element, Components.join(path, (String) key))));
    return object;
  }

  private static ConfigException notFinite(String path, Number value) {
    return new ConfigException(path + ": cannot be written: JSON has no number " + value);
  }
}
