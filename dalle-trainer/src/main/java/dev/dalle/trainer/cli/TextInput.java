package dev.dalle.trainer.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Texts of a command: its arguments, or the lines of its standard input if it has none. */
final class TextInput {
  private TextInput() {}

  /**
   * The texts.
   *
   * @param arguments used if there are any
   * @param input read to its end otherwise, UTF-8
   */
  static List<String> of(List<String> arguments, InputStream input) throws IOException {
    if (!arguments.isEmpty()) {
      return arguments;
    }
    // A decoder made here reports malformed input; the reader's own would replace it silently.
    BufferedReader reader = new BufferedReader(new InputStreamReader(input, StandardCharsets.UTF_8.newDecoder()));
    try {
      return reader.lines().toList();
    } catch (UncheckedIOException e) {
      if (e.getCause() instanceof CharacterCodingException) {
        throw new CommandException("standard input: expected text in UTF-8, found bytes that are not UTF-8", e);
      }
      throw e.getCause();
    }
  }
}
