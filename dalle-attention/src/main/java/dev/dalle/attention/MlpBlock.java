package dev.dalle.attention;

import dev.dalle.tensor.Activation;
import dev.dalle.tensor.Parameter;
import dev.dalle.tensor.ParameterSet;
import dev.dalle.tensor.Tape;
import dev.dalle.tensor.Tensor;
import java.util.List;

/** The resblock whose f is a perceptron with one hidden layer. */
public final class MlpBlock implements Resblock {
  private final String name;
  private final double epsilon;
  final Parameter normGain;
  final Parameter normBias;
  final Parameter inWeight;
  final Parameter inBias;
  final Parameter outWeight;
  final Parameter outBias;

  MlpBlock(TransformerConfig config, int layer, ParameterSet parameters) {
    name = "layer" + layer + ".mlp";
    epsilon = config.layerNormEpsilon();
    normGain = parameters.get(name + ".norm.gain");
    normBias = parameters.get(name + ".norm.bias");
    inWeight = parameters.get(name + ".in.weight");
    inBias = parameters.get(name + ".in.bias");
    outWeight = parameters.get(name + ".out.weight");
    outBias = parameters.get(name + ".out.bias");
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public List<Parameter> parameters() {
    return List.of(normGain, normBias, inWeight, inBias, outWeight, outBias);
  }

  @Override
  public Tensor branch(Tape tape, Tensor x) {
    Tensor normed = tape.layerNorm(x, normGain, normBias, epsilon, tape.computeType());
    Tensor hidden = tape.activation(Activation.QUICK_GELU, tape.linear(normed, inWeight, inBias));
    return tape.linear(hidden, outWeight, outBias);
  }
}
