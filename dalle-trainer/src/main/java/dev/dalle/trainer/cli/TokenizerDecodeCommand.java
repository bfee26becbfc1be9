package dev.dalle.trainer.cli;

import dev.dalle.tokenizer.BpeTokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code dalle tokenizer decode}: token ids to texts. */
@Command(
    name = "decode",
    description = "Turn token ids into text: those of the command line into one, those of each line of standard input into one.",
    footer = {"", "Examples:", "  dalle tokenizer decode 97 32 259 260", "  dalle tokenizer decode --json < ids.jsonl"})
final class TokenizerDecodeCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private VocabOption vocabulary;

  @Option(names = "--json", description = "Print each text as a JSON string, on one line whatever is in it.")
  private boolean json;

  @Option(names = "--skip-special", description = "Leave special tokens out.")
  private boolean skipSpecial;

  @Parameters(arity = "0..*", paramLabel = "ID", description = "Token ids; without any, those of each line of standard input, as a JSON array or apart.")
  private List<String> ids = List.of();

  private final InputStream input;

  TokenizerDecodeCommand() {
    this(System.in);
  }

  TokenizerDecodeCommand(InputStream input) {
    this.input = input;
  }

  @Override
  public Integer call() throws IOException {
    BpeTokenizer bpe = vocabulary.load();
    if (!ids.isEmpty()) {
      write(bpe, String.join(" ", ids), "");
      return 0;
    }
    try (TextLines lines = new TextLines("standard input", input, false)) {
      for (Optional<String> line = lines.next(); line.isPresent(); line = lines.next()) {
        write(bpe, line.get(), "standard input, line " + lines.number() + ": ");
      }
    }
    return 0;
  }

  private void write(BpeTokenizer bpe, String line, String where) {
    String text;
    int[] tokens = numbers(bpe, line, where);
    try {
      text = bpe.decode(tokens, skipSpecial);
    } catch (IllegalArgumentException e) {
      throw new CommandException(where + e.getMessage(), e);
    }
    spec.commandLine().getOut().println(json ? JsonText.line(text) : text);
  }

  private static int[] numbers(BpeTokenizer bpe, String line, String where) {
    String bare = line.strip();
    if (bare.startsWith("[") && bare.endsWith("]")) {
      bare = bare.substring(1, bare.length() - 1).strip();
    }
    String[] words = bare.isEmpty() ? new String[0] : bare.split("\\s*,\\s*|\\s+");
    int[] numbers = new int[words.length];
    for (int i = 0; i < words.length; i++) {
      int number;
      try {
        number = Integer.parseInt(words[i]);
      } catch (NumberFormatException e) {
        number = -1;
      }
      if (number < 0 || number >= bpe.size()) {
        throw new CommandException(where + "expected token ids from 0 to " + (bpe.size() - 1) + ", got '" + words[i] + "'");
      }
      numbers[i] = number;
    }
    return numbers;
  }
}
