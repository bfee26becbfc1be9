package dev.dalle.bindings.onednn;

import java.util.List;
import java.util.Objects;

/**
 * Gradients of a convolution with respect to weights and bias. {@code execute(src, diffDst, diffWeights, [diffBias])}.
 * From bf16 images the gradients may be written in f32 at no cost.
 *
 * @param src {@code [n, c, h, w]}
 * @param diffWeights {@code [o, c, kh, kw]}, overwritten; use {@link MemoryDesc#any any} and a {@link Reorder}: with plain weights oneDNN
 *     has only its slow reference code for these images
 * @param diffBias {@code [o]}, overwritten, or {@link MemoryDesc#NONE}
 * @param diffDst {@code [n, o, oh, ow]}
 * @param window size, stride, padding, dilation
 * @param attributes precision; post-operations are refused
 */
public record ConvolutionBackwardWeights(MemoryDesc src, MemoryDesc diffWeights, MemoryDesc diffBias, MemoryDesc diffDst, Window window,
    Attributes attributes) implements PrimitiveSpec {
  public ConvolutionBackwardWeights {
    Specs.convolution(src, "src", diffWeights, "diffWeights", diffBias, "diffBias", diffDst, "diffDst", window);
    Objects.requireNonNull(attributes, "attributes");
    if (!attributes.postOps().isEmpty()) {
      throw new IllegalArgumentException("attributes: expected no post-operations in a backward pass, got " + attributes.postOps());
    }
  }

  @Override
  public List<Argument> arguments() {
    return Specs.list(attributes, Argument.in(ArgumentRole.SRC, src), Argument.in(ArgumentRole.DIFF_DST, diffDst),
        Argument.out(ArgumentRole.DIFF_WEIGHTS, diffWeights), Argument.out(ArgumentRole.DIFF_BIAS, diffBias));
  }
}
