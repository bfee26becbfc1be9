package dev.dalle.tokenizer.internal.files;

import dev.dalle.tokenizer.internal.json.JsonValue;
import dev.dalle.tokenizer.internal.spec.NormalizerSpec;
import dev.dalle.tokenizer.internal.spec.PatternSpec;
import java.text.Normalizer.Form;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The section {@code normalizer}. */
final class HuggingFaceNormalizers {
  private HuggingFaceNormalizers() {}

  static List<NormalizerSpec> read(Optional<JsonValue> section) throws FormatProblem {
    List<NormalizerSpec> specs = new ArrayList<>();
    if (section.isPresent()) {
      read(JsonMembers.of("normalizer", section.get()), specs);
    }
    return specs;
  }

  private static void read(JsonMembers normalizer, List<NormalizerSpec> specs) throws FormatProblem {
    String type = normalizer.string("type");
    switch (type) {
      case "Sequence" -> {
        for (JsonMembers part : normalizer.objects("normalizers")) {
          read(part, specs);
        }
      }
      case "NFC", "NFD", "NFKC", "NFKD" -> specs.add(new NormalizerSpec.Unicode(Form.valueOf(type)));
      case "Lowercase" -> specs.add(new NormalizerSpec.Lowercase());
      case "StripAccents" -> specs.add(new NormalizerSpec.StripAccents());
      case "Strip" -> specs.add(new NormalizerSpec.Strip(normalizer.bool("strip_left", true), normalizer.bool("strip_right", true)));
      case "Replace" -> specs.add(new NormalizerSpec.Replace(pattern(normalizer.object("pattern")), normalizer.string("content")));
      case "Prepend" -> specs.add(new NormalizerSpec.Prepend(normalizer.string("prepend"), false, false));
      default -> throw new FormatProblem(normalizer.path() + ".type: the normalizer " + type + " is not supported (supported are Sequence, NFC, NFD, NFKC,"
          + " NFKD, Lowercase, StripAccents, Strip, Replace, Prepend)");
    }
  }

  static PatternSpec pattern(JsonMembers pattern) throws FormatProblem {
    if (pattern.get("String").isPresent()) {
      return new PatternSpec(pattern.string("String"), false);
    }
    if (pattern.get("Regex").isPresent()) {
      return new PatternSpec(pattern.string("Regex"), true);
    }
    throw new FormatProblem(pattern.path() + ": expected the member String or Regex");
  }
}
