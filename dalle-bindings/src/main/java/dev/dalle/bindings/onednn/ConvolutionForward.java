package dev.dalle.bindings.onednn;

import java.util.List;
import java.util.Objects;

/**
 * Convolution of images. {@code execute(src, weights, [bias], dst, [operands of post-operations])}.
 * Use {@link MemoryDesc#nhwc} for images: bf16 with the channel slowest is ten times slower.
 *
 * @param src {@code [n, c, h, w]}
 * @param weights {@code [o, c, kh, kw]}; use {@link MemoryDesc#any any} and a {@link Reorder}: with plain weights oneDNN
 *     has only its slow reference code for these images
 * @param bias {@code [o]} or {@link MemoryDesc#NONE}
 * @param dst {@code [n, o, oh, ow]}
 * @param window size, stride, padding, dilation
 * @param attributes post-operations and precision
 */
public record ConvolutionForward(MemoryDesc src, MemoryDesc weights, MemoryDesc bias, MemoryDesc dst, Window window, Attributes attributes)
    implements PrimitiveSpec {
  public ConvolutionForward {
    Specs.convolution(src, "src", weights, "weights", bias, "bias", dst, "dst", window);
    Objects.requireNonNull(attributes, "attributes");
  }

  @Override
  public List<Argument> arguments() {
    return Specs.list(attributes, Argument.in(ArgumentRole.SRC, src), Argument.in(ArgumentRole.WEIGHTS, weights),
        Argument.in(ArgumentRole.BIAS, bias), Argument.out(ArgumentRole.DST, dst));
  }
}
