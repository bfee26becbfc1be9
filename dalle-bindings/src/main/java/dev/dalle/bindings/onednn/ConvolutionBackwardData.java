package dev.dalle.bindings.onednn;

import java.util.List;
import java.util.Objects;

/**
 * Gradient of a convolution with respect to its images. {@code execute(diffDst, weights, diffSrc)}.
 *
 * @param diffSrc {@code [n, c, h, w]}, overwritten
 * @param weights {@code [o, c, kh, kw]}; use {@link MemoryDesc#any any} and a {@link Reorder}: with plain weights oneDNN
 *     has only its slow reference code for these images
 * @param diffDst {@code [n, o, oh, ow]}
 * @param window size, stride, padding, dilation
 * @param attributes precision; post-operations are refused
 */
public record ConvolutionBackwardData(MemoryDesc diffSrc, MemoryDesc weights, MemoryDesc diffDst, Window window, Attributes attributes)
    implements PrimitiveSpec {
  public ConvolutionBackwardData {
    Specs.convolution(diffSrc, "diffSrc", weights, "weights", MemoryDesc.NONE, "bias", diffDst, "diffDst", window);
    Objects.requireNonNull(attributes, "attributes");
    if (!attributes.postOps().isEmpty()) {
      throw new IllegalArgumentException("attributes: expected no post-operations in a backward pass, got " + attributes.postOps());
    }
  }

  @Override
  public List<Argument> arguments() {
    return Specs.list(attributes, Argument.in(ArgumentRole.DIFF_DST, diffDst), Argument.in(ArgumentRole.WEIGHTS, weights),
        Argument.out(ArgumentRole.DIFF_SRC, diffSrc));
  }
}
