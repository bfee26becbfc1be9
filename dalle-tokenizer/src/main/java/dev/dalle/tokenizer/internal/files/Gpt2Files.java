package dev.dalle.tokenizer.internal.files;

import dev.dalle.tokenizer.AddedToken;
import dev.dalle.tokenizer.internal.json.JsonException;
import dev.dalle.tokenizer.internal.json.JsonParser;
import dev.dalle.tokenizer.internal.json.JsonText;
import dev.dalle.tokenizer.internal.json.JsonValue;
import dev.dalle.tokenizer.internal.spec.DecoderSpec;
import dev.dalle.tokenizer.internal.spec.ModelSpec;
import dev.dalle.tokenizer.internal.spec.NormalizerSpec;
import dev.dalle.tokenizer.internal.spec.SplitSpec;
import dev.dalle.tokenizer.internal.spec.TemplateSpec;
import dev.dalle.tokenizer.internal.spec.TokenList;
import dev.dalle.tokenizer.internal.spec.TokenizerSpec;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * GPT-2's pair of files: {@code vocab.json} from token to id, and {@code merges.txt} with one merge a line. Its authors call them {@code encoder.json} and
 * {@code vocab.bpe}. CLIP's vocabulary is published in such a pair too; its merges mark ends of words.
 */
public final class Gpt2Files {
  private static final String END_OF_TEXT = "<|endoftext|>";

  private final String vocabularyName;
  private final String mergesName;

  /** Files of given names, for messages. */
  public Gpt2Files(String vocabularyName, String mergesName) {
    this.vocabularyName = vocabularyName;
    this.mergesName = mergesName;
  }

  /**
   * Reads.
   *
   * @param vocabulary content of vocab.json
   * @param merges content of merges.txt
   * @param clipNormalizers what CLIP does to a text before
   * @param clipSplits and how it is cut
   * @throws FormatProblem if they are no such files or do not fit each other; the message names the file and the line
   */
  public TokenizerSpec read(byte[] vocabulary, byte[] merges, List<NormalizerSpec> clipNormalizers, List<SplitSpec> clipSplits) throws FormatProblem {
    String[] lines = Utf8.decode(merges).split("\r?\n", -1);
    boolean marksEnds = Arrays.stream(lines).anyMatch(line -> line.endsWith(ClipFile.SUFFIX));
    TokenReader tokens = new TokenReader(true);
    try {
      if (!(JsonParser.parse(Utf8.decode(vocabulary)) instanceof JsonValue.JsonObject object)) {
        throw new FormatProblem("expected an object from token to id");
      }
      tokens.addAll(object, marksEnds ? ClipFile.SUFFIX : "");
    } catch (JsonException | FormatProblem e) {
      throw new FormatProblem(vocabularyName + ": " + e.getMessage());
    }
    MergeReader reader = new MergeReader(tokens, "");
    for (int i = 0; i < lines.length; i++) {
      // The first line may name the version.
      if (!lines[i].isEmpty() && !(i == 0 && lines[i].startsWith("#version"))) {
        addLine(reader, lines[i], mergesName + ": line " + (i + 1));
      }
    }
    if (marksEnds) {
      return clip(tokens, reader, clipNormalizers, clipSplits);
    }
    ModelSpec.Merges model = reader.model(true, OptionalInt.empty(), "", false, false, false);
    List<AddedToken> added = new ArrayList<>();
    if (tokens.id(END_OF_TEXT) >= 0) {
      added.add(AddedToken.special(END_OF_TEXT, tokens.id(END_OF_TEXT)));
    }
    return new TokenizerSpec(List.of(), List.of(new SplitSpec.Gpt2()), model, added, TemplateSpec.NONE, List.of(new DecoderSpec.Bytes()));
  }

  private TokenizerSpec clip(TokenReader tokens, MergeReader merges, List<NormalizerSpec> normalizers, List<SplitSpec> splits) throws FormatProblem {
    int start = tokens.id(ClipFile.START);
    int end = tokens.id(ClipFile.END);
    if (start < 0 || end < 0) {
      throw new FormatProblem(mergesName + ": its merges mark ends of words by " + ClipFile.SUFFIX + ", as CLIP's do, but " + vocabularyName + " lacks CLIP's markers "
          + ClipFile.START + " and " + ClipFile.END + "; the rules that go with other such files are not in them: load the tokenizer.json");
    }
    return ClipFile.spec(merges, start, end, normalizers, splits);
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
        vocabulary.put(tokens.isLiteral(id) ? tokens.text(id) : ByteAlphabet.write(tokens.bytes(id)), new JsonValue.JsonNumber(Integer.toString(id)));
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
