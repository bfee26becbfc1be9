package dev.dalle.tokenizer.internal.pipeline;

import dev.dalle.tokenizer.AddedToken;
import dev.dalle.tokenizer.internal.spec.DecoderSpec;
import dev.dalle.tokenizer.internal.spec.ModelSpec;
import dev.dalle.tokenizer.internal.spec.PatternSpec;
import dev.dalle.tokenizer.internal.spec.TokenList;
import dev.dalle.tokenizer.internal.spec.TokenizerSpec;
import dev.dalle.tokenizer.internal.text.Replacement;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.function.UnaryOperator;

/** From tokens back to text. Immutable, for any number of threads; working memory is lent, so that a call leaves nothing behind but its text. */
public final class Decoding {
  /** Longer texts get an array of their own. */
  private static final int LENT_BYTES = 1 << 22;

  private final TokenList tokens;
  private final boolean[] special;
  private final boolean asBytes;
  private final List<UnaryOperator<List<String>>> steps;
  // One array in a box each, which is replaced when it is too small.
  private final Lender<byte[][]> buffers = new Lender<>(() -> new byte[][] {new byte[1 << 10]});

  /** What a description says. */
  public Decoding(TokenizerSpec spec) {
    tokens = allTokens(spec);
    special = new boolean[tokens.size()];
    for (AddedToken token : spec.added()) {
      special[token.id()] = token.special();
    }
    boolean byteLevel = !(spec.model() instanceof ModelSpec.Merges merges) || merges.byteLevel();
    List<DecoderSpec> decoders = new ArrayList<>(spec.decoders());
    asBytes = byteLevel && (decoders.isEmpty() || decoders.getFirst() instanceof DecoderSpec.Bytes);
    if (asBytes && !decoders.isEmpty()) {
      decoders.removeFirst();
    }
    steps = decoders.stream().map(Decoding::step).toList();
  }

  private static TokenList allTokens(TokenizerSpec spec) {
    TokenList model = spec.model().tokens();
    List<byte[]> all = new ArrayList<>();
    for (int id = 0; id < model.size(); id++) {
      all.add(model.has(id) ? model.bytes(id) : null);
    }
    for (AddedToken token : spec.added()) {
      while (all.size() <= token.id()) {
        all.add(null);
      }
      all.set(token.id(), token.content().getBytes(StandardCharsets.UTF_8));
    }
    return new TokenList(all);
  }

  /** All tokens, added ones included. */
  public TokenList tokens() {
    return tokens;
  }

  /** Whether decoding is joining bytes and nothing else, so that it can be done token by token. */
  public boolean isPlain() {
    return asBytes && steps.isEmpty();
  }

  /** Whether a token is a marker. */
  public boolean isSpecial(int id) {
    return special[id];
  }

  /**
   * The text of tokens.
   *
   * @param ids each with a token
   * @param skipSpecial whether markers are left out
   */
  public String decode(int[] ids, boolean skipSpecial) {
    if (asBytes) {
      String text = join(ids, skipSpecial);
      return steps.isEmpty() ? text : apply(List.of(text));
    }
    List<String> parts = new ArrayList<>(ids.length);
    for (int id : ids) {
      if (!skipSpecial || !special[id]) {
        parts.add(tokens.text(id));
      }
    }
    return steps.isEmpty() ? String.join(" ", parts) : apply(parts);
  }

  private String join(int[] ids, boolean skipSpecial) {
    long count = 0;
    for (int id : ids) {
      count += skipSpecial && special[id] ? 0 : tokens.length(id);
    }
    if (count > Integer.MAX_VALUE - 8) {
      throw new IllegalArgumentException("ids: the text has " + count + " bytes; decode it in parts");
    }
    if (count > LENT_BYTES) {
      return text(ids, skipSpecial, new byte[(int) count]);
    }
    byte[][] box = buffers.borrow();
    if (box[0].length < count) {
      box[0] = new byte[(int) Math.min(LENT_BYTES, Math.max(count, 2L * box[0].length))];
    }
    String text = text(ids, skipSpecial, box[0]);
    buffers.giveBack(box);
    return text;
  }

