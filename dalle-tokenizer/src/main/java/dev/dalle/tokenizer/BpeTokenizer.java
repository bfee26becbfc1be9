package dev.dalle.tokenizer;

import dev.dalle.tokenizer.internal.pipeline.Decoding;
import dev.dalle.tokenizer.internal.pipeline.Pipeline;
import dev.dalle.tokenizer.internal.spec.ByteText;
import dev.dalle.tokenizer.internal.spec.DecoderSpec;
import dev.dalle.tokenizer.internal.spec.ModelSpec;
import dev.dalle.tokenizer.internal.spec.PatternSpec;
import dev.dalle.tokenizer.internal.spec.TemplateSpec;
import dev.dalle.tokenizer.internal.spec.TokenIndex;
import dev.dalle.tokenizer.internal.spec.TokenizerSpec;
import dev.dalle.tokenizer.internal.spec.VocabularyBuilder;
import dev.dalle.tokenizer.internal.text.LowerCase;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * A byte-pair vocabulary that turns text into token ids and back.
 *
 * <p>Encoding applies the merges exactly, in order of rank (within one rank from left to right), in O(n log n) time and O(n) memory also for a single word of
 * n letters.
 *
 * <p>Immutable and safe for any number of threads. It remembers the tokens of short pieces in a cache of fixed size, which never changes a result. Two
 * tokenizers are equal if they do the same with every text.
 *
 * <p>Source: Ramesh et al. 2021, arXiv 2102.12092, section 2.2; Sennrich et al. 2016, arXiv 1508.07909.
 */
public final class BpeTokenizer {
  /** Number of ids that stand for one byte each in vocabularies that are trained here, and the smallest vocabulary there is. */
  public static final int BYTE_TOKENS = 256;

  /** The largest vocabulary that can be trained, stored and loaded. */
  public static final int MAX_SIZE = 1 << 20;

  /** The longest token that is trained, in bytes. Bounds the memory that a vocabulary of a given size can take. */
  public static final int MAX_TOKEN_BYTES = 128;

  private final TokenizerSpec spec;
  private final Pipeline pipeline;
  private final Decoding decoding;
  private final TokenIndex index;

  /** What a description says. */
  BpeTokenizer(TokenizerSpec spec) {
    this.spec = spec;
    pipeline = new Pipeline(spec);
    decoding = new Decoding(spec);
    index = TokenIndex.ofLowest(decoding.tokens());
  }

  /**
   * Makes a tokenizer with DALL-E's split rule from its merges. Merge number {@code r} makes the token {@code 256 + r} and may use any token before it that is
   * made of letters a-z.
   *
   * @throws IllegalArgumentException if there are more merges than {@code MAX_SIZE - 256}, or a merge uses an id that does not exist yet or is not made of
   *     letters, or makes a token that is too long or exists already; the message names the merge
   */
  public static BpeTokenizer of(List<Merge> merges) {
    return of(SplitRule.paper(), merges);
  }

  /**
   * Makes a tokenizer from its merges. Ids 0 to 255 are the bytes; where the rule marks the end of a piece, the next 256 are the bytes that stand there; each
   * merge makes the next id.
   *
   * @throws IllegalArgumentException as {@link #of(List)}
   */
  public static BpeTokenizer of(SplitRule rule, List<Merge> merges) {
    VocabularyBuilder builder = builder(rule);
    for (int rank = 0; rank < merges.size(); rank++) {
      try {
        builder.add(merges.get(rank).left(), merges.get(rank).right());
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException("merge " + rank + ": " + e.getMessage(), e);
      }
    }
    return of(rule, builder, List.of());
  }

  static VocabularyBuilder builder(SplitRule rule) {
    return new VocabularyBuilder(rule.isPaper(), rule.suffix(), MAX_SIZE, MAX_TOKEN_BYTES);
  }

  /** A tokenizer of our own: special tokens come after all others. */
  static BpeTokenizer of(SplitRule rule, VocabularyBuilder builder, List<String> specialTokens) {
    List<AddedToken> added = new ArrayList<>();
    for (String content : specialTokens) {
      added.add(AddedToken.special(content, builder.size() + added.size()));
    }
    List<DecoderSpec> decoders = rule.suffix().isEmpty() ? List.of(new DecoderSpec.Bytes())
        : List.of(new DecoderSpec.Bytes(), new DecoderSpec.Replace(new PatternSpec(rule.suffix(), false), " "), new DecoderSpec.Strip(" ", 0, 1));
    return new BpeTokenizer(new TokenizerSpec(rule.normalizers(), rule.splits(), builder.build(), added, TemplateSpec.NONE, decoders));
  }

