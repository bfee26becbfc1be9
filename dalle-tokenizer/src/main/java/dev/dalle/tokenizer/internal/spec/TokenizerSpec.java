package dev.dalle.tokenizer.internal.spec;

import dev.dalle.tokenizer.AddedToken;
import java.util.List;

/**
 * A whole tokenizer.
 *
 * @param normalizers in order
 * @param preparations rewriting of what is left between added tokens, in order
 * @param splits in order; none for the whole text in one piece
 * @param model merges
 * @param added tokens found in the text itself
 * @param template tokens put around it
 * @param decoders in order
 */
public record TokenizerSpec(List<NormalizerSpec> normalizers, List<NormalizerSpec> preparations, List<SplitSpec> splits, ModelSpec model,
    List<AddedToken> added, TemplateSpec template, List<DecoderSpec> decoders) {
  /** Without preparations. */
  public TokenizerSpec(List<NormalizerSpec> normalizers, List<SplitSpec> splits, ModelSpec model, List<AddedToken> added, TemplateSpec template,
      List<DecoderSpec> decoders) {
    this(normalizers, List.of(), splits, model, added, template, decoders);
  }

  /** Copies the lists. */
  public TokenizerSpec {
    normalizers = List.copyOf(normalizers);
    preparations = List.copyOf(preparations);
    splits = List.copyOf(splits);
    added = List.copyOf(added);
    decoders = List.copyOf(decoders);
  }
}
