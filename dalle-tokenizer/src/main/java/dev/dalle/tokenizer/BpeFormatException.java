package dev.dalle.tokenizer;

import java.io.IOException;
import java.nio.file.Path;

/** A file that was read but is no valid vocabulary. The message names the file, the place in it and what was expected. */
public final class BpeFormatException extends IOException {

  private static final long serialVersionUID = 1;

  BpeFormatException(Path file, String problem) {
    super(file + ": " + problem);
  }
}
