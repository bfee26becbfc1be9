package dev.dalle.tokenizer.internal.files;

import dev.dalle.tokenizer.AddedToken;
import dev.dalle.tokenizer.internal.spec.DecoderSpec;
import dev.dalle.tokenizer.internal.spec.ModelSpec;
import dev.dalle.tokenizer.internal.spec.NormalizerSpec;
import dev.dalle.tokenizer.internal.spec.PatternSpec;
import dev.dalle.tokenizer.internal.spec.SplitSpec;
import dev.dalle.tokenizer.internal.spec.TemplateSpec;
import dev.dalle.tokenizer.internal.spec.TokenizerSpec;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.OptionalInt;
import java.util.zip.GZIPInputStream;

/**
 * CLIP's merge list: gzip, a first line that names the version, then merges, of which the first 48,894 count. The vocabulary is not in the file: the bytes in
 * the order of GPT-2's alphabet, the same at the end of a word, what the merges make, and two markers.
 */
public final class ClipFile {
  /** Merges that count: 49,152 tokens less the bytes twice, less two markers. */
  private static final int MERGES = 49152 - 256 - 2;
  static final String SUFFIX = "</w>";
  static final String START = "<|startoftext|>";
  static final String END = "<|endoftext|>";
  private static final int MAX_TEXT_BYTES = 1 << 26;

  private ClipFile() {}

  /**
   * Reads.
   *
   * @param normalizers what CLIP does to a text before
   * @param splits and how it is cut
   * @throws FormatProblem if it is no such file
   */
  public static TokenizerSpec read(byte[] file, List<NormalizerSpec> normalizers, List<SplitSpec> splits) throws FormatProblem {
    String[] lines = Utf8.decode(unzip(file)).split("\n", -1);
    TokenReader tokens = new TokenReader(true);
    long next = 0;
    for (String suffix : new String[] {"", SUFFIX}) {
      for (int value : order()) {
        tokens.add(ByteAlphabet.write(new byte[] {(byte) value}) + suffix, next++, SUFFIX);
      }
    }
    int count = Math.min(MERGES, lines.length - 1);
    for (int i = 1; i <= count && !(i == lines.length - 1 && lines[i].isEmpty()); i++) {
      String[] parts = lines[i].split(" ", -1);
      if (parts.length != 2 || parts[0].isEmpty() || parts[1].isEmpty()) {
        throw new FormatProblem("line " + (i + 1) + ": expected two tokens with a space between them, got \"" + TokenReader.shown(lines[i]) + "\"");
      }
      String joined = parts[0] + parts[1];
      if (tokens.id(joined) >= 0) {
        throw new FormatProblem("line " + (i + 1) + ": the merge makes \"" + TokenReader.shown(joined) + "\", which is token " + tokens.id(joined)
            + " already");
      }
      tokens.add(joined, next++, SUFFIX);
    }
    MergeReader merges = new MergeReader(tokens, "");
    for (int i = 1; i <= next - 512; i++) {
      Gpt2Files.addLine(merges, lines[i], "line " + (i + 1));
    }
    return spec(merges, (int) next, (int) next + 1, normalizers, splits);
  }

  /** The tokenizer around a model whose tokens are known. */
  static TokenizerSpec spec(MergeReader merges, int startId, int endId, List<NormalizerSpec> normalizers, List<SplitSpec> splits) {
    AddedToken start = AddedToken.special(START, startId);
    AddedToken end = AddedToken.special(END, endId);
    ModelSpec.Merges model = merges.model(true, OptionalInt.empty(), SUFFIX, false, false, false);
    return new TokenizerSpec(normalizers, splits, model, List.of(start, end), new TemplateSpec(List.of(start.id()), List.of(end.id())),
        List.of(new DecoderSpec.Bytes(), new DecoderSpec.Replace(new PatternSpec(SUFFIX, false), " "), new DecoderSpec.Strip(" ", 0, 1)));
  }

  /** Bytes in the order in which GPT-2's code lists them: printable ones first. */
  private static int[] order() {
    int[] order = new int[256];
    int n = 0;
    for (boolean visible : new boolean[] {true, false}) {
      for (int value = 0; value < 256; value++) {
        if (visible == (ByteAlphabet.write(new byte[] {(byte) value}).charAt(0) == value)) {
          order[n++] = value;
        }
      }
    }
    return order;
  }

  private static byte[] unzip(byte[] file) throws FormatProblem {
    try (InputStream in = new GZIPInputStream(new ByteArrayInputStream(file))) {
      byte[] text = in.readNBytes(MAX_TEXT_BYTES + 1);
      if (text.length > MAX_TEXT_BYTES) {
        throw new FormatProblem("unpacked it has more than " + MAX_TEXT_BYTES + " bytes; it is no merge list");
      }
      return text;
    } catch (EOFException e) {
      throw new FormatProblem("the gzip file ends too early; it is truncated");
    } catch (IOException e) {
      throw new FormatProblem("the gzip file cannot be unpacked: " + e.getMessage());
    }
  }
}
