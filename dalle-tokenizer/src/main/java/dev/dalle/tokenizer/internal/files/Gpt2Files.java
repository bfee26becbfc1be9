package dev.dalle.tokenizer.internal.files;

import dev.dalle.tokenizer.AddedToken;
import dev.dalle.tokenizer.internal.json.JsonException;
import dev.dalle.tokenizer.internal.json.JsonParser;
import dev.dalle.tokenizer.internal.json.JsonText;
import dev.dalle.tokenizer.internal.json.JsonValue;
import dev.dalle.tokenizer.internal.spec.DecoderSpec;
import dev.dalle.tokenizer.internal.spec.ModelSpec;
import dev.dalle.tokenizer.internal.spec.SplitSpec;
import dev.dalle.tokenizer.internal.spec.TemplateSpec;
import dev.dalle.tokenizer.internal.spec.TokenList;
import dev.dalle.tokenizer.internal.spec.TokenizerSpec;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/** GPT-2's pair of files: {@code vocab.json} from token to id, and {@code merges.txt} with one merge a line. */
public final class Gpt2Files {
  private static final String END_OF_TEXT = "<|endoftext|>";

  private Gpt2Files() {}

  /**
   * Reads.
   *
   * @param vocabulary content of vocab.json
   * @param merges content of merges.txt
   * @throws FormatProblem if they are no such files or do not fit each other; the message names the file and the line
   */
  public static TokenizerSpec read(byte[] vocabulary, byte[] merges) throws FormatProblem {
    TokenReader tokens = new TokenReader(true);
    try {
      if (!(JsonParser.parse(Utf8.decode(vocabulary)) instanceof JsonValue.JsonObject object)) {
        throw new FormatProblem("expected an object from token to id");
      }
      tokens.addAll(object, "");
    } catch (JsonException | FormatProblem e) {
      throw new FormatProblem("vocab.json: " + e.getMessage());
    }
    MergeReader reader = new MergeReader(tokens, "");
    String[] lines = Utf8.decode(merges).split("\n", -1);
    for (int i = 0; i < lines.length; i++) {
      String line = lines[i].endsWith("\r") ? lines[i].substring(0, lines[i].length() - 1) : lines[i];
      // The first line may name the version.
      if (line.isEmpty() || i == 0 && line.startsWith("#version")) {
        continue;
      }
      addLine(reader, line, "merges.txt: line " + (i + 1));
    }
    ModelSpec.Merges model = reader.model(true, OptionalInt.empty(), "", false, false, false);
    List<AddedToken> added = new ArrayList<>();
    if (tokens.id(END_OF_TEXT) >= 0) {
      added.add(AddedToken.special(END_OF_TEXT, tokens.id(END_OF_TEXT)));
    }
    return new TokenizerSpec(List.of(), List.of(new SplitSpec.Gpt2()), model, added, TemplateSpec.NONE, List.of(new DecoderSpec.Bytes()));
  }

  static void addLine(MergeReader reader, String line, String where) throws FormatProblem {
    int space = line.indexOf(' ');
    if (space <= 0 || space == line.length() - 1 || line.indexOf(' ', space + 1) >= 0) {
      throw new FormatProblem(where + ": expected two tokens with a space between them, got \"" + TokenReader.shown(line) + "\"");
    }
    reader.add(line.substring(0, space), line.substring(space + 1), where);
  }

  /** The content of vocab.json: all tokens, added ones included. */
  public static byte[] vocabulary(TokenizerSpec spec) {
    Map<String, JsonValue> vocabulary = new LinkedHashMap<>();
    TokenList tokens = spec.model().tokens();
    for (int id = 0; id < tokens.size(); id++) {
      if (tokens.has(id)) {
        vocabulary.put(ByteAlphabet.write(tokens.bytes(id)), new JsonValue.JsonNumber(Integer.toString(id)));
      }
    }
    for (AddedToken token : spec.added()) {
      vocabulary.put(token.content(), new JsonValue.JsonNumber(Integer.toString(token.id())));
    }
    return JsonText.of(new JsonValue.JsonObject(vocabulary)).getBytes(StandardCharsets.UTF_8);
  }

  /** The content of merges.txt. */
  public static byte[] merges(ModelSpec.Merges model) {
    StringBuilder text = new StringBuilder("#version: 0.2\n");
    for (int rank = 0; rank < model.left().length; rank++) {
      text.append(ByteAlphabet.write(model.tokens().bytes(model.left()[rank]))).append(' ')
          .append(ByteAlphabet.write(model.tokens().bytes(model.right()[rank]))).append('\n');
    }
    return text.toString().getBytes(StandardCharsets.UTF_8);
  }
}
