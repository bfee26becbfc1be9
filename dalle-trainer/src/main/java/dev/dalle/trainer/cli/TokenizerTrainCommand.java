package dev.dalle.trainer.cli;

import dev.dalle.tokenizer.BpeTokenizer;
import dev.dalle.tokenizer.BpeTrainer;
import dev.dalle.tokenizer.SplitRule;
import dev.dalle.trainer.data.CaptionedPictures;
import dev.dalle.trainer.data.DataSets;
import dev.dalle.trainer.run.DataConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code dalle tokenizer train}: learns a vocabulary from captions. */
@Command(
    name = "train",
    description = "Learn a vocabulary from the training captions of a data set, or from text files.",
    footer = {
      "",
      "Examples:",
      "  dalle tokenizer train --vocab-size 2048 --out emoji.bpe",
      "  dalle tokenizer train captions.txt --out captions.bpe",
      "  dalle tokenizer train *.txt --split gpt2 --special '<|endoftext|>' --vocab-size 32768 --out text.bpe"
    })
final class TokenizerTrainCommand implements Callable<Integer> {
  /** Side at which the demo renders drawings too, so that they are rendered once. */
  private static final int SIDE = 64;

  @Spec private CommandSpec spec;
  @Mixin private DataOptions data;
  @Mixin private ThreadsOption threads;
  @Mixin private JsonOption json;

  @Parameters(arity = "0..*", paramLabel = "FILE", description = "Text files in UTF-8 with one caption a line, in place of --data.")
  private List<Path> files = List.of();

  @Option(
      names = "--vocab-size",
      paramLabel = "N",
      defaultValue = "16384",
      description = "Tokens wanted, 256 or more (default ${DEFAULT-VALUE}, as in the paper); the captions may not hold enough pairs for all.")
  private int vocabulary;

  @Option(
      names = "--min-frequency",
      paramLabel = "N",
      defaultValue = "2",
      description = "Smallest count at which a pair is still merged (default ${DEFAULT-VALUE}).")
  private long minFrequency;

  @Option(
      names = "--split",
      paramLabel = "RULE",
      description = "How captions are cut: lowercase-az (default, the paper's), gpt2, cl100k, o200k or clip.")
  private Optional<String> split = Optional.empty();

  @Option(names = "--pattern", paramLabel = "REGEX", description = "Cut by a regular expression of one's own: its matches and what is between them.")
  private Optional<String> pattern = Optional.empty();

  @Option(names = "--special", paramLabel = "TOKEN", description = "A special token, such as '<|endoftext|>'; may be given several times.")
  private List<String> special = List.of();

  @Option(names = "--out", paramLabel = "FILE", required = true, description = "Where the vocabulary goes.")
  private Path out;

  @Override
  public Integer call() throws IOException {
    if (!files.isEmpty() && data.given()) {
      throw new ParameterException(spec.commandLine(), "--data: expected either text files or a data set, got both");
    }
    BpeTrainer trainer = trainer();
    BpeTokenizer tokenizer = files.isEmpty() ? trainer.train(captions()) : train(trainer);
    Path folder = out.toAbsolutePath().getParent();
    if (folder != null) {
      Files.createDirectories(folder);
    }
    tokenizer.save(out);
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("file", out.toString());
    result.put("tokens", tokenizer.size());
    result.put("wanted", vocabulary);
    String fewer = tokenizer.size() < vocabulary ? " of " + vocabulary + " wanted: no further pair occurs " + minFrequency + " times" : "";
    spec.commandLine().getOut().println(json.json() ? JsonText.of(result) : out + ": " + tokenizer.size() + " tokens" + fewer);
    return 0;
  }

  private BpeTrainer trainer() {
    try {
      return new BpeTrainer(rule(), vocabulary, minFrequency, special);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage());
    }
  }

  private List<String> captions() {
    DataConfig config = data.over(DataConfig.emoji());
    try (CaptionedPictures pictures = DataSets.open(config, SIDE, threads.orAllProcessors(), Terminal.progress())) {
      return Arrays.stream(pictures.split().training()).mapToObj(index -> pictures.example(index).caption()).toList();
    }
  }

  private SplitRule rule() {
    if (split.isPresent() && pattern.isPresent()) {
      throw new ParameterException(spec.commandLine(), "--pattern: expected either a rule or a regular expression, got both");
    }
    return pattern.map(SplitRule::regex).orElseGet(() -> split.map(SplitRule::named).orElseGet(SplitRule::paper));
  }

  /** Reads the files one after another, a line at a time. */
  private BpeTokenizer train(BpeTrainer trainer) throws IOException {
    for (Path file : files) {
      if (!Files.exists(file)) {
        throw new CommandException("no such file: " + file);
      }
    }
    try (CaptionFiles captions = new CaptionFiles(files)) {
      BpeTokenizer tokenizer = trainer.train(captions);
      if (captions.count() == 0) {
        throw new CommandException(files.getFirst() + " holds no caption; expected one a line");
      }
      return tokenizer;
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }
}
