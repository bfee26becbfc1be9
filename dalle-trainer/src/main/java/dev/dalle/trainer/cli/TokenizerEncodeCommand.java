package dev.dalle.trainer.cli;

import dev.dalle.tokenizer.BpeTokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code dalle tokenizer encode}: texts to token ids. */
@Command(
    name = "encode",
    description = "Turn texts into token ids: one JSON array a text, one line each.",
    footer = {
      "",
      "Examples:",
      "  dalle tokenizer encode \"a noto emoji of a red heart\"",
      "  dalle tokenizer encode --vocab tokenizer.json < captions.txt > ids.jsonl",
      "  dalle tokenizer encode --dropout 0.1 --seed 7 < captions.txt"
    })
final class TokenizerEncodeCommand implements Callable<Integer> {
  /** Texts that are held at a time. */
  private static final int BATCH = 4096;

  @Spec private CommandSpec spec;
  @Mixin private VocabOption vocabulary;
  @Mixin private SeedOption seed;
  @Mixin private ThreadsOption threads;

  @Option(names = "--json", description = "Each line of standard input is a JSON string, so that a text may have line breaks.")
  private boolean json;

  @Option(names = "--tokens", description = "Print the tokens' texts in place of their ids.")
  private boolean tokens;

  @Option(
      names = "--dropout",
      paramLabel = "RATE",
      defaultValue = "0",
      description = "Probability, 0 to 1, with which each merge is left out, as in training (default 0). Text i uses seed + i.")
  private double dropout;

  @Parameters(arity = "0..*", paramLabel = "TEXT", description = "Texts; without any, each line of standard input is one.")
  private List<String> texts = List.of();

  private final InputStream input;

  TokenizerEncodeCommand() {
    this(System.in);
  }

  TokenizerEncodeCommand(InputStream input) {
    this.input = input;
  }

  @Override
  public Integer call() throws IOException {
    if (!(dropout >= 0 && dropout <= 1)) {
      throw new ParameterException(spec.commandLine(), "--dropout: expected a probability from 0 to 1, got " + dropout);
    }
    BpeTokenizer bpe = vocabulary.load();
    if (!texts.isEmpty()) {
      write(bpe, texts, 0);
      return 0;
    }
    try (TextLines lines = new TextLines("standard input", input, json)) {
      List<String> batch = new ArrayList<>();
      long done = 0;
      for (Optional<String> line = next(lines, bpe, batch, done); line.isPresent(); line = next(lines, bpe, batch, done)) {
        batch.add(line.get());
        if (batch.size() == BATCH) {
          write(bpe, batch, done);
          done += batch.size();
          batch.clear();
        }
      }
      write(bpe, batch, done);
    }
    return 0;
  }

  /** The next line; what was read before a bad one is written all the same. */
  private Optional<String> next(TextLines lines, BpeTokenizer bpe, List<String> batch, long done) throws IOException {
    try {
      return lines.next();
    } catch (CommandException e) {
      write(bpe, batch, done);
      throw e;
    }
  }

  private void write(BpeTokenizer bpe, List<String> batch, long first) {
    PrintWriter out = spec.commandLine().getOut();
    for (int[] ids : bpe.encodeAll(batch, dropout, seed.orDefault() + first, threads.orAllProcessors())) {
      out.println(tokens ? JsonText.line(Arrays.stream(ids).mapToObj(bpe::tokenText).toList()) : JsonText.line(ids));
    }
  }
}
