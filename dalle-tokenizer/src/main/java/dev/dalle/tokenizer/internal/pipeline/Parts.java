package dev.dalle.tokenizer.internal.pipeline;

import dev.dalle.tokenizer.internal.merge.ByteSymbols;
import dev.dalle.tokenizer.internal.merge.CodePointSymbols;
import dev.dalle.tokenizer.internal.merge.MergeModel;
import dev.dalle.tokenizer.internal.merge.PairTable;
import dev.dalle.tokenizer.internal.merge.Symbols;
import dev.dalle.tokenizer.internal.spec.ModelSpec;
import dev.dalle.tokenizer.internal.spec.NormalizerSpec;
import dev.dalle.tokenizer.internal.spec.PatternSpec;
import dev.dalle.tokenizer.internal.spec.SplitSpec;
import dev.dalle.tokenizer.internal.spec.TokenIndex;
import dev.dalle.tokenizer.internal.spec.TokenList;
import dev.dalle.tokenizer.internal.split.Cl100kSplitter;
import dev.dalle.tokenizer.internal.split.Gpt2Splitter;
import dev.dalle.tokenizer.internal.split.O200kSplitter;
import dev.dalle.tokenizer.internal.split.PaperSplitter;
import dev.dalle.tokenizer.internal.split.RegexSplitter;
import dev.dalle.tokenizer.internal.split.SequenceSplitter;
import dev.dalle.tokenizer.internal.split.Splitter;
import dev.dalle.tokenizer.internal.split.WholeText;
import dev.dalle.tokenizer.internal.text.LowerCase;
import dev.dalle.tokenizer.internal.text.Normalizer;
import dev.dalle.tokenizer.internal.text.NormalizerSequence;
import dev.dalle.tokenizer.internal.text.Prepend;
import dev.dalle.tokenizer.internal.text.Replacement;
import dev.dalle.tokenizer.internal.text.Strip;
import dev.dalle.tokenizer.internal.text.StripAccents;
import dev.dalle.tokenizer.internal.text.UnicodeForm;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** The parts that run, from their descriptions. */
final class Parts {
  private Parts() {}

  static Normalizer normalizer(List<NormalizerSpec> specs) {
    List<Normalizer> parts = specs.stream().map(Parts::normalizer).toList();
    return parts.isEmpty() ? Normalizer.NONE : parts.size() == 1 ? parts.getFirst() : new NormalizerSequence(parts);
  }

  /** For text that does not begin the whole text. */
  static Normalizer laterNormalizer(List<NormalizerSpec> specs) {
    return normalizer(specs.stream().filter(spec -> !(spec instanceof NormalizerSpec.Prepend prepend && prepend.firstOnly())).toList());
  }

  private static Normalizer normalizer(NormalizerSpec spec) {
    return switch (spec) {
      case NormalizerSpec.Lowercase _ -> new LowerCase();
      case NormalizerSpec.Unicode unicode -> new UnicodeForm(unicode.form());
      case NormalizerSpec.Replace replace -> new Replacement(Patterns.compile(replace.pattern()), replace.content());
      case NormalizerSpec.Prepend prepend -> new Prepend(prepend.prefix(), prepend.unlessThere());
      case NormalizerSpec.Strip strip -> new Strip(strip.left(), strip.right());
      case NormalizerSpec.StripAccents _ -> new StripAccents();
    };
  }

  static Splitter splitter(List<SplitSpec> specs) {
    return specs.stream().map(Parts::splitter).reduce(SequenceSplitter::new).orElseGet(WholeText::new);
  }

  private static Splitter splitter(SplitSpec spec) {
    return switch (spec) {
      case SplitSpec.Paper _ -> new PaperSplitter();
      case SplitSpec.Gpt2 _ -> new Gpt2Splitter();
      case SplitSpec.Split split -> known(split).orElseGet(() -> new RegexSplitter(Patterns.compile(split.pattern()), split.behavior(), split.inverted()));
    };
  }

  /** A rule that is written by hand here, where the expression is one of those: much faster, and the same. */
  private static Optional<Splitter> known(SplitSpec.Split split) {
    PatternSpec pattern = split.pattern();
    // Expressions that match all of a text have nothing between their matches.
    boolean keepsMatches = split.behavior() == RegexSplitter.Behavior.ISOLATED && !split.inverted()
        || split.behavior() == RegexSplitter.Behavior.REMOVED && split.inverted();
    if (!pattern.regex() || !keepsMatches) {
      return Optional.empty();
    }
    return switch (pattern.text()) {
      case Gpt2Splitter.PATTERN -> Optional.of(new Gpt2Splitter());
      case O200kSplitter.PATTERN -> Optional.of(new O200kSplitter());
      case String text when text.equals(Cl100kSplitter.pattern(3)) -> Optional.of(new Cl100kSplitter(3));
      case String text when text.equals(Cl100kSplitter.pattern(1)) -> Optional.of(new Cl100kSplitter(1));
      default -> Optional.empty();
    };
  }

