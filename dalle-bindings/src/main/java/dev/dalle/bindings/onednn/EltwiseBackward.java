package dev.dalle.bindings.onednn;

import java.util.List;
import java.util.Objects;

/**
 * {@code diffSrc = diffDst f'(data)} element by element. {@code execute(data, diffDst, diffSrc)}; the last two may be the same
 * memory.
 *
 * @param algorithm the function; {@link EltwiseAlgorithm#backwardReadsDst()} says what {@code data} is
 * @param alpha its first parameter
 * @param beta its second parameter
 * @param data input or output of forward, any dimensions
 * @param diffDst dimensions of {@code data}
 * @param diffSrc dimensions of {@code data}, overwritten
 */
public record EltwiseBackward(EltwiseAlgorithm algorithm, float alpha, float beta, MemoryDesc data, MemoryDesc diffDst, MemoryDesc diffSrc)
    implements PrimitiveSpec {
  public EltwiseBackward {
    Objects.requireNonNull(algorithm, "algorithm");
    Specs.likeDims("diffDst", diffDst, "data", data);
    Specs.likeDims("diffSrc", diffSrc, "data", data);
  }

  @Override
  public List<Argument> arguments() {
    return Specs.list(Attributes.NONE, Argument.in(algorithm.backwardReadsDst() ? ArgumentRole.DST : ArgumentRole.SRC, data),
        Argument.in(ArgumentRole.DIFF_DST, diffDst), Argument.out(ArgumentRole.DIFF_SRC, diffSrc));
  }
}
