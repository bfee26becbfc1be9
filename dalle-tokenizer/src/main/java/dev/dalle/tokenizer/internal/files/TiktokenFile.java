package dev.dalle.tokenizer.internal.files;

import dev.dalle.tokenizer.AddedToken;
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
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/** tiktoken's rank files: one token a line, its bytes in Base64, a space, and its rank, which is its id. The split rule is not in the file. */
public final class TiktokenFile {
  private TiktokenFile() {}

  /** Whether the first line looks like one of such a file. */
  public static boolean looksLike(byte[] file) {
    int end = 0;
    while (end < file.length && file[end] != '\n' && end < 8192) {
      end++;
    }
    String line = new String(file, 0, end, StandardCharsets.ISO_8859_1).strip();
    return line.matches("[A-Za-z0-9+/]+={0,2} [0-9]{1,9}");
  }

  /**
   * Reads.
   *
   * @param special markers, with ids that no token has
   * @throws FormatProblem if it is no such file; the message names the line
   */
  public static TokenizerSpec read(byte[] file, List<NormalizerSpec> normalizers, List<SplitSpec> splits, List<AddedToken> special) throws FormatProblem {
    List<byte[]> tokens = new ArrayList<>();
    String[] lines = Utf8.decode(file).split("\n", -1);
    for (int i = 0; i < lines.length; i++) {
      String line = lines[i].endsWith("\r") ? lines[i].substring(0, lines[i].length() - 1) : lines[i];
      if (line.isEmpty()) {
        continue;
      }
      int space = line.indexOf(' ');
      String rank = line.substring(space + 1);
      if (space < 1 || !Decimals.isNumber(rank, 9) || Integer.parseInt(rank) >= Limits.TOKENS) {
        throw new FormatProblem("line " + (i + 1) + ": expected a token in Base64, a space and its rank, got \"" + TokenReader.shown(line) + "\"");
      }
      int id = Integer.parseInt(rank);
      while (tokens.size() <= id) {
        tokens.add(null);
      }
      if (tokens.get(id) != null) {
        throw new FormatProblem("line " + (i + 1) + ": the rank " + id + " stands there a second time");
      }
      tokens.set(id, bytes(line.substring(0, space), i + 1));
    }
    if (tokens.isEmpty()) {
      throw new FormatProblem("expected a line a token, and the file is empty");
    }
    TokenList list = new TokenList(tokens);
    for (AddedToken token : special) {
      if (token.id() < list.size() && list.has(token.id())) {
        throw new FormatProblem("the special token \"" + token.content() + "\" has id " + token.id() + ", which a token of the file has too");
      }
    }
    return new TokenizerSpec(normalizers, splits, new ModelSpec.Ranks(list), special, TemplateSpec.NONE, List.of(new DecoderSpec.Bytes()));
  }

  private static byte[] bytes(String base64, int line) throws FormatProblem {
    try {
      byte[] bytes = Base64.getDecoder().decode(base64);
      if (bytes.length == 0 || bytes.length > Limits.TOKEN_BYTES) {
        throw new FormatProblem("line " + line + ": a token has " + bytes.length + " bytes; expected 1 to " + Limits.TOKEN_BYTES);
      }
      return bytes;
    } catch (IllegalArgumentException e) {
      throw new FormatProblem("line " + line + ": \"" + TokenReader.shown(base64) + "\" is no Base64");
    }
  }

  /** The same tokens as ranks; nothing unless ranks give the same tokens as the merges for every text. */
  public static Optional<ModelSpec.Ranks> ranks(ModelSpec.Merges model) {
    if (!model.byteLevel() || !model.suffix().isEmpty() || !model.prefix().isEmpty() || model.ignoreMerges()) {
      return Optional.empty();
    }
    // Each token but the bytes is made by one merge, in the order of their ids; then a pair that makes a token is that token's merge or never stands there.
    for (int rank = 1; rank < model.result().length; rank++) {
      if (model.result()[rank] <= model.result()[rank - 1]) {
        return Optional.empty();
      }
    }
    ModelSpec.Ranks ranks = new ModelSpec.Ranks(model.tokens());
    ModelSpec.Merges again = RankMerges.of(ranks);
    boolean same = Arrays.equals(again.left(), model.left()) && Arrays.equals(again.right(), model.right())
        && Arrays.equals(again.result(), model.result());
    return same ? Optional.of(ranks) : Optional.empty();
  }

  /** The file of a vocabulary. */
  public static byte[] write(ModelSpec.Ranks model) {
    StringBuilder text = new StringBuilder();
    for (int id = 0; id < model.tokens().size(); id++) {
      if (model.tokens().has(id)) {
        text.append(Base64.getEncoder().encodeToString(model.tokens().bytes(id))).append(' ').append(id).append('\n');
      }
    }
    return text.toString().getBytes(StandardCharsets.US_ASCII);
  }
}
