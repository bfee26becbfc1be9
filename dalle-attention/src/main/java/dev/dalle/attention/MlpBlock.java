package dev.dalle.attention;

import dev.dalle.tensor.Activation;
import dev.dalle.tensor.Parameter;
import dev.dalle.tensor.ParameterSet;
import dev.dalle.tensor.Tape;
import dev.dalle.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

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

  /**
   * A block of parameters that are in a set already.
   *
   * @param name the path that starts their names
   * @param epsilon of the layer norm: added to the variance
   * @param parameters has those of {@link #specs} with the same name
   */
  public MlpBlock(String name, double epsilon, ParameterSet parameters) {
    this.name = Objects.requireNonNull(name, "name");
    this.epsilon = epsilon;
    normGain = parameters.get(name + ".norm.gain");
    normBias = parameters.get(name + ".norm.bias");
    inWeight = parameters.get(name + ".in.weight");
    inBias = parameters.get(name + ".in.bias");
    outWeight = parameters.get(name + ".out.weight");
    outBias = parameters.get(name + ".out.bias");
  }

  /**
   * What such a block is made of.
   *
   * @param name the path that starts the parameters' names
   * @param width size of a state
   * @param hidden size of the hidden layer
   * @param gain of the first matrix: its weights start with deviation {@code gain / sqrt(fan-in)}
   * @param ending that of the matrix that ends the branch
   */
  public static List<ParameterSpec> specs(String name, int width, int hidden, double gain, double ending) {
    List<ParameterSpec> specs = new ArrayList<>(ParameterSpec.norm(name + ".norm", width));
    specs.addAll(ParameterSpec.linear(name + ".in", gain, hidden, width));
    specs.addAll(ParameterSpec.linear(name + ".out", ending, width, hidden));
    return specs;
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