  /**
   * Loads a vocabulary: a file in format {@code dalle-bpe} (see {@link #save(Path)}), Hugging Face's {@code tokenizer.json} with a BPE model, CLIP's gzipped
   * merge list, one of tiktoken's published rank files, or a folder with a {@code tokenizer.json} or GPT-2's {@code vocab.json} and {@code merges.txt}
   * (its authors' names for them, {@code encoder.json} and {@code vocab.bpe}, will do; so will CLIP's such pair). Files are told apart by what is in them.
   *
   * @throws BpeFormatException if it is none of these, is of a newer version, is damaged or too large, or has something that is not supported; the message
   *     names file, and line or key, and says what was expected
   * @throws IOException if a file cannot be read
   */
  public static BpeTokenizer load(Path file) throws IOException {
    return TokenizerFiles.load(Objects.requireNonNull(file, "file"));
  }

  /**
   * Loads a rank file of tiktoken, which has tokens and ranks only.
   *
   * @param rule how text is cut, such as {@link SplitRule#cl100k()}
   * @param specialTokens markers, with ids that no token of the file has
   * @throws BpeFormatException if it is no such file; the message names the line
   * @throws IOException if the file cannot be read
   */
  public static BpeTokenizer loadTiktoken(Path file, SplitRule rule, List<AddedToken> specialTokens) throws IOException {
    return TokenizerFiles.loadTiktoken(file, rule, specialTokens);
  }

  /**
   * Saves this vocabulary in format {@code dalle-bpe}: a text with one merge a line and a checksum at the end. The same vocabulary always gives the same
   * bytes. The file is written under a temporary name in the same folder, forced to disk and renamed, so that {@code file} is at every moment the old file or
   * the new one.
   *
   * @throws IOException if the file cannot be written; an existing file is then unchanged
   * @throws IllegalArgumentException if this tokenizer was loaded from another format and has what this one has no words for; the message names it
   */
  public void save(Path file) throws IOException {
    BpeFile.write(this, Objects.requireNonNull(file, "file"));
  }

  /**
   * Saves this vocabulary in a format of one's choice.
   *
   * @param file to be written; for {@link TokenizerFormat#GPT2} a folder, made if it is not there
   * @throws IOException if it cannot be written; an existing file is then unchanged
   * @throws IllegalArgumentException if the format has no words for something that this tokenizer has; the message names it
   */
  public void save(Path file, TokenizerFormat format) throws IOException {
    TokenizerFiles.save(this, Objects.requireNonNull(file, "file"), Objects.requireNonNull(format, "format"));
  }

  TokenizerSpec spec() {
    return spec;
  }

  /**
   * What encoding does to a text with DALL-E's split rule before it splits it: lower-cases it code point by code point and replaces each surrogate that is not
   * part of a pair by U+FFFD. Doing it twice changes nothing more.
   */
  public static String normalize(String text) {
    return new LowerCase().apply(text);
  }

  /** Encodes {@code text} without dropout, as in evaluation. The result belongs to the caller. */
  public int[] encode(String text) {
    return pipeline.encode(text);
  }

  /**
   * Encodes {@code text} with BPE dropout, as in training: at each step of a piece, every pair of adjacent tokens that could be merged is left out with
   * probability {@code dropoutRate}, each by itself; the one of lowest rank (the leftmost of equals) among the others is merged; the piece is done when none is
   * left. Rate 0 equals {@link #encode(String)}; rate 1 gives the bytes, or the code points where the vocabulary is made of those.
   *
   * <p>The result depends on nothing but text, rate and seed. Different texts of one batch should get different seeds, since the random numbers are drawn from
   * the seed alone.
   *
   * <p>Source: Provilkov et al. 2020, arXiv 1910.13267, algorithm 1; DALL-E trains with rate 0.1.
   *
   * @param dropoutRate probability, from 0 to 1
   * @throws IllegalArgumentException if {@code dropoutRate} is outside 0 to 1 or not a number
   */
  public int[] encode(String text, double dropoutRate, long seed) {
    if (!(dropoutRate >= 0 && dropoutRate <= 1)) {
      throw new IllegalArgumentException("dropoutRate: expected a probability from 0 to 1, got " + dropoutRate);
    }
    return dropoutRate == 0 ? pipeline.encode(text) : pipeline.encode(text, dropoutRate, seed);
  }

  /** Encodes {@code text} and says where each token stands in it. */
  public Encoding encodeWithOffsets(String text) {
    Pipeline.Located located = pipeline.locate(text);
    return new Encoding(located.ids(), located.starts(), located.ends());
  }