  static MergeModel model(ModelSpec spec) {
    return switch (spec) {
      case ModelSpec.Merges merges -> model(merges);
      case ModelSpec.Ranks ranks -> model(ranks);
    };
  }

  private static MergeModel model(ModelSpec.Merges spec) {
    PairTable pairs = new PairTable(spec.left().length);
    for (int rank = 0; rank < spec.left().length; rank++) {
      pairs.put(PairTable.key(spec.left()[rank], spec.right()[rank]), (long) rank << 32 | spec.result()[rank]);
    }
    TokenIndex index = new TokenIndex(spec.tokens());
    Symbols symbols = spec.byteLevel() ? byteSymbols(spec, index) : codePointSymbols(spec, index);
    return new MergeModel(symbols, pairs, spec.ignoreMerges() ? Optional.of(index) : Optional.empty());
  }

  private static Symbols byteSymbols(ModelSpec.Merges spec, TokenIndex index) {
    byte[] suffix = spec.suffix().getBytes(StandardCharsets.UTF_8);
    int[] ids = new int[256];
    int[] lastIds = new int[256];
    for (int value = 0; value < 256; value++) {
      byte[] symbol = Arrays.copyOf(new byte[] {(byte) value}, 1 + suffix.length);
      System.arraycopy(suffix, 0, symbol, 1, suffix.length);
      int unknown = spec.unknown().orElse(TokenIndex.ABSENT);
      int id = index.get(symbol, 0, 1);
      int lastId = index.get(symbol, 0, symbol.length);
      ids[value] = id == TokenIndex.ABSENT ? unknown : id;
      lastIds[value] = lastId == TokenIndex.ABSENT ? unknown : lastId;
    }
    return new ByteSymbols(ids, lastIds);
  }

  private static Symbols codePointSymbols(ModelSpec.Merges spec, TokenIndex index) {
    PairTable ids = new PairTable(1024);
    for (int id = 0; id < spec.tokens().size(); id++) {
      if (spec.tokens().has(id)) {
        String text = spec.tokens().text(id);
        place(ids, CodePointSymbols.FIRST, text, "", "", id);
        place(ids, CodePointSymbols.CONTINUING, text, spec.prefix(), "", id);
        place(ids, CodePointSymbols.LAST, text, "", spec.suffix(), id);
        place(ids, CodePointSymbols.CONTINUING + CodePointSymbols.LAST, text, spec.prefix(), spec.suffix(), id);
      }
    }
    int[] byteIds = new int[spec.byteFallback() ? 256 : 0];
    for (int value = 0; value < byteIds.length; value++) {
      byte[] token = String.format("<0x%02X>", value).getBytes(StandardCharsets.UTF_8);
      int id = index.get(token, 0, token.length);
      byteIds[value] = id == TokenIndex.ABSENT ? CodePointSymbols.NONE : id;
    }
    return new CodePointSymbols(ids, byteIds, spec.unknown().orElse(CodePointSymbols.NONE), spec.fuseUnknown());
  }

  /** Enters a token that is one code point between prefix and suffix. */
  private static void place(PairTable ids, int place, String token, String prefix, String suffix, int id) {
    if (token.length() > prefix.length() + suffix.length() && token.startsWith(prefix) && token.endsWith(suffix)) {
      String bare = token.substring(prefix.length(), token.length() - suffix.length());
      if (bare.codePointCount(0, bare.length()) == 1) {
        ids.put(PairTable.key(place, bare.codePointAt(0)), id);
      }
    }
  }

  /** Every way in which two tokens make a third is a pair whose rank is the third's id. */
  private static MergeModel model(ModelSpec.Ranks spec) {
    TokenList tokens = spec.tokens();
    TokenIndex index = new TokenIndex(tokens);
    PairTable pairs = new PairTable(2 * tokens.size());
    for (int id = 0; id < tokens.size(); id++) {
      byte[] bytes = tokens.bytes(id);
      for (int middle = 1; middle < bytes.length; middle++) {
        int left = index.get(bytes, 0, middle);
        int right = left == TokenIndex.ABSENT ? TokenIndex.ABSENT : index.get(bytes, middle, bytes.length);
        if (right != TokenIndex.ABSENT) {
          pairs.put(PairTable.key(left, right), (long) id << 32 | id);
        }
      }
    }
    int[] ids = new int[256];
    for (int value = 0; value < 256; value++) {
      ids[value] = index.get(new byte[] {(byte) value}, 0, 1);
      if (ids[value] == TokenIndex.ABSENT) {
        throw new IllegalArgumentException(String.format("the vocabulary lacks the byte 0x%02X; every text must have tokens", value));
      }
    }
    return new MergeModel(new ByteSymbols(ids, ids), pairs, Optional.of(index));
  }
}
