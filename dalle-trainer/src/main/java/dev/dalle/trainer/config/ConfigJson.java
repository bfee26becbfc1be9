package dev.dalle.trainer.config;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.util.DefaultIndenter;
import tools.jackson.core.util.DefaultPrettyPrinter;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Trees of records as JSON, one object a record with the components as keys.
 *
 * <p>Component types: {@code int}, {@code long}, {@code float}, {@code double}, {@code boolean} and their boxes, String, Path,
 * enums (their constants' names in lower case, with {@code -} for {@code _}), Duration (see {@link DurationText}), records,
 * sealed interfaces of records (the object has one more key, {@code type}, with the record's name in the form of an enum
 * constant), OptionalDouble, and List, Optional and Map with String keys of these. An empty Optional is not written.
 *
 * <p>Reading is strict. An unknown key, a key given twice, a value of another type and a value that the record's constructor
 * refuses are errors. Instances do not exist; all methods may be called from any thread.
 */
public final class ConfigJson {

  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private static final DefaultIndenter LINES = new DefaultIndenter("  ", "\n");

  private ConfigJson() {}

  /**
   * Writes a record tree.
   *
   * @param value the record
   * @return JSON with one key a line, in the order of the record's components, ending in a line feed; {@link #parse} makes an
   *     equal record of it
   * @throws ConfigException if a component has a type or a value (not a number, infinite) that JSON does not have
   */
  public static String write(Record value) {
    JsonNode tree = new RecordWriter().record(value, "");
    DefaultPrettyPrinter printer = new DefaultPrettyPrinter().withObjectIndenter(LINES);
    return MAPPER.writer().with(printer).writeValueAsString(tree) + "\n";
  }

  /**
   * Writes a record tree on one line without spaces, for places where no person reads it; see {@link #write}.
   *
   * @throws ConfigException as {@link #write}
   */
  public static String writeLine(Record value) {
    return MAPPER.writeValueAsString(new RecordWriter().record(value, ""));
  }

  /**
   * Reads a configuration and lays it over a preset: a key that is missing keeps the preset's value, in nested records too. A
   * list or map that is given replaces the preset's as a whole.
   *
   * @param json the text
   * @param origin where the text comes from, for messages, for example the file's name
   * @param defaults the preset
   * @return a new record
   * @throws ConfigException if the text cannot be used as it is
   */
  public static <R extends Record> R parse(String json, String origin, R defaults) {
    @SuppressWarnings("unchecked")
    Class<R> type = (Class<R>) defaults.getClass();
    return type.cast(new RecordReader(origin).record(tree(json, origin), type, Optional.of(defaults), ""));
  }

  /**
   * Reads a record of which every component must be given, except an Optional and one with {@link WhenMissing}.
   *
   * @param json the text
   * @param origin where the text comes from, for messages
   * @param type the record
   * @return a new record
   * @throws ConfigException if the text cannot be used as it is
   */
  public static <R extends Record> R parse(String json, String origin, Class<R> type) {
    return type.cast(new RecordReader(origin).record(tree(json, origin), type, Optional.empty(), ""));
  }

  /**
   * Reads a file and lays it over a preset, see {@link #parse(String, String, Record)}.
   *
   * @throws ConfigException if the file is not there or its text cannot be used
   * @throws UncheckedIOException if it cannot be read
   */
  public static <R extends Record> R read(Path file, R defaults) {
    return parse(text(file), file.toString(), defaults);
  }

  /**
   * Reads a file of which every component must be given, see {@link #parse(String, String, Class)}.
   *
   * @throws ConfigException if the file is not there or its text cannot be used
   * @throws UncheckedIOException if it cannot be read
   */
  public static <R extends Record> R read(Path file, Class<R> type) {
    return parse(text(file), file.toString(), type);
  }

  /**
   * One whole number at the top of a file, looked at before the rest is read.
   *
   * @param key such as {@code version}
   * @return nothing if the file has no such number there
   * @throws ConfigException if the file is not there or is not JSON
   * @throws UncheckedIOException if it cannot be read
   */
  public static OptionalLong longAt(Path file, String key) {
    JsonNode found = tree(text(file), file.toString()).path(key);
    return found.isIntegralNumber() && found.canConvertToLong() ? OptionalLong.of(found.longValue()) : OptionalLong.empty();
  }

  /**
   * A text at the top of a file, without looking at the rest; see {@link #longAt}.
   *
   * @return nothing if there is none of that name
   */
  public static Optional<String> textAt(Path file, String key) {
    JsonNode found = tree(text(file), file.toString()).path(key);
    return found.isString() ? Optional.of(found.stringValue()) : Optional.empty();
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (NoSuchFileException e) {
      throw new ConfigException(file + ": no such file", e);
    } catch (java.nio.charset.CharacterCodingException e) {
      throw new ConfigException(file + ": expected JSON in UTF-8, found bytes that are not UTF-8", e);
    } catch (IOException e) {
      throw new UncheckedIOException(file + ": cannot be read: " + e.getMessage(), e);
    }
  }

  private static JsonNode tree(String json, String origin) {
    try {
      return MAPPER.readTree(json);
    } catch (JacksonException e) {
      TokenStreamLocation place = e.getLocation();
      String where = place == null ? "" : ":" + place.getLineNr() + ":" + place.getColumnNr();
      throw new ConfigException(origin + where + ": not valid JSON: " + e.getOriginalMessage(), e);
    }
  }
}
