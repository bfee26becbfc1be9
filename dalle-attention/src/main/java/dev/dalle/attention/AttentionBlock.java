package dev.dalle.attention;

import dev.dalle.tensor.Parameter;
import dev.dalle.tensor.ParameterSet;
import dev.dalle.tensor.Tape;
import dev.dalle.tensor.Tensor;
import java.util.List;

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

  AttentionBlock(TransformerConfig config, int layer, ParameterSet parameters) {
    name = "layer" + layer + ".attention";
    heads = config.heads();
    epsilon = config.layerNormEpsilon();
    pattern = config.layerPattern().pattern(layer);
    normGain = parameters.get(name + ".norm.gain");
    normBias = parameters.get(name + ".norm.bias");
    qkvWeight = parameters.get(name + ".qkv.weight");
    qkvBias = parameters.get(name + ".qkv.bias");
    outWeight = parameters.get(name + ".out.weight");
    outBias = parameters.get(name + ".out.bias");
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
