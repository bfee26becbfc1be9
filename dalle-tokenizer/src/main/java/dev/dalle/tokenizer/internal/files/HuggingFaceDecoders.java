package dev.dalle.tokenizer.internal.files;

import dev.dalle.tokenizer.internal.json.JsonValue;
import dev.dalle.tokenizer.internal.spec.DecoderSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The section {@code decoder}. */
final class HuggingFaceDecoders {
  private HuggingFaceDecoders() {}

  static List<DecoderSpec> read(Optional<JsonValue> section) throws FormatProblem {
    List<DecoderSpec> specs = new ArrayList<>();
    if (section.isPresent()) {
      read(JsonMembers.of("decoder", section.get()), specs);
    }
    return specs;
  }

  private static void read(JsonMembers decoder, List<DecoderSpec> specs) throws FormatProblem {
    String type = decoder.string("type");
    switch (type) {
      case "Sequence" -> {
        for (JsonMembers part : decoder.objects("decoders")) {
          read(part, specs);
        }
      }
      case "ByteLevel" -> specs.add(new DecoderSpec.Bytes());
      case "BPEDecoder" -> specs.add(new DecoderSpec.Suffix(decoder.string("suffix", "</w>")));
      case "Metaspace" -> specs.add(new DecoderSpec.Metaspace(decoder.string("replacement", "\u2581"),
          !decoder.string("prepend_scheme", decoder.bool("add_prefix_space", true) ? "always" : "never").equals("never")));
      case "ByteFallback" -> specs.add(new DecoderSpec.ByteFallback());
      case "Fuse" -> specs.add(new DecoderSpec.Fuse());
      case "Strip" -> specs.add(new DecoderSpec.Strip(decoder.string("content", " "), decoder.integer("start"), decoder.integer("stop")));
      case "Replace" -> specs.add(new DecoderSpec.Replace(HuggingFaceNormalizers.pattern(decoder.object("pattern")), decoder.string("content")));
      default -> throw new FormatProblem(decoder.path() + ".type: the decoder " + type + " is not supported (supported are Sequence, ByteLevel, BPEDecoder,"
          + " Metaspace, ByteFallback, Fuse, Strip, Replace)");
    }
  }
}
