package dev.dalle.tensor.files;

import dev.dalle.tensor.Shape;
import dev.dalle.tensor.ShapeException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.exc.InputCoercionException;
import tools.jackson.core.json.JsonFactory;

/**
 * The JSON object at the start of a safetensors file, read strictly: nothing that the format does not name, every tensor's bytes where its type
 * and shape say, and every byte of the data part in exactly one tensor.
 *
 * @param fields of each tensor, in the order of the file
 * @param metadata the texts of {@code __metadata__}
 */
record SafetensorsHeader(Map<String, Field> fields, Map<String, String> metadata) {
  static final String METADATA = "__metadata__";
  /** Longest header that the format allows, in bytes. */
  static final int MAX_LENGTH = 100_000_000;

  /** A tensor's type, shape, and bytes relative to the data part. */
  record Field(StoredType type, Shape shape, long begin, long end) {}

  /**
   * Reads and checks.
   *
   * @param file for messages
   * @param json the header without its length
   * @param dataSize bytes that follow the header
   */
  static SafetensorsHeader parse(String file, String json, long dataSize) throws TensorFileException {
    SafetensorsHeader header = new Parsing(file).header(json);
    header.checkData(file, dataSize);
    return header;
  }

  private void checkData(String file, long dataSize) throws TensorFileException {
    for (Map.Entry<String, Field> entry : fields.entrySet()) {
      Field field = entry.getValue();
      String where = file + ": tensor " + entry.getKey() + ": ";
      if (field.begin > field.end || field.end > dataSize) {
        throw new TensorFileException(where + "data_offsets: expected a range inside the " + dataSize + " bytes of data, found [" + field.begin + ", "
            + field.end + "]" + (field.end > dataSize ? "; the file is cut short or damaged" : ""));
      }
      long byteSize = byteSize(where, field);
      if (field.end - field.begin != byteSize) {
        throw new TensorFileException(where + "data_offsets: expected " + byteSize + " bytes for " + field.type + field.shape + ", found "
            + (field.end - field.begin) + " in [" + field.begin + ", " + field.end + "]");
      }
    }
    checkCover(file, dataSize);
  }

  private static long byteSize(String where, Field field) throws TensorFileException {
    try {
      return Math.multiplyExact(field.shape.elementCount(), field.type.byteSize());
    } catch (ArithmeticException e) {
      throw new TensorFileException(where + "shape: expected a size below 2^63 bytes, found " + field.type + field.shape, e);
    }
  }

  private void checkCover(String file, long dataSize) throws TensorFileException {
    List<Map.Entry<String, Field>> byPlace = new ArrayList<>(fields.entrySet());
    byPlace.sort(Comparator.comparingLong((Map.Entry<String, Field> entry) -> entry.getValue().begin)
        .thenComparingLong(entry -> entry.getValue().end));
    long covered = 0;
    String before = "";
    for (Map.Entry<String, Field> entry : byPlace) {
      long begin = entry.getValue().begin;
      if (begin < covered) {
        throw new TensorFileException(file + ": tensor " + entry.getKey() + ": expected to begin at byte " + covered + " of the data or later, found "
            + begin + ", which is inside tensor " + before);
      }
      if (begin > covered) {
        throw new TensorFileException(file + ": tensor " + entry.getKey() + ": expected to begin at byte " + covered + " of the data, found " + begin
            + ": a hole of " + (begin - covered) + " bytes");
      }
      covered = entry.getValue().end;
      before = entry.getKey();
    }
    if (covered != dataSize) {
      throw new TensorFileException(file + ": expected " + covered + " bytes of data as the header says, found " + dataSize);
    }
  }

  /** One reading. */
  private static final class Parsing {
    private final String file;

    Parsing(String file) {
      this.file = file;
    }

    SafetensorsHeader header(String json) throws TensorFileException {
      Map<String, Field> fields = new LinkedHashMap<>();
      Map<String, String> metadata = new TreeMap<>();
      boolean metadataSeen = false;
      try (JsonParser parser = new JsonFactory().createParser(ObjectReadContext.empty(), json)) {
        parser.nextToken();
        for (String name = parser.nextName(); name != null; name = parser.nextName()) {
          if (fields.containsKey(name) || metadataSeen && name.equals(METADATA)) {
            throw new TensorFileException(file + ": expected every name once in the header, found " + name + " twice");
          }
          parser.nextToken();
          if (name.equals(METADATA)) {
            metadataSeen = true;
            readMetadata(parser, metadata);
          } else {
            fields.put(name, readField(parser, name));
          }
        }
        if (parser.currentToken() != JsonToken.END_OBJECT || parser.nextToken() != null) {
          throw new TensorFileException(file + ": header: expected one JSON object, found " + parser.currentToken() + " after it");
        }
      } catch (JacksonException e) {
        throw new TensorFileException(file + ": header: expected JSON, found an error at character " + Optional.ofNullable(e.getLocation())
            .map(location -> location.getCharOffset()).orElse(-1L) + ": " + e.getOriginalMessage(), e);
      }
      return new SafetensorsHeader(fields, metadata);
    }