  private String text(int[] ids, boolean skipSpecial, byte[] bytes) {
    int end = 0;
    for (int id : ids) {
      if (!skipSpecial || !special[id]) {
        end = tokens.copy(id, bytes, end);
      }
    }
    return new String(bytes, 0, end, StandardCharsets.UTF_8);
  }

  private String apply(List<String> parts) {
    List<String> now = parts;
    for (UnaryOperator<List<String>> step : steps) {
      now = step.apply(now);
    }
    return String.join("", now);
  }

  private static UnaryOperator<List<String>> step(DecoderSpec spec) {
    return switch (spec) {
      case DecoderSpec.Bytes _ -> throw new IllegalArgumentException("decoder: ByteLevel must be the first step, and the model must be of bytes");
      case DecoderSpec.Suffix suffix -> parts -> suffix(parts, suffix.suffix());
      case DecoderSpec.Metaspace metaspace -> parts -> metaspace(parts, metaspace);
      case DecoderSpec.ByteFallback _ -> Decoding::byteFallback;
      case DecoderSpec.Fuse _ -> parts -> List.of(String.join("", parts));
      case DecoderSpec.Strip strip -> parts -> parts.stream().map(part -> strip(part, strip)).toList();
      case DecoderSpec.Replace replace -> replace(replace.pattern(), replace.content());
    };
  }

  private static List<String> suffix(List<String> parts, String suffix) {
    List<String> result = new ArrayList<>(parts.size());
    for (int i = 0; i < parts.size(); i++) {
      result.add(parts.get(i).replace(suffix, i == parts.size() - 1 ? "" : " "));
    }
    return result;
  }

  private static List<String> metaspace(List<String> parts, DecoderSpec.Metaspace spec) {
    List<String> result = new ArrayList<>(parts.size());
    for (int i = 0; i < parts.size(); i++) {
      result.add(parts.get(i).replace(spec.replacement(), i == 0 && spec.dropFirst() ? "" : " "));
    }
    return result;
  }

  /** Whether a token is one of {@code <0x00>} to {@code <0xFF>}. */
  private static boolean isByte(String part) {
    return part.length() == 6 && part.startsWith("<0x") && HexFormat.isHexDigit(part.charAt(3)) && HexFormat.isHexDigit(part.charAt(4)) && part.charAt(5) == '>';
  }

  /** Runs of byte tokens become their text, or one U+FFFD a byte where they are no UTF-8. */
  private static List<String> byteFallback(List<String> parts) {
    List<String> result = new ArrayList<>(parts.size());
    ByteArrayOutputStream pending = new ByteArrayOutputStream();
    for (String part : parts) {
      if (isByte(part)) {
        pending.write(HexFormat.fromHexDigits(part, 3, 5));
      } else {
        flush(pending, result);
        result.add(part);
      }
    }
    flush(pending, result);
    return result;
  }

  private static void flush(ByteArrayOutputStream pending, List<String> result) {
    if (pending.size() > 0) {
      try {
        result.add(StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(pending.toByteArray())).toString());
      } catch (CharacterCodingException e) {
        result.add("\uFFFD".repeat(pending.size()));
      }
      pending.reset();
    }
  }

  private static String strip(String part, DecoderSpec.Strip spec) {
    String now = part;
    for (int i = 0; i < spec.start() && now.startsWith(spec.content()); i++) {
      now = now.substring(spec.content().length());
    }
    for (int i = 0; i < spec.stop() && now.endsWith(spec.content()); i++) {
      now = now.substring(0, now.length() - spec.content().length());
    }
    return now;
  }

  private static UnaryOperator<List<String>> replace(PatternSpec pattern, String content) {
    Replacement replacement = new Replacement(Patterns.compile(pattern), content);
    return parts -> parts.stream().map(replacement::apply).toList();
  }
}
