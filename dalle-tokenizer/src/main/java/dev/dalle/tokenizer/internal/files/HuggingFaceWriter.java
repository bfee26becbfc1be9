package dev.dalle.tokenizer.internal.files;

import dev.dalle.tokenizer.AddedToken;
import dev.dalle.tokenizer.internal.json.JsonText;
import dev.dalle.tokenizer.internal.json.JsonValue;
import dev.dalle.tokenizer.internal.json.JsonValue.JsonArray;
import dev.dalle.tokenizer.internal.json.JsonValue.JsonBoolean;
import dev.dalle.tokenizer.internal.json.JsonValue.JsonNull;
import dev.dalle.tokenizer.internal.json.JsonValue.JsonNumber;
import dev.dalle.tokenizer.internal.json.JsonValue.JsonObject;
import dev.dalle.tokenizer.internal.json.JsonValue.JsonString;
import dev.dalle.tokenizer.internal.spec.DecoderSpec;
import dev.dalle.tokenizer.internal.spec.ModelSpec;
import dev.dalle.tokenizer.internal.spec.NormalizerSpec;
import dev.dalle.tokenizer.internal.spec.PatternSpec;
import dev.dalle.tokenizer.internal.spec.SplitSpec;
import dev.dalle.tokenizer.internal.spec.TemplateSpec;
import dev.dalle.tokenizer.internal.spec.TokenList;
import dev.dalle.tokenizer.internal.spec.TokenizerSpec;
import dev.dalle.tokenizer.internal.split.Gpt2Splitter;
import dev.dalle.tokenizer.internal.split.RegexSplitter.Behavior;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Writes Hugging Face's {@code tokenizer.json}. */
public final class HuggingFaceWriter {
  /** The paper's rule as an expression. Bytes of other code points have no merges, so it does not matter that ByteLevel would let them. */
  private static final String PAPER = "[a-z]+|[^a-z]";

  private final TokenizerSpec spec;
  private final boolean byteLevel;

  private HuggingFaceWriter(TokenizerSpec spec) {
    this.spec = spec;
    byteLevel = !(spec.model() instanceof ModelSpec.Merges merges) || merges.byteLevel();
  }

  /** The file of a tokenizer. */
  public static byte[] write(TokenizerSpec spec) {
    return JsonText.of(new HuggingFaceWriter(spec).root()).getBytes(StandardCharsets.UTF_8);
  }

  private JsonObject root() {
    return object("version", string("1.0"), "truncation", new JsonNull(), "padding", new JsonNull(), "added_tokens", addedTokens(), "normalizer",
        sequence("normalizers", spec.normalizers().stream().map(HuggingFaceWriter::normalizer).toList()), "pre_tokenizer",
        sequence("pretokenizers", preTokenizers()), "post_processor", template(spec.template()), "decoder",
        sequence("decoders", spec.decoders().stream().map(HuggingFaceWriter::decoder).toList()), "model", model());
  }

  private static JsonObject object(Object... members) {
    Map<String, JsonValue> map = new LinkedHashMap<>();
    for (int i = 0; i < members.length; i += 2) {
      map.put((String) members[i], (JsonValue) members[i + 1]);
    }
    return new JsonObject(map);
  }

  private static JsonString string(String text) {
    return new JsonString(text);
  }

  private static JsonBoolean bool(boolean value) {
    return new JsonBoolean(value);
  }

  private static JsonNumber number(long value) {
    return new JsonNumber(Long.toString(value));
  }

  private static JsonValue sequence(String key, List<? extends JsonValue> parts) {
    return parts.isEmpty() ? new JsonNull() : parts.size() == 1 ? parts.getFirst()
        : object("type", string("Sequence"), key, new JsonArray(List.copyOf(parts)));
  }

