package dev.dalle.trainer.cli;

import dev.dalle.tokenizer.BpeTokenizer;
import dev.dalle.tokenizer.SplitRule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code --vocab}: a vocabulary of any format. */
final class VocabOption {
  static final Path DEFAULT = Path.of("runs", "demo", "tokenizer.bpe");

  @Spec(Spec.Target.MIXEE)
  private CommandSpec mixee;

  @Option(
      names = "--vocab",
      paramLabel = "FILE",
      description = "The vocabulary: a file of dalle tokenizer train, a tokenizer.json, CLIP's merge list, a rank file of tiktoken, or a folder with vocab.json"
          + " and merges.txt (default runs/demo/tokenizer.bpe).")
  private Path file;

  @Option(
      names = "--split",
      paramLabel = "RULE",
      description = "How text is cut, for a rank file of tiktoken with an unknown name: gpt2, cl100k or o200k.")
  private Optional<String> split = Optional.empty();

  /**
   * The vocabulary.
   *
   * @throws CommandException if there is none
   * @throws IOException if the file is damaged or cannot be read; the message names it
   */
  BpeTokenizer load() throws IOException {
    Path chosen = file == null ? DEFAULT : file;
    if (split.isEmpty()) {
      return load(chosen);
    }
    checkExists(chosen);
    return BpeTokenizer.loadTiktoken(chosen, rule(split.get()), List.of());
  }

  private SplitRule rule(String name) {
    try {
      return SplitRule.named(name);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(mixee.commandLine(), "--split: " + e.getMessage(), e);
    }
  }

  static BpeTokenizer load(Path file) throws IOException {
    checkExists(file);
    return BpeTokenizer.load(file);
  }

  static void checkExists(Path file) {
    if (!Files.exists(file)) {
      throw new CommandException("no vocabulary at " + file + ": name one with --vocab FILE, or make one with dalle tokenizer train or dalle demo");
    }
  }
}
