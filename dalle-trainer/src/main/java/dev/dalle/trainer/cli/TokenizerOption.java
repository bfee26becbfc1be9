package dev.dalle.trainer.cli;

import dev.dalle.tokenizer.BpeTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** {@code --tokenizer}: the vocabulary file. */
final class TokenizerOption {
  static final Path DEFAULT = Path.of("runs", "demo", "tokenizer.bpe");

  @Option(names = "--tokenizer", paramLabel = "FILE", description = "The vocabulary file (default runs/demo/tokenizer.bpe).")
  private Path file;

  /**
   * The vocabulary.
   *
   * @throws CommandException if there is none
   * @throws IOException if the file is damaged or cannot be read; the message names it
   */
  BpeTokenizer load() throws IOException {
    return load(file == null ? DEFAULT : file);
  }

  static BpeTokenizer load(Path file) throws IOException {
    if (!Files.exists(file)) {
      throw new CommandException("no vocabulary at " + file + ": name one with --tokenizer FILE, or make one with dalle tokenizer train"
          + " or dalle demo");
    }
    return BpeTokenizer.load(file);
  }
}
