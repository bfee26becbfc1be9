package dev.dalle.tokenizer.internal.files;

import dev.dalle.tokenizer.AddedToken;
import dev.dalle.tokenizer.internal.json.JsonException;
import dev.dalle.tokenizer.internal.json.JsonParser;
import dev.dalle.tokenizer.internal.json.JsonValue;
import dev.dalle.tokenizer.internal.json.JsonValue.JsonArray;
import dev.dalle.tokenizer.internal.json.JsonValue.JsonString;
import dev.dalle.tokenizer.internal.spec.DecoderSpec;
import dev.dalle.tokenizer.internal.spec.ModelSpec;
import dev.dalle.tokenizer.internal.spec.TokenizerSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Hugging Face's {@code tokenizer.json} with a model of type BPE. What is not supported is refused by name. The sections {@code truncation} and {@code padding}
 * say how batches are made and are not taken over; neither is the model's dropout, which is an argument here.
 */
public final class HuggingFaceFile {
  private static final Set<String> MEMBERS = Set.of("version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer", "post_processor",
      "decoder", "model");
  private static final Set<String> MODEL_MEMBERS = Set.of("type", "dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix", "fuse_unk",
      "byte_fallback", "ignore_merges", "vocab", "merges");

  private HuggingFaceFile() {}

  /**
   * Reads.
   *
   * @throws FormatProblem if it is no such file; the message names line or key
   */
  public static TokenizerSpec read(byte[] file) throws FormatProblem {
    JsonMembers root;
    try {
      root = JsonMembers.of("", JsonParser.parse(Utf8.decode(file)));
    } catch (JsonException e) {
      throw new FormatProblem(e.getMessage());
    }
    if (root.get("model").isEmpty()) {
      throw new FormatProblem("expected a tokenizer.json with the member \"model\", and there is none"
          + (root.object().members().size() > 100 ? "; a vocab.json is loaded by the folder that it lies in, with merges.txt beside it" : ""));
    }
    root.allow(MEMBERS);
    JsonMembers model = root.object("model");
    String type = model.string("type", "BPE");
    if (!type.equals("BPE")) {
      throw new FormatProblem("model.type: expected BPE, got " + type + "; other models are not supported");
    }
    model.allow(MODEL_MEMBERS);
    HuggingFaceSplits splits = HuggingFaceSplits.read(root.get("pre_tokenizer"));
    ModelSpec.Merges merges = model(model, splits.byteLevel());
    List<DecoderSpec> decoders = HuggingFaceDecoders.read(root.get("decoder"));
    if (decoders.contains(new DecoderSpec.Bytes()) && (!splits.byteLevel() || decoders.indexOf(new DecoderSpec.Bytes()) != 0)) {
      throw new FormatProblem("decoder: ByteLevel is supported with the pre_tokenizer ByteLevel, and as the first step only");
    }
    return new TokenizerSpec(HuggingFaceNormalizers.read(root.get("normalizer")), splits.preparations(), splits.splits(), merges, added(root, merges),
        HuggingFaceTemplate.read(root.get("post_processor")), decoders);
  }

  private static ModelSpec.Merges model(JsonMembers model, boolean byteLevel) throws FormatProblem {
    String prefix = model.string("continuing_subword_prefix", "");
    String suffix = model.string("end_of_word_suffix", "");
    boolean byteFallback = model.bool("byte_fallback", false);
    if (byteFallback && !(prefix + suffix).isEmpty()) {
      throw new FormatProblem("model.byte_fallback: not supported together with a prefix or suffix");
    }
    if (byteLevel && !prefix.isEmpty()) {
      throw new FormatProblem("model.continuing_subword_prefix: not supported together with the pre_tokenizer ByteLevel");
    }
    TokenReader tokens = new TokenReader(byteLevel);
    try {
      tokens.addAll(model.object("vocab").object(), suffix);
    } catch (FormatProblem e) {
      throw e.getMessage().startsWith("model.") ? e : new FormatProblem("model.vocab: " + e.getMessage());
    }
    OptionalInt unknown = OptionalInt.empty();
    if (model.get("unk_token").isPresent()) {
      String token = model.string("unk_token");
      // Bytes are never unknown: files with a name there that is no token work all the same.
      if (tokens.id(token) < 0 && !byteLevel) {
        throw new FormatProblem("model.unk_token: \"" + TokenReader.shown(token) + "\" is not in the vocabulary");
      }
      unknown = tokens.id(token) < 0 ? OptionalInt.empty() : OptionalInt.of(tokens.id(token));
    }
    MergeReader merges = new MergeReader(tokens, prefix);
    List<JsonValue> items = model.array("merges");
    for (int i = 0; i < items.size(); i++) {
      String where = "model.merges[" + i + "]";
      if (items.get(i) instanceof JsonArray pair && pair.items().size() == 2 && pair.items().get(0) instanceof JsonString left
          && pair.items().get(1) instanceof JsonString right) {
        merges.add(left.text(), right.text(), where);
      } else if (items.get(i) instanceof JsonString line) {
        Gpt2Files.addLine(merges, line.text(), where);
      } else {
        throw new FormatProblem(where + ": expected \"left right\" or [\"left\", \"right\"], got " + items.get(i).kind());
      }
    }
    return merges.model(byteLevel, unknown, suffix, model.bool("fuse_unk", false), byteFallback, model.bool("ignore_merges", false));
  }

  private static List<AddedToken> added(JsonMembers root, ModelSpec.Merges model) throws FormatProblem {
    List<AddedToken> added = new ArrayList<>();
    if (root.get("added_tokens").isEmpty()) {
      return added;
    }
    for (JsonMembers token : root.objects("added_tokens")) {
      int id = token.integer("id");
      if (id >= Limits.TOKENS) {
        throw new FormatProblem(token.path() + ".id: expected at most " + (Limits.TOKENS - 1) + ", got " + id);
      }
      String content = token.string("content");
      if (content.isEmpty()) {
        // Such an entry is found nowhere.
        continue;
      }
      added.add(new AddedToken(content, id, token.bool("special", false), token.bool("single_word", false), token.bool("lstrip", false),
          token.bool("rstrip", false), token.bool("normalized", true)));
    }
    return added;
  }
}
