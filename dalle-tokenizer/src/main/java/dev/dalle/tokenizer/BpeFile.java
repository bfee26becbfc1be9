package dev.dalle.tokenizer;

import static dev.dalle.tokenizer.BpeTokenizer.BYTE_TOKENS;
import static dev.dalle.tokenizer.BpeTokenizer.MAX_SIZE;

import dev.dalle.tokenizer.internal.files.Decimals;
import dev.dalle.tokenizer.internal.json.JsonException;
import dev.dalle.tokenizer.internal.json.JsonParser;
import dev.dalle.tokenizer.internal.json.JsonText;
import dev.dalle.tokenizer.internal.json.JsonValue;
import dev.dalle.tokenizer.internal.spec.ModelSpec;
import dev.dalle.tokenizer.internal.spec.SplitSpec;
import dev.dalle.tokenizer.internal.spec.TokenizerSpec;
import dev.dalle.tokenizer.internal.spec.VocabularyBuilder;
import dev.dalle.tokenizer.internal.split.PaperSplitter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.zip.CRC32C;

/**
 * The vocabulary file, format {@code dalle-bpe}. ASCII lines, each ended by a line feed. Version 1 is for DALL-E's split rule without special tokens:
 *
 * <pre>
 * dalle-bpe 1
 * split lowercase-az
 * merges 2
 * t h
 * th e
 * end 1f2e3d4c
 * </pre>
 *
 * <p>Merges stand in order of rank, each as the texts of its two tokens. Version 2 is for everything else: merges are pairs of ids, the rule may be a regular
 * expression, and special tokens have the ids after the last merge's:
 *
 * <pre>
 * dalle-bpe 2
 * split regex "\\w+|\\s+"
 * special "&lt;|end|&gt;"
 * merges 1
 * 116 104
 * end 1f2e3d4c
 * </pre>
 *
 * <p>The last line carries the CRC-32C of all bytes before it, so that a changed letter is noticed even where the result would still be a vocabulary. Nothing
 * may follow.
 */
final class BpeFile {
  static final String FORMAT = "dalle-bpe";
  static final int VERSION = 2;
  static final int MAX_FILE_BYTES = 1 << 26;
  private static final int MAX_LINE_BYTES = 1 << 16;
  private static final int MAX_SPECIAL_TOKENS = 1 << 16;

  private BpeFile() {}

  static void write(BpeTokenizer tokenizer, Path file) throws IOException {
    TokenizerSpec spec = tokenizer.spec();
    SplitRule rule = ruleOf(tokenizer);
    ModelSpec.Merges model = (ModelSpec.Merges) spec.model();
    boolean first = rule.isPaper() && spec.added().isEmpty();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    writeLine(out, FORMAT + " " + (first ? 1 : 2));
    writeLine(out, "split " + rule.name() + (rule.name().equals("regex") ? " " + JsonText.quoted(expression(rule)) : ""));
    for (AddedToken token : spec.added()) {
      writeLine(out, "special " + JsonText.quoted(token.content()));
    }
    writeLine(out, "merges " + model.left().length);
    for (int rank = 0; rank < model.left().length; rank++) {
      int left = model.left()[rank];
      int right = model.right()[rank];
      writeLine(out, first ? model.tokens().text(left) + " " + model.tokens().text(right) : left + " " + right);
    }
    writeLine(out, "end " + checksum(out.toByteArray(), out.size()));
    if (out.size() > MAX_FILE_BYTES) {
      throw new IOException(file + ": the vocabulary takes " + out.size() + " bytes, and files of at most " + MAX_FILE_BYTES
          + " bytes can be loaded again; train a smaller vocabulary");
    }
    AtomicFile.write(file, ByteBuffer.wrap(out.toByteArray()));
  }

  private static String expression(SplitRule rule) {
    return ((SplitSpec.Split) rule.splits().getFirst()).pattern().text();
  }

  /** The rule under which a tokenizer is one of ours: built again from its merges and special tokens, it is the same. */
  private static SplitRule ruleOf(BpeTokenizer tokenizer) {
    TokenizerSpec spec = tokenizer.spec();
    List<SplitRule> candidates = new ArrayList<>(List.of(SplitRule.paper(), SplitRule.gpt2(), SplitRule.cl100k(), SplitRule.o200k(), SplitRule.clip()));
    if (spec.splits().size() == 1 && spec.splits().getFirst() instanceof SplitSpec.Split split) {
      candidates.add(SplitRule.regex(split.pattern().text()));
    }
    for (SplitRule rule : candidates) {
      if (rule.splits().equals(spec.splits()) && rule.normalizers().equals(spec.normalizers()) && rebuilds(tokenizer, rule)) {
        return rule;
      }
    }
    throw new IllegalArgumentException("this tokenizer cannot be saved in format " + FORMAT + ": its ids, rules or added tokens are not those of a vocabulary"
        + " that was trained here; save it in the format that it came from");
  }

