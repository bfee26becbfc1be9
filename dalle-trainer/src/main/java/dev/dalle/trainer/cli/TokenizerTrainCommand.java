package dev.dalle.trainer.cli;

import dev.dalle.tokenizer.BpeTokenizer;
import dev.dalle.tokenizer.BpeTrainer;
import dev.dalle.trainer.data.CaptionedPictures;
import dev.dalle.trainer.data.DataSets;
import dev.dalle.trainer.run.DataConfig;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code dalle tokenizer train}: learns a vocabulary from captions. */
@Command(
    name = "train",
    description = "Learn a vocabulary from the training captions of a data set, or from a text file.",
    footer = {
      "",
      "Examples:",
      "  dalle tokenizer train --vocabulary 2048 --out emoji.bpe",
      "  dalle tokenizer train --text captions.txt --out captions.bpe"
    })
final class TokenizerTrainCommand implements Callable<Integer> {
  /** Side at which the demo renders drawings too, so that they are rendered once. */
  private static final int SIDE = 64;

  @Spec private CommandSpec spec;
  @Mixin private DataOptions data;
  @Mixin private ThreadsOption threads;
  @Mixin private JsonOption json;

  @Option(names = "--text", paramLabel = "FILE", description = "A text file in UTF-8 with one caption a line, in place of --data.")
  private Path text;

  @Option(
      names = "--vocabulary",
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

  @Option(names = "--out", paramLabel = "FILE", required = true, description = "Where the vocabulary goes.")
  private Path out;

  @Override
  public Integer call() throws IOException {
    if (text != null && data.given()) {
      throw new ParameterException(spec.commandLine(), "--text: expected either a text file or a data set, got both");
    }
    BpeTrainer trainer = trainer();
    BpeTokenizer tokenizer = trainer.train(text != null ? lines() : captions());
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
      return new BpeTrainer(vocabulary, minFrequency);
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

  private List<String> lines() throws IOException {
    List<String> lines;
    try {
      lines = Files.readAllLines(text);
    } catch (CharacterCodingException e) {
      throw new CommandException("--text: " + text + " is not text in UTF-8; save it as UTF-8", e);
    } catch (NoSuchFileException e) {
      throw new CommandException("--text: no such file: " + text, e);
    }
    List<String> captions = lines.stream().filter(line -> !line.isBlank()).toList();
    if (captions.isEmpty()) {
      throw new CommandException("--text: " + text + " holds no caption; expected one a line");
    }
    return captions;
  }
}