    private void readMetadata(JsonParser parser, Map<String, String> metadata) throws TensorFileException {
      expect(parser, JsonToken.START_OBJECT, METADATA);
      for (String key = parser.nextName(); key != null; key = parser.nextName()) {
        parser.nextToken();
        expect(parser, JsonToken.VALUE_STRING, METADATA + ": " + key);
        if (metadata.put(key, parser.getString()) != null) {
          throw new TensorFileException(file + ": " + METADATA + ": expected every key once, found " + key + " twice");
        }
      }
    }

    private Field readField(JsonParser parser, String name) throws TensorFileException {
      String where = "tensor " + name;
      expect(parser, JsonToken.START_OBJECT, where);
      Optional<StoredType> dtype = Optional.empty();
      Optional<long[]> shape = Optional.empty();
      Optional<long[]> offsets = Optional.empty();
      for (String key = parser.nextName(); key != null; key = parser.nextName()) {
        parser.nextToken();
        boolean twice;
        switch (key) {
          case "dtype" -> {
            twice = dtype.isPresent();
            dtype = Optional.of(readType(parser, where + ": dtype"));
          }
          case "shape" -> {
            twice = shape.isPresent();
            shape = Optional.of(readNumbers(parser, where + ": shape"));
          }
          case "data_offsets" -> {
            twice = offsets.isPresent();
            offsets = Optional.of(readNumbers(parser, where + ": data_offsets"));
          }
          default -> throw new TensorFileException(file + ": " + where + ": expected dtype, shape and data_offsets, found " + key);
        }
        if (twice) {
          throw new TensorFileException(file + ": " + where + ": expected " + key + " once, found it twice");
        }
      }
      if (dtype.isEmpty() || shape.isEmpty() || offsets.isEmpty()) {
        throw new TensorFileException(file + ": " + where + ": expected dtype, shape and data_offsets, found no "
            + (dtype.isEmpty() ? "dtype" : shape.isEmpty() ? "shape" : "data_offsets"));
      }
      if (offsets.get().length != 2) {
        throw new TensorFileException(file + ": " + where + ": data_offsets: expected 2 numbers, found " + Arrays.toString(offsets.get()));
      }
      return new Field(dtype.get(), shape(where, shape.get()), offsets.get()[0], offsets.get()[1]);
    }

    private StoredType readType(JsonParser parser, String where) throws TensorFileException {
      expect(parser, JsonToken.VALUE_STRING, where);
      String found = parser.getString();
      for (StoredType type : StoredType.values()) {
        if (type.name().equals(found)) {
          return type;
        }
      }
      throw new TensorFileException(file + ": " + where + ": expected one of " + Arrays.toString(StoredType.values()) + ", found " + found);
    }

    private long[] readNumbers(JsonParser parser, String where) throws TensorFileException {
      expect(parser, JsonToken.START_ARRAY, where);
      List<Long> numbers = new ArrayList<>();
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        expect(parser, JsonToken.VALUE_NUMBER_INT, where);
        try {
          numbers.add(parser.getLongValue());
        } catch (InputCoercionException e) {
          throw new TensorFileException(file + ": " + where + ": expected numbers below 2^63, found " + parser.getString(), e);
        }
        if (numbers.getLast() < 0) {
          throw new TensorFileException(file + ": " + where + ": expected numbers of at least 0, found " + numbers.getLast());
        }
      }
      return numbers.stream().mapToLong(Long::longValue).toArray();
    }

    private Shape shape(String where, long[] dims) throws TensorFileException {
      try {
        return Shape.of(dims);
      } catch (ArithmeticException | ShapeException e) {
        throw new TensorFileException(file + ": " + where + ": shape: expected fewer than 2^63 elements, found " + Arrays.toString(dims), e);
      }
    }

    private void expect(JsonParser parser, JsonToken token, String where) throws TensorFileException {
      if (parser.currentToken() != token) {
        throw new TensorFileException(file + ": " + where + ": expected " + words(token) + ", found "
            + (parser.currentToken() == null ? "the end of the header" : words(parser.currentToken())));
      }
    }

    private static String words(JsonToken token) {
      return switch (token) {
        case START_OBJECT -> "an object";
        case START_ARRAY -> "an array";
        case VALUE_STRING -> "a text";
        case VALUE_NUMBER_INT -> "a whole number";
        case VALUE_NUMBER_FLOAT -> "a number with a fraction or exponent";
        case VALUE_TRUE, VALUE_FALSE -> "a truth value";
        case VALUE_NULL -> "null";
        default -> "the end of an object or array";
      };
    }
  }
}