  private static boolean rebuilds(BpeTokenizer tokenizer, SplitRule rule) {
    try {
      VocabularyBuilder builder = BpeTokenizer.builder(rule);
      tokenizer.merges().forEach(merge -> builder.add(merge.left(), merge.right()));
      return BpeTokenizer.of(rule, builder, tokenizer.addedTokens().stream().map(AddedToken::content).toList()).equals(tokenizer);
    } catch (IllegalArgumentException e) {
      // A merge that is none of ours.
      return false;
    }
  }

  /** Whether a file begins like one of this format. */
  static boolean begins(byte[] bytes) {
    byte[] start = (FORMAT + " ").getBytes(StandardCharsets.US_ASCII);
    return bytes.length >= start.length && Arrays.equals(bytes, 0, start.length, start, 0, start.length);
  }

  static BpeTokenizer read(Path file, byte[] bytes) throws IOException {
    if (bytes.length > MAX_FILE_BYTES) {
      throw new BpeFormatException(file, "expected at most " + MAX_FILE_BYTES + " bytes, and the file has more; it is no " + FORMAT + " vocabulary");
    }
    return new Reader(file, bytes).read();
  }

  private static void writeLine(ByteArrayOutputStream out, String line) throws IOException {
    out.write(line.getBytes(StandardCharsets.US_ASCII));
    out.write('\n');
  }