  private JsonArray addedTokens() {
    List<JsonValue> tokens = new ArrayList<>();
    for (AddedToken token : spec.added()) {
      tokens.add(object("id", number(token.id()), "content", string(token.content()), "single_word", bool(token.singleWord()), "lstrip",
          bool(token.stripLeft()), "rstrip", bool(token.stripRight()), "normalized", bool(token.normalized()), "special", bool(token.special())));
    }
    return new JsonArray(tokens);
  }

  private static JsonObject pattern(PatternSpec pattern) {
    return object(pattern.regex() ? "Regex" : "String", string(pattern.text()));
  }

  private static JsonObject normalizer(NormalizerSpec spec) {
    return switch (spec) {
      case NormalizerSpec.Lowercase _ -> object("type", string("Lowercase"));
      case NormalizerSpec.Unicode unicode -> object("type", string(unicode.form().name()));
      case NormalizerSpec.Replace replace -> object("type", string("Replace"), "pattern", pattern(replace.pattern()), "content", string(replace.content()));
      case NormalizerSpec.Prepend prepend -> object("type", string("Prepend"), "prepend", string(prepend.prefix()));
      case NormalizerSpec.Strip strip -> object("type", string("Strip"), "strip_left", bool(strip.left()), "strip_right", bool(strip.right()));
      case NormalizerSpec.StripAccents _ -> object("type", string("StripAccents"));
    };
  }

  private List<JsonObject> preTokenizers() {
    List<JsonObject> rules = new ArrayList<>();
    List<SplitSpec> splits = new ArrayList<>(spec.splits());
    boolean prefixSpace = byteLevel && !spec.preparations().isEmpty();
    if (!byteLevel && !spec.preparations().isEmpty()) {
      rules.add(metaspace(splits));
    }
    boolean gpt2 = byteLevel && splits.size() == 1 && splits.getFirst() instanceof SplitSpec.Gpt2;
    if (!gpt2) {
      splits.forEach(split -> rules.add(split(split)));
    }
    if (byteLevel) {
      rules.add(object("type", string("ByteLevel"), "add_prefix_space", bool(prefixSpace), "trim_offsets", bool(true), "use_regex", bool(gpt2)));
    }
    return rules;
  }

  /** Takes its own splitting, which comes first, out of the list. */
  private JsonObject metaspace(List<SplitSpec> splits) {
    String replacement = ((NormalizerSpec.Replace) spec.preparations().getFirst()).content();
    String scheme = spec.preparations().size() == 1 ? "never" : ((NormalizerSpec.Prepend) spec.preparations().get(1)).firstOnly() ? "first" : "always";
    SplitSpec own = new SplitSpec.Split(new PatternSpec(replacement, false), Behavior.MERGED_WITH_NEXT, false);
    boolean cuts = !splits.isEmpty() && splits.getFirst().equals(own);
    if (cuts) {
      splits.removeFirst();
    }
    return object("type", string("Metaspace"), "replacement", string(replacement), "prepend_scheme", string(scheme), "split", bool(cuts));
  }

  private static JsonObject split(SplitSpec spec) {
    return switch (spec) {
      case SplitSpec.Paper _ -> split(new PatternSpec(PAPER, true), Behavior.ISOLATED, false);
      case SplitSpec.Gpt2 _ -> split(new PatternSpec(Gpt2Splitter.PATTERN, true), Behavior.ISOLATED, false);
      case SplitSpec.Split split -> split(split.pattern(), split.behavior(), split.inverted());
    };
  }

  private static JsonObject split(PatternSpec pattern, Behavior behavior, boolean inverted) {
    StringBuilder name = new StringBuilder();
    for (String word : behavior.name().toLowerCase(Locale.ROOT).split("_")) {
      name.append(Character.toUpperCase(word.charAt(0))).append(word, 1, word.length());
    }
    return object("type", string("Split"), "pattern", pattern(pattern), "behavior", string(name.toString()), "invert", bool(inverted));
  }

