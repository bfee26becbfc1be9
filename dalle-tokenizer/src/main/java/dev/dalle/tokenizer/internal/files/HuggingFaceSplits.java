package dev.dalle.tokenizer.internal.files;

import dev.dalle.tokenizer.internal.json.JsonValue;
import dev.dalle.tokenizer.internal.spec.NormalizerSpec;
import dev.dalle.tokenizer.internal.spec.PatternSpec;
import dev.dalle.tokenizer.internal.spec.SplitSpec;
import dev.dalle.tokenizer.internal.split.RegexSplitter.Behavior;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The section {@code pre_tokenizer}.
 *
 * @param preparations rewriting that is part of it
 * @param splits the rules
 * @param byteLevel whether pieces are merged as bytes
 */
record HuggingFaceSplits(List<NormalizerSpec> preparations, List<SplitSpec> splits, boolean byteLevel) {
  private static final String PUNCTUATION = "[!-/:-@\\[-`{-~\\p{P}]";

  static HuggingFaceSplits read(Optional<JsonValue> section) throws FormatProblem {
    Reader reader = new Reader();
    if (section.isPresent()) {
      reader.read(JsonMembers.of("pre_tokenizer", section.get()));
    }
    return new HuggingFaceSplits(List.copyOf(reader.preparations), List.copyOf(reader.splits), reader.byteLevel);
  }

  private static final class Reader {
    private final List<NormalizerSpec> preparations = new ArrayList<>();
    private final List<SplitSpec> splits = new ArrayList<>();
    private boolean byteLevel;

    void read(JsonMembers rule) throws FormatProblem {
      String type = rule.string("type");
      if (byteLevel) {
        throw new FormatProblem(rule.path() + ": " + type + " after ByteLevel is not supported");
      }
      switch (type) {
        case "Sequence" -> {
          for (JsonMembers part : rule.objects("pretokenizers")) {
            read(part);
          }
        }
        case "ByteLevel" -> byteLevel(rule);
        case "Metaspace" -> metaspace(rule);
        case "Split" -> splits.add(new SplitSpec.Split(HuggingFaceNormalizers.pattern(rule.object("pattern")), behavior(rule), rule.bool("invert", false)));
        case "Whitespace" -> regex("\\w+|[^\\w\\s]+", Behavior.REMOVED, true);
        case "WhitespaceSplit" -> regex("\\s+", Behavior.REMOVED, false);
        case "BertPreTokenizer" -> {
          regex("\\s+", Behavior.REMOVED, false);
          regex(PUNCTUATION, Behavior.ISOLATED, false);
        }
        case "Punctuation" -> regex(PUNCTUATION, rule.get("behavior").isPresent() ? behavior(rule) : Behavior.ISOLATED, false);
        case "Digits" -> regex("\\p{N}", rule.bool("individual_digits", false) ? Behavior.ISOLATED : Behavior.CONTIGUOUS, false);
        case "CharDelimiterSplit" -> splits.add(new SplitSpec.Split(new PatternSpec(rule.string("delimiter"), false), Behavior.REMOVED, false));
        default -> throw new FormatProblem(rule.path() + ".type: the pre_tokenizer " + type + " is not supported (supported are Sequence, ByteLevel,"
            + " Metaspace, Split, Whitespace, WhitespaceSplit, BertPreTokenizer, Punctuation, Digits, CharDelimiterSplit)");
      }
    }

    private void regex(String expression, Behavior behavior, boolean inverted) {
      splits.add(new SplitSpec.Split(new PatternSpec(expression, true), behavior, inverted));
    }

    private void byteLevel(JsonMembers rule) throws FormatProblem {
      if (rule.bool("add_prefix_space", true)) {
        requireFirst(rule, "add_prefix_space");
        preparations.add(new NormalizerSpec.Prepend(" ", true, false));
      }
      if (rule.bool("use_regex", true)) {
        splits.add(new SplitSpec.Gpt2());
      }
      byteLevel = true;
    }

    private void metaspace(JsonMembers rule) throws FormatProblem {
      requireFirst(rule, "Metaspace");
      String replacement = rule.string("replacement", "\u2581");
      String scheme = rule.string("prepend_scheme", rule.bool("add_prefix_space", true) ? "always" : "never");
      preparations.add(new NormalizerSpec.Replace(new PatternSpec(" ", false), replacement));
      switch (scheme) {
        case "always" -> preparations.add(new NormalizerSpec.Prepend(replacement, true, false));
        case "first" -> preparations.add(new NormalizerSpec.Prepend(replacement, true, true));
        case "never" -> { }
        default -> throw new FormatProblem(rule.path() + ".prepend_scheme: expected always, first or never, got " + scheme);
      }
      if (rule.bool("split", true)) {
        splits.add(new SplitSpec.Split(new PatternSpec(replacement, false), Behavior.MERGED_WITH_NEXT, false));
      }
    }

    private void requireFirst(JsonMembers rule, String what) throws FormatProblem {
      if (!splits.isEmpty() || !preparations.isEmpty()) {
        throw new FormatProblem(rule.path() + ": " + what + " after another pre_tokenizer is not supported");
      }
    }

    private static Behavior behavior(JsonMembers rule) throws FormatProblem {
      String name = rule.string("behavior");
      return switch (name) {
        case "Removed", "Isolated", "Contiguous" -> Behavior.valueOf(name.toUpperCase(Locale.ROOT));
        case "MergedWithPrevious" -> Behavior.MERGED_WITH_PREVIOUS;
        case "MergedWithNext" -> Behavior.MERGED_WITH_NEXT;
        default -> throw new FormatProblem(rule.path() + ".behavior: expected Removed, Isolated, MergedWithPrevious, MergedWithNext or Contiguous, got "
            + name);
      };
    }
  }
}
