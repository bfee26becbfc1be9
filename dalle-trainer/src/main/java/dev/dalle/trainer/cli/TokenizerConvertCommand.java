package dev.dalle.trainer.cli;

import dev.dalle.tokenizer.BpeTokenizer;
import dev.dalle.tokenizer.TokenizerFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code dalle tokenizer convert}: a vocabulary from one format to another. */
@Command(
    name = "convert",
    description = {"Write a vocabulary in another format.",
        "Without --format the name decides: NAME.json is a tokenizer.json, NAME.tiktoken a rank file, NAME.bpe this program's own; another name is a folder with"
            + " vocab.json and merges.txt."},
    footer = {"", "Examples:", "  dalle tokenizer convert captions.bpe tokenizer.json", "  dalle tokenizer convert tokenizer.json gpt2-folder"})
final class TokenizerConvertCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(index = "0", paramLabel = "IN", description = "A vocabulary of any format.")
  private Path in;

  @Parameters(index = "1", paramLabel = "OUT", description = "The file or folder to be written.")
  private Path out;

  @Option(names = "--format", paramLabel = "FORMAT", description = "One of ${COMPLETION-CANDIDATES}.")
  private Optional<TokenizerFormat> format = Optional.empty();

  @Override
  public Integer call() throws IOException {
    BpeTokenizer tokenizer = VocabOption.load(in);
    Path folder = out.toAbsolutePath().getParent();
    if (folder != null) {
      Files.createDirectories(folder);
    }
    TokenizerFormat chosen = format.orElseGet(this::formatOfName);
    try {
      tokenizer.save(out, chosen);
    } catch (IllegalArgumentException e) {
      throw new CommandException(in + ": " + e.getMessage(), e);
    }
    spec.commandLine().getOut().println(out + ": " + tokenizer.size() + " tokens, format " + chosen);
    return 0;
  }

  private TokenizerFormat formatOfName() {
    String name = out.getFileName().toString();
    return name.endsWith(".json") ? TokenizerFormat.HUGGING_FACE
        : name.endsWith(".tiktoken") ? TokenizerFormat.TIKTOKEN : name.endsWith(".bpe") ? TokenizerFormat.DALLE : TokenizerFormat.GPT2;
  }
}
