package dev.dalle.trainer.cli;

import dev.dalle.tokenizer.BpeTokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
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
    description = "Turn texts into token ids, one line a text.",
    footer = {"", "Examples:", "  dalle tokenizer encode \"a noto emoji of a red heart\"", "  dalle tokenizer encode --dropout 0.1 --seed 7 < captions.txt"})
final class TokenizerEncodeCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private TokenizerOption tokenizer;
  @Mixin private SeedOption seed;
  @Mixin private JsonOption json;

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
    BpeTokenizer bpe = tokenizer.load();
    PrintWriter out = spec.commandLine().getOut();
    List<Map<String, Object>> values = new ArrayList<>();
    long number = 0;
    for (String text : TextInput.of(texts, input)) {
      int[] ids = bpe.encode(text, dropout, seed.orDefault() + number++);
      if (json.json()) {
        Map<String, Object> value = new LinkedHashMap<>();
        value.put("text", text);
        value.put("ids", ids);
        value.put("tokens", Arrays.stream(ids).mapToObj(bpe::tokenText).toList());
        values.add(value);
      } else {
        out.println(Arrays.stream(ids).mapToObj(Integer::toString).collect(Collectors.joining(" ")));
      }
    }
    if (json.json()) {
      out.println(JsonText.of(values));
    }
    return 0;
  }
}