  private JsonValue template(TemplateSpec template) {
    if (template.equals(TemplateSpec.NONE)) {
      return new JsonNull();
    }
    List<JsonValue> single = new ArrayList<>();
    List<JsonValue> pair = new ArrayList<>();
    Map<String, JsonValue> special = new LinkedHashMap<>();
    template.before().forEach(id -> single.add(marker(id, special)));
    single.add(object("Sequence", object("id", string("A"), "type_id", number(0))));
    template.after().forEach(id -> single.add(marker(id, special)));
    pair.addAll(single);
    pair.add(object("Sequence", object("id", string("B"), "type_id", number(1))));
    return object("type", string("TemplateProcessing"), "single", new JsonArray(single), "pair", new JsonArray(pair), "special_tokens",
        new JsonObject(special));
  }

  private JsonObject marker(int id, Map<String, JsonValue> special) {
    String name = spec.added().stream().filter(token -> token.id() == id).map(AddedToken::content).findFirst().orElseGet(() -> token(id));
    special.put(name, object("id", string(name), "ids", new JsonArray(List.of(number(id))), "tokens", new JsonArray(List.of(string(name)))));
    return object("SpecialToken", object("id", string(name), "type_id", number(0)));
  }

  private static JsonObject decoder(DecoderSpec spec) {
    return switch (spec) {
      case DecoderSpec.Bytes _ -> object("type", string("ByteLevel"), "add_prefix_space", bool(true), "trim_offsets", bool(true), "use_regex", bool(true));
      case DecoderSpec.Suffix suffix -> object("type", string("BPEDecoder"), "suffix", string(suffix.suffix()));
      case DecoderSpec.Metaspace metaspace -> object("type", string("Metaspace"), "replacement", string(metaspace.replacement()), "prepend_scheme",
          string(metaspace.dropFirst() ? "always" : "never"), "split", bool(true));
      case DecoderSpec.ByteFallback _ -> object("type", string("ByteFallback"));
      case DecoderSpec.Fuse _ -> object("type", string("Fuse"));
      case DecoderSpec.Strip strip -> object("type", string("Strip"), "content", string(strip.content()), "start", number(strip.start()), "stop",
          number(strip.stop()));
      case DecoderSpec.Replace replace -> object("type", string("Replace"), "pattern", pattern(replace.pattern()), "content", string(replace.content()));
    };
  }

  /** A token of the model as the file has it. */
  private String token(int id) {
    TokenList tokens = spec.model().tokens();
    return byteLevel && !tokens.isLiteral(id) ? ByteAlphabet.write(tokens.bytes(id)) : tokens.text(id);
  }

  private JsonObject model() {
    Map<String, JsonValue> vocabulary = new LinkedHashMap<>();
    TokenList tokens = spec.model().tokens();
    for (int id = 0; id < tokens.size(); id++) {
      if (tokens.has(id)) {
        vocabulary.put(token(id), number(id));
      }
    }
    ModelSpec.Merges model = switch (spec.model()) {
      case ModelSpec.Merges merges -> merges;
      case ModelSpec.Ranks ranks -> RankMerges.of(ranks);
    };
    List<JsonValue> merges = new ArrayList<>();
    for (int rank = 0; rank < model.left().length; rank++) {
      String left = token(model.left()[rank]);
      String right = token(model.right()[rank]);
      // A token of code points may have spaces itself.
      merges.add(byteLevel ? string(left + " " + right) : new JsonArray(List.of(string(left), string(right))));
    }
    return object("type", string("BPE"), "dropout", new JsonNull(), "unk_token", model.unknown().isEmpty() ? new JsonNull() : string(token(
        model.unknown().getAsInt())), "continuing_subword_prefix", model.prefix().isEmpty() ? new JsonNull() : string(model.prefix()), "end_of_word_suffix",
        model.suffix().isEmpty() ? new JsonNull() : string(model.suffix()), "fuse_unk", bool(model.fuseUnknown()), "byte_fallback",
        bool(model.byteFallback()), "ignore_merges", bool(model.ignoreMerges()), "vocab", new JsonObject(vocabulary), "merges", new JsonArray(merges));
  }
}
