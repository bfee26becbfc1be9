package dev.dalle.attention;

import dev.dalle.tensor.Parameter;
import dev.dalle.tensor.ParameterSet;
import dev.dalle.tensor.Tape;
import dev.dalle.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** The resblock whose f is attention with a projection on either side. */
public final class AttentionBlock implements Resblock {
  private final String name;
  private final int heads;
  private final double epsilon;
  private final AttentionPattern pattern;
  final Parameter normGain;
  final Parameter normBias;
  final Parameter qkvWeight;
  final Parameter qkvBias;
  final Parameter outWeight;
  final Parameter outBias;

  /**
   * A block of parameters that are in a set already.
   *
   * @param name the path that starts their names
   * @param heads attention heads, of which the width is a multiple
   * @param epsilon of the layer norm: added to the variance
   * @param parameters has those of {@link #specs} with the same name
   */
  public AttentionBlock(String name, AttentionPattern pattern, int heads, double epsilon, ParameterSet parameters) {
    this.name = Objects.requireNonNull(name, "name");
    this.pattern = Objects.requireNonNull(pattern, "pattern");
    this.heads = heads;
    this.epsilon = epsilon;
    normGain = parameters.get(name + ".norm.gain");
    normBias = parameters.get(name + ".norm.bias");
    qkvWeight = parameters.get(name + ".qkv.weight");
    qkvBias = parameters.get(name + ".qkv.bias");
    outWeight = parameters.get(name + ".out.weight");
    outBias = parameters.get(name + ".out.bias");
    if (heads < 1 || normGain.shape().elementCount() % heads != 0) {
      throw new IllegalArgumentException("heads: expected a divisor of the width " + normGain.shape().elementCount() + ", got " + heads);
    }
  }

  /**
   * What such a block is made of.
   *
   * @param name the path that starts the parameters' names
   * @param width size of a state
   * @param gain of the first matrix: its weights start with deviation {@code gain / sqrt(fan-in)}
   * @param ending that of the matrix that ends the branch
   */
  public static List<ParameterSpec> specs(String name, int width, double gain, double ending) {
    List<ParameterSpec> specs = new ArrayList<>(ParameterSpec.norm(name + ".norm", width));
    specs.addAll(ParameterSpec.linear(name + ".qkv", gain, 3 * width, width));
    specs.addAll(ParameterSpec.linear(name + ".out", ending, width, width));
    return specs;
  }

  @Override
  public String name() {
    return name;
  }

  /** Which states read which. */
  public AttentionPattern pattern() {
    return pattern;
  }

  @Override
  public List<Parameter> parameters() {
    return List.of(normGain, normBias, qkvWeight, qkvBias, outWeight, outBias);
  }

  @Override
  public Tensor branch(Tape tape, Tensor x) {
    Tensor normed = tape.layerNorm(x, normGain, normBias, epsilon, tape.computeType());
    Tensor qkv = tape.linear(normed, qkvWeight, qkvBias);
    Tensor packed = tape.reshape(qkv, x.dim(0), x.dim(1), 3, heads, x.dim(2) / heads);
    return tape.linear(Attention.attend(tape, packed, pattern), outWeight, outBias);
  }
}
