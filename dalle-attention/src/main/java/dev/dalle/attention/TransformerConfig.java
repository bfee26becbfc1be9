package dev.dalle.attention;

import dev.dalle.tensor.Parameter;
import java.util.List;
import java.util.Objects;

/**
 * Everything that decides a transformer's shape, initial weights and loss. Source: Ramesh et al. 2021, arXiv 2102.12092, sections 2.2, 2.4 and
 * appendix B.1; what the paper leaves open follows Child et al. 2019, arXiv 1904.10509.
 *
 * @param textLength text states T, the start of the text included: a caption has at most T - 1 tokens
 * @param gridSide side W of the grid of image tokens
 * @param textVocabulary number of text tokens; start and padding are not among them
 * @param imageVocabulary number of image tokens
 * @param layers attention layers, each followed by a perceptron: twice as many resblocks
 * @param width size of a state d, a multiple of the heads
 * @param heads attention heads
 * @param mlpRatio size of a perceptron's hidden layer over the width
 * @param convolutionKernel side of the last layer's neighbourhood: odd, at most the grid's side
 * @param layerNormEpsilon added to the variance
 * @param headBias whether the output heads have a bias
 * @param textLossShare share of the text in the loss, from 0 to 1; the image has the rest
 * @param initialisation how weights start
 */
public record TransformerConfig(int textLength, int gridSide, int textVocabulary, int imageVocabulary, int layers, int width, int heads, int mlpRatio,
    int convolutionKernel, double layerNormEpsilon, boolean headBias, double textLossShare, Initialisation initialisation) {

  /**
   * Initial weights: normal with deviation {@code gain / sqrt(fan-in)} for matrices, divided by {@code sqrt(2 layers)} for the two that end a
   * resblock's branch; {@code embeddingGain / sqrt(d)} for token, padding and start vectors; {@code embeddingGain / sqrt(d n)} for positions, n being how
   * many of them are added to a state (1 for text, 2 for the image's row and column). Biases 0, gains 1.
   *
   * @param gain of matrices
   * @param embeddingGain of input vectors
   * @param zeroHeads whether the output heads start as zeros: the first loss is then exactly uniform
   */
  public record Initialisation(double gain, double embeddingGain, boolean zeroHeads) {
    /** Checks the numbers. */
    public Initialisation {
      if (!(gain > 0 && gain <= 10)) {
        throw new IllegalArgumentException("initialisation gain: expected more than 0, at most 10, got " + gain);
      }
      if (!(embeddingGain > 0 && embeddingGain <= 10)) {
        throw new IllegalArgumentException("initialisation embedding gain: expected more than 0, at most 10, got " + embeddingGain);
      }
    }

    /** That of the Sparse Transformer (Child et al. 2019): 0.125, 0.125, zero heads. */
    public static Initialisation sparseTransformer() {
      return new Initialisation(0.125, 0.125, true);
    }
  }

  /** Checks every field. */
  public TransformerConfig {
    atLeast("text length", textLength, 1);
    atLeast("grid side", gridSide, 1);
    atLeast("text vocabulary", textVocabulary, 1);
    atLeast("image vocabulary", imageVocabulary, 1);
    atLeast("layers", layers, 1);
    atLeast("width", width, 1);
    atLeast("heads", heads, 1);
    atLeast("mlp ratio", mlpRatio, 1);
    if (width % heads != 0) {
      throw new IllegalArgumentException("width: expected a multiple of the " + heads + " heads, got " + width);
    }
    new LayerPattern(layers, textLength, gridSide, convolutionKernel);
    if (!(layerNormEpsilon > 0 && layerNormEpsilon < 1)) {
      throw new IllegalArgumentException("layer norm epsilon: expected a number between 0 and 1, got " + layerNormEpsilon);
    }
    if (!(textLossShare >= 0 && textLossShare <= 1)) {
      throw new IllegalArgumentException("text loss share: expected 0 to 1, got " + textLossShare);
    }
    Objects.requireNonNull(initialisation, "initialisation");
  }

  private static void atLeast(String name, int value, int least) {
    if (value < least) {
      throw new IllegalArgumentException(name + ": expected " + least + " or more, got " + value);
    }
  }

  /** The paper's model of 12 billion parameters: 64 layers, 62 heads of 64. Output heads have no bias. */
  public static TransformerConfig paper() {
    return paperOfWidth(3968);
  }

  /** The paper's three sizes differ in width: 1920 (2.8 billion), 2688 (5.6 billion) and 3968 (12 billion); heads have 64 numbers. */
  public static TransformerConfig paperOfWidth(int width) {
    return new TransformerConfig(256, 32, 16384, 8192, 64, width, Math.max(1, width / 64), 4, 11, 1e-5, false, 0.125,
        Initialisation.sparseTransformer());
  }

  /** A model of chosen size with everything else as in the paper; the kernel is 11 or the greatest odd number that the grid allows. */
  public static TransformerConfig of(int textLength, int gridSide, int textVocabulary, int imageVocabulary, int layers, int width, int heads) {
    int kernel = Math.min(11, gridSide - 1 + gridSide % 2);
    return new TransformerConfig(textLength, gridSide, textVocabulary, imageVocabulary, layers, width, heads, 4, kernel, 1e-5, false, 0.125,
        Initialisation.sparseTransformer());
  }

  /** This configuration with other initial weights. */
  public TransformerConfig withInitialisation(Initialisation other) {
    return new TransformerConfig(textLength, gridSide, textVocabulary, imageVocabulary, layers, width, heads, mlpRatio, convolutionKernel,
        layerNormEpsilon, headBias, textLossShare, other);
  }

  /** This configuration with or without a bias in the output heads. */
  public TransformerConfig withHeadBias(boolean bias) {
    return new TransformerConfig(textLength, gridSide, textVocabulary, imageVocabulary, layers, width, heads, mlpRatio, convolutionKernel,
        layerNormEpsilon, bias, textLossShare, initialisation);
  }

  /** This configuration with another kernel in the last layer. */
  public TransformerConfig withConvolutionKernel(int kernel) {
    return new TransformerConfig(textLength, gridSide, textVocabulary, imageVocabulary, layers, width, heads, mlpRatio, kernel, layerNormEpsilon,
        headBias, textLossShare, initialisation);
  }

  /** Numbers a head. */
  public int headSize() {
    return width / heads;
  }

  /** Image tokens of a picture. */
  public int imageLength() {
    return gridSide * gridSide;
  }

  /** States of the stream: text and image. */
  public int length() {
    return textLength + imageLength();
  }

  /** The greatest number of tokens a caption can have: one state is the start of the text. */
  public int maxCaptionLength() {
    return textLength - 1;
  }

  /** The patterns of the attention layers. */
  public LayerPattern layerPattern() {
    return new LayerPattern(layers, textLength, gridSide, convolutionKernel);
  }

  /** What the model is made of, in order; allocates nothing on a device. */
  public List<ParameterSpec> parameters() {
    return TransformerParameters.of(this);
  }

  /** Number of trained numbers; allocates nothing on a device. */
  public long parameterCount() {
    return parameters().stream().mapToLong(spec -> spec.shape().elementCount()).sum();
  }

  /** Number of trained numbers of one kind. */
  public long parameterCount(Parameter.Kind kind) {
    return parameters().stream().filter(spec -> spec.kind() == kind).mapToLong(spec -> spec.shape().elementCount()).sum();
  }
}