  private static String checksum(byte[] bytes, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, length);
    return HexFormat.of().toHexDigits((int) crc.getValue());
  }

  /** Reads line by line, remembering the line number for the error messages. */
  private static final class Reader {
    private final Path file;
    private final byte[] bytes;
    private int start;
    private int offset;
    private int lineNumber;

    Reader(Path file, byte[] bytes) {
      this.file = file;
      this.bytes = bytes;
    }

    BpeTokenizer read() throws BpeFormatException {
      int version = readVersion();
      SplitRule rule = readRule(version);
      List<String> special = new ArrayList<>();
      String line = readLine("\"merges ...\"");
      while (version == 2 && line.startsWith("special ")) {
        if (special.size() == MAX_SPECIAL_TOKENS) {
          throw problem("there are more than " + MAX_SPECIAL_TOKENS + " special tokens");
        }
        special.add(readQuoted(line.substring("special ".length())));
        line = readLine("\"merges ...\"");
      }
      int mergeCount = mergeCount(line);
      VocabularyBuilder builder = BpeTokenizer.builder(rule);
      for (int rank = 0; rank < mergeCount; rank++) {
        line = readMerge(rank, mergeCount);
        // "end" is a possible token of version 1, so this may only be said where the line is no merge.
        if (line.startsWith("end ") && !(version == 1 && isWord(line.substring("end ".length())))) {
          throw problem("expected merge " + (rank + 1) + " of " + mergeCount + ", got the end line; merges are missing");
        }
        addMerge(builder, line, version);
      }
      int contentLength = offset;
      String expected = "end " + checksum(bytes, contentLength);
      String last = readLine("the end line");
      if (!last.startsWith("end ")) {
        throw problem("expected the end line after " + mergeCount + " merges, got " + quote(last));
      }
      if (!last.equals(expected)) {
        throw problem("expected \"" + expected + "\", got " + quote(last) + "; the file was changed or damaged after it was saved");
      }
      if (offset != bytes.length) {
        throw new BpeFormatException(file, "expected nothing after the end line " + lineNumber + ", got " + (bytes.length - offset) + " more bytes");
      }
      try {
        return BpeTokenizer.of(rule, builder, special);
      } catch (IllegalArgumentException e) {
        throw new BpeFormatException(file, e.getMessage());
      }
    }

    private int readVersion() throws BpeFormatException {
      if (bytes.length == 0) {
        throw new BpeFormatException(file, "expected a " + FORMAT + " vocabulary, and the file is empty");
      }
      if (!begins(bytes)) {
        String start = new String(bytes, 0, Math.min(bytes.length, FORMAT.length() + 1), StandardCharsets.ISO_8859_1);
        throw new BpeFormatException(file, "expected a vocabulary that starts with \"" + FORMAT + " 1\", got " + quote(start)
            + "; is it a file of another program?");
      }
      String version = value(readLine("\"" + FORMAT + " ...\""), FORMAT);
      if (isId(version) && Integer.parseInt(version) > VERSION) {
        throw problem("the file has version " + version + " of " + FORMAT + ", and this program reads version " + VERSION + "; use a newer release");
      }
      if (!isId(version) || version.equals("0")) {
        throw problem("expected version " + VERSION + " of " + FORMAT + ", got " + quote(version));
      }
      return Integer.parseInt(version);
    }

    private SplitRule readRule(int version) throws BpeFormatException {
      String text = value(readLine("\"split ...\""), "split");
      if (version == 1 && !text.equals(SplitRule.paper().name())) {
        throw problem("expected the split rule " + SplitRule.paper().name() + ", got " + quote(text));
      }
      try {
        return text.startsWith("regex ") ? SplitRule.regex(readQuoted(text.substring("regex ".length()))) : SplitRule.named(text);
      } catch (IllegalArgumentException e) {
        throw problem(e.getMessage());
      }
    }

    private String readQuoted(String text) throws BpeFormatException {
      try {
        if (JsonParser.parse(text) instanceof JsonValue.JsonString string && !string.text().isEmpty()) {
          return string.text();
        }
      } catch (JsonException e) {
        // Said below.
      }
      throw problem("expected a text in double quotes, got " + quote(text));
    }

    private int mergeCount(String line) throws BpeFormatException {
      String value = value(line, "merges");
      int max = MAX_SIZE - BYTE_TOKENS;
      if (!isId(value) || Integer.parseInt(value) > max) {
        throw problem("expected a number of merges from 0 to " + max + ", got " + quote(value));
      }
      return Integer.parseInt(value);
    }

    private void addMerge(VocabularyBuilder builder, String line, int version) throws BpeFormatException {
      int space = line.indexOf(' ');
      String left = space < 0 ? "" : line.substring(0, space);
      String right = line.substring(space + 1);
      if (version == 1 ? !isWord(left) || !isWord(right) : !isId(left) || !isId(right)) {
        throw problem("expected two tokens" + (version == 1 ? " of letters a-z" : "' ids") + " with a space between them, got " + quote(line));
      }
      try {
        if (version == 1) {
          builder.add(wordToken(builder, left), wordToken(builder, right));
        } else {
          builder.add(Integer.parseInt(left), Integer.parseInt(right));
        }
      } catch (IllegalArgumentException e) {
        throw problem("bad merge " + quote(line) + ": " + e.getMessage());
      }
    }

    private static int wordToken(VocabularyBuilder builder, String text) {
      OptionalInt id = builder.id(text.getBytes(StandardCharsets.US_ASCII));
      if (id.isEmpty()) {
        throw new IllegalArgumentException("no line above makes the token \"" + text + "\"");
      }
      return id.getAsInt();
    }

    private static boolean isWord(String text) {
      boolean letters = !text.isEmpty();
      for (int i = 0; i < text.length(); i++) {
        letters &= PaperSplitter.isLetter(text.charAt(i));
      }
      return letters;
    }

    private static boolean isId(String text) {
      return Decimals.isNumber(text, 9);
    }

    /** The value of a line {@code key value}. */
    private String value(String line, String key) throws BpeFormatException {
      if (!line.startsWith(key + " ")) {
        throw problem("expected \"" + key + " ...\", got " + quote(line));
      }
      return line.substring(key.length() + 1);
    }

    /** The words for a merge are made only if they are needed. */
    private String readMerge(int rank, int mergeCount) throws BpeFormatException {
      Optional<String> line = nextLine();
      return line.isPresent() ? line.get() : refuseLine("merge " + (rank + 1) + " of " + mergeCount);
    }

    private String readLine(String expected) throws BpeFormatException {
      Optional<String> line = nextLine();
      return line.isPresent() ? line.get() : refuseLine(expected);
    }

    /** The next line, and {@link #offset} after it; nothing if it is no whole line of printable ASCII, and {@link #offset} at what stands in the way. */
    private Optional<String> nextLine() {
      lineNumber++;
      start = offset;
      while (offset < bytes.length && offset - start < MAX_LINE_BYTES && bytes[offset] >= 0x20 && bytes[offset] != 0x7F) {
        offset++;
      }
      if (offset == bytes.length || bytes[offset] != '\n') {
        return Optional.empty();
      }
      return Optional.of(new String(bytes, start, offset++ - start, StandardCharsets.US_ASCII));
    }

    private String refuseLine(String expected) throws BpeFormatException {
      if (offset == bytes.length) {
        throw problem("expected " + expected + ", and the file ends " + (offset == start ? "before" : "within") + " this line; it is truncated");
      }
      if (bytes[offset] >= 0x20 && bytes[offset] != 0x7F) {
        throw problem("expected " + expected + ", got a line of more than " + MAX_LINE_BYTES + " bytes");
      }
      throw problem(String.format("expected %s, got the byte 0x%02x%s", expected, bytes[offset],
          bytes[offset] == '\r' ? "; lines end in a line feed only, was the file converted?" : ""));
    }

    private BpeFormatException problem(String text) {
      return new BpeFormatException(file, "line " + lineNumber + ": " + text);
    }

    /** Shows what was found without letting it fill or upset a terminal. */
    private static String quote(String text) {
      String shown = text.length() > 60 ? text.substring(0, 60) + "..." : text;
      StringBuilder out = new StringBuilder("\"");
      for (char c : shown.toCharArray()) {
        if (c >= 0x20 && c < 0x7F) {
          out.append(c);
        } else {
          out.append(String.format("\\u%04x", (int) c));
        }
      }
      return out.append('"').toString();
    }
  }
}
