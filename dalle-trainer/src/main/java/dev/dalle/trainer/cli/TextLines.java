package dev.dalle.trainer.cli;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.StringNode;

/** Texts from a stream of bytes, one a line; as they stand, or each as a JSON string. One line is held at a time. */
final class TextLines implements AutoCloseable {
  private final String name;
  private final InputStream in;
  private final boolean json;
  private final ByteArrayOutputStream line = new ByteArrayOutputStream();
  private long number;

  /**
   * From the beginning.
   *
   * @param name for messages
   * @param json whether each line is a JSON string
   */
  TextLines(String name, InputStream in, boolean json) {
    this.name = name;
    this.in = new BufferedInputStream(in, 1 << 16);
    this.json = json;
  }

  /** Number of the line that came last, from 1. */
  long number() {
    return number;
  }

  /**
   * The next text; nothing at the end.
   *
   * @throws CommandException if a line is no UTF-8, or no JSON string where that is expected; the message names the line
   */
  Optional<String> next() throws IOException {
    line.reset();
    int unit = in.read();
    if (unit < 0) {
      return Optional.empty();
    }
    number++;
    while (unit >= 0 && unit != '\n') {
      line.write(unit);
      unit = in.read();
    }
    byte[] bytes = line.toByteArray();
    int length = bytes.length > 0 && bytes[bytes.length - 1] == '\r' ? bytes.length - 1 : bytes.length;
    String text;
    try {
      text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes, 0, length)).toString();
    } catch (CharacterCodingException e) {
      throw new CommandException(name + ", line " + number + ": expected text in UTF-8, found bytes that are not UTF-8", e);
    }
    return Optional.of(json ? string(text) : text);
  }

  private String string(String text) {
    try {
      if (JsonMapper.shared().readTree(text) instanceof StringNode string) {
        return string.stringValue();
      }
    } catch (JacksonException e) {
      throw new CommandException(name + ", line " + number + ": expected a JSON string, got " + shown(text), e);
    }
    throw new CommandException(name + ", line " + number + ": expected a JSON string, got " + shown(text));
  }

  private static String shown(String text) {
    return text.isEmpty() ? "an empty line" : text.length() > 40 ? text.substring(0, 40) + "..." : text;
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
