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
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code dalle tokenizer decode}: token ids to texts. */
@Command(
    name = "decode",
    description = "Turn token ids into text: those of the command line into one, those of each line of standard input into one.",
    footer = {"", "Example:", "  dalle tokenizer decode 97 32 259 260"})
final class TokenizerDecodeCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private TokenizerOption tokenizer;
  @Mixin private JsonOption json;

  @Parameters(arity = "0..*", paramLabel = "ID", description = "Token ids; without any, those of each line of standard input.")
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
    BpeTokenizer bpe = tokenizer.load();
    PrintWriter out = spec.commandLine().getOut();
    List<Map<String, Object>> values = new ArrayList<>();
    List<String> lines = TextInput.of(ids.isEmpty() ? List.of() : List.of(String.join(" ", ids)), input);
    for (int i = 0; i < lines.size(); i++) {
      int[] tokens = numbers(bpe, lines.get(i), ids.isEmpty() ? "line " + (i + 1) + ": " : "");
      String text = bpe.decode(tokens);
      if (json.json()) {
        Map<String, Object> value = new LinkedHashMap<>();
        value.put("text", text);
        value.put("ids", tokens);
        value.put("tokens", Arrays.stream(tokens).mapToObj(bpe::tokenText).toList());
        values.add(value);
      } else {
        out.println(text);
      }
    }
    if (json.json()) {
      out.println(JsonText.of(values));
    }
    return 0;
  }

  private static int[] numbers(BpeTokenizer bpe, String line, String where) {
    String[] words = line.isBlank() ? new String[0] : line.strip().split("[\\s,]+");
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
