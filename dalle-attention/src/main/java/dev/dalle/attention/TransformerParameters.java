package dev.dalle.attention;

import dev.dalle.tensor.Parameter.Kind;
import dev.dalle.tensor.Shape;
import java.util.ArrayList;
import java.util.List;

/** The one list of a transformer's parameters: what is allocated, counted and initialised comes from here. */
final class TransformerParameters {
  private final TransformerConfig config;
  private final List<ParameterSpec> specs = new ArrayList<>();

  private TransformerParameters(TransformerConfig config) {
    this.config = config;
  }

  static List<ParameterSpec> of(TransformerConfig config) {
    TransformerParameters parameters = new TransformerParameters(config);
    parameters.inputs();
    for (int layer = 1; layer <= config.layers(); layer++) {
      parameters.layer("layer" + layer);
    }
    parameters.outputs();
    return List.copyOf(parameters.specs);
  }

  private void inputs() {
    int d = config.width();
    double token = config.initialisation().embeddingGain() / Math.sqrt(d);
    normal("text.token", Kind.FULL, token, config.textVocabulary(), d);
    normal("text.position", Kind.FULL, token, config.textLength(), d);
    normal("text.padding", Kind.FULL, token, config.textLength(), d);
    normal("image.token", Kind.FULL, token, config.imageVocabulary(), d);
    normal("image.row", Kind.FULL, token / Math.sqrt(2), config.gridSide(), d);
    normal("image.column", Kind.FULL, token / Math.sqrt(2), config.gridSide(), d);
    normal("start", Kind.FULL, token, 2, d);
  }

  private void layer(String name) {
    int d = config.width();
    int hidden = Math.multiplyExact(config.mlpRatio(), d);
    double gain = config.initialisation().gain();
    double ending = gain / Math.sqrt(2.0 * config.layers());
    specs.addAll(AttentionBlock.specs(name + ".attention", d, gain, ending));
    specs.addAll(MlpBlock.specs(name + ".mlp", d, hidden, gain, ending));
  }

  private void outputs() {
    specs.addAll(ParameterSpec.norm("final.norm", config.width()));
    head("head.text", config.textVocabulary());
    head("head.image", config.imageVocabulary());
  }

  private void head(String name, int vocabulary) {
    double deviation = config.initialisation().zeroHeads() ? 0 : config.initialisation().gain() / Math.sqrt(config.width());
    normal(name + ".weight", Kind.FULL, deviation, vocabulary, config.width());
    if (config.headBias()) {
      constant(name + ".bias", 0, vocabulary);
    }
  }

  private void normal(String name, Kind kind, double deviation, long... dims) {
    specs.add(new ParameterSpec(name, kind, Shape.of(dims), 0, deviation));
  }

  private void constant(String name, double value, long... dims) {
    specs.add(new ParameterSpec(name, Kind.FULL, Shape.of(dims), value, 0));
  }
}