  /** Encodes {@code text} between the tokens that its file puts around every text, such as a beginning and an end; without any, as {@link #encode(String)}. */
  public int[] encodeWithTemplate(String text) {
    TemplateSpec template = spec.template();
    IntStream before = template.before().stream().mapToInt(Integer::intValue);
    IntStream after = template.after().stream().mapToInt(Integer::intValue);
    return IntStream.concat(IntStream.concat(before, IntStream.of(encode(text))), after).toArray();
  }

  /**
   * Encodes several texts on several threads. The result does not depend on their number.
   *
   * @param threads how many, at least 1
   * @return {@code encode(texts.get(i))} for each i
   */
  public List<int[]> encodeAll(List<String> texts, int threads) {
    return Batches.map(texts.size(), threads, i -> encode(texts.get(i)));
  }

  /**
   * Encodes several texts on several threads with BPE dropout. The result does not depend on their number.
   *
   * @param dropoutRate probability, from 0 to 1
   * @param seed of the first text; text i has {@code seed + i}
   * @param threads how many, at least 1
   * @return {@code encode(texts.get(i), dropoutRate, seed + i)} for each i
   */
  public List<int[]> encodeAll(List<String> texts, double dropoutRate, long seed, int threads) {
    return Batches.map(texts.size(), threads, i -> encode(texts.get(i), dropoutRate, seed + i));
  }

  /**
   * The text of the tokens, one after another. Bytes that are not UTF-8, as when a code point was cut in two, become U+FFFD each time the decoder of the JDK
   * finds a malformed sequence.
   *
   * @throws IllegalArgumentException if an id is not in the vocabulary; padding has to be removed first
   */
  public String decode(int[] ids) {
    return decode(ids, false);
  }

  /**
   * As {@link #decode(int[])}, with or without special tokens.
   *
   * @param skipSpecialTokens whether special tokens are left out
   */
  public String decode(int[] ids, boolean skipSpecialTokens) {
    for (int i = 0; i < ids.length; i++) {
      if (ids[i] < 0 || ids[i] >= size() || !decoding.tokens().has(ids[i])) {
        throw new IllegalArgumentException("ids[" + i + "]: expected a token from 0 to " + (size() - 1) + ", got " + ids[i]
            + (ids[i] == PaddedCaption.PADDING ? " (padding; decode the real tokens only)" : ""));
      }
    }
    return decoding.decode(ids, skipSpecialTokens);
  }

  /**
   * A decoder that takes tokens one by one.
   *
   * @param skipSpecialTokens whether special tokens are left out
   */
  public StreamingDecoder streamingDecoder(boolean skipSpecialTokens) {
    return new StreamingDecoder(this, decoding, skipSpecialTokens);
  }

  /** Number of tokens: ids go from 0 to {@code size() - 1}. Files of others may leave ids in between without a token. */
  public int size() {
    return decoding.tokens().size();
  }

  /** The bytes that the token stands for. */
  public byte[] tokenBytes(int id) {
    checkId(id);
    return decoding.tokens().bytes(id);
  }

  /** The token for people to look at: its text, or for bytes that are no printable text the form {@code <0xE2>}. */
  public String tokenText(int id) {
    checkId(id);
    return ByteText.shown(decoding.tokens().bytes(id));
  }

  /** The id of a token by its text, if there is such a token. */
  public OptionalInt tokenId(String token) {
    for (AddedToken added : spec.added()) {
      if (added.content().equals(token)) {
        return OptionalInt.of(added.id());
      }
    }
    byte[] bytes = token.getBytes(StandardCharsets.UTF_8);
    int id = index.get(bytes, 0, bytes.length);
    return id == TokenIndex.ABSENT ? OptionalInt.empty() : OptionalInt.of(id);
  }

  /** The tokens that are found in the text itself, special ones among them. */
  public List<AddedToken> addedTokens() {
    return spec.added();
  }

  /** The merges in order of rank; none for a vocabulary that has ranks of tokens instead. */
  public List<Merge> merges() {
    return switch (spec.model()) {
      case ModelSpec.Merges merges -> IntStream.range(0, merges.left().length).mapToObj(rank -> new Merge(merges.left()[rank], merges.right()[rank])).toList();
      case ModelSpec.Ranks _ -> List.of();
    };
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof BpeTokenizer that && spec.equals(that.spec);
  }

  @Override
  public int hashCode() {
    return spec.hashCode();
  }

  @Override
  public String toString() {
    return "BpeTokenizer[" + size() + " tokens]";
  }

  void checkId(int id) {
    if (id < 0 || id >= size() || !decoding.tokens().has(id)) {
      throw new IllegalArgumentException("id: expected a token from 0 to " + (size() - 1) + ", got " + id);
    }
  }
}
