package dev.dalle.tokenizer.internal.files;

import dev.dalle.tokenizer.internal.json.JsonValue;
import dev.dalle.tokenizer.internal.json.JsonValue.JsonNumber;
import dev.dalle.tokenizer.internal.spec.TemplateSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The section {@code post_processor}: what is put around a single text. */
final class HuggingFaceTemplate {
  private HuggingFaceTemplate() {}

  static TemplateSpec read(Optional<JsonValue> section) throws FormatProblem {
    return section.isEmpty() ? TemplateSpec.NONE : read(JsonMembers.of("post_processor", section.get()));
  }

  private static TemplateSpec read(JsonMembers processor) throws FormatProblem {
    String type = processor.string("type");
    return switch (type) {
      case "Sequence" -> sequence(processor);
      case "TemplateProcessing" -> template(processor);
      case "BertProcessing", "RobertaProcessing" -> new TemplateSpec(List.of(pair(processor, "cls")), List.of(pair(processor, "sep")));
      // Only where tokens begin and end is changed by it.
      case "ByteLevel" -> TemplateSpec.NONE;
      default -> throw new FormatProblem(processor.path() + ".type: the post_processor " + type + " is not supported (supported are Sequence,"
          + " TemplateProcessing, BertProcessing, RobertaProcessing, ByteLevel)");
    };
  }

  private static TemplateSpec sequence(JsonMembers processor) throws FormatProblem {
    TemplateSpec all = TemplateSpec.NONE;
    for (JsonMembers part : processor.objects("processors")) {
      TemplateSpec next = read(part);
      List<Integer> before = new ArrayList<>(next.before());
      before.addAll(all.before());
      List<Integer> after = new ArrayList<>(all.after());
      after.addAll(next.after());
      all = new TemplateSpec(before, after);
    }
    return all;
  }

  /** A token as {@code ["</s>", 2]}. */
  private static int pair(JsonMembers processor, String key) throws FormatProblem {
    List<JsonValue> pair = processor.array(key);
    if (pair.size() == 2 && pair.get(1) instanceof JsonNumber number && Decimals.isNumber(number.text(), 9)) {
      return Integer.parseInt(number.text());
    }
    throw new FormatProblem(processor.path() + "." + key + ": expected a token and its id");
  }

  private static TemplateSpec template(JsonMembers processor) throws FormatProblem {
    List<Integer> before = new ArrayList<>();
    List<Integer> after = new ArrayList<>();
    boolean seen = false;
    for (JsonMembers part : processor.objects("single")) {
      if (part.get("Sequence").isPresent()) {
        if (seen) {
          throw new FormatProblem(part.path() + ": the text stands in the template twice, which is not supported");
        }
        seen = true;
      } else {
        String name = part.object("SpecialToken").string("id");
        JsonMembers token = processor.object("special_tokens").object(name);
        for (JsonValue id : token.array("ids")) {
          if (!(id instanceof JsonNumber number) || !Decimals.isNumber(number.text(), 9)) {
            throw new FormatProblem(token.path() + ".ids: expected ids, got " + id.kind());
          }
          (seen ? after : before).add(Integer.parseInt(number.text()));
        }
      }
    }
    return new TemplateSpec(before, after);
  }
}
