package dev.dalle.dvae;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.ParameterSet;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Shape;
import dev.dalle.tensor.ShapeException;
import dev.dalle.tensor.Tensor;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * A discrete VAE: encoder and decoder over one set of parameters, which live in the scope it was made in. Source: Ramesh et al. 2021, arXiv
 * 2102.12092, section 2.1.
 *
 * <p>Parameters are named as in the published weights behind {@code encoder.} or {@code decoder.}, for example
 * {@code encoder.blocks.group_1.block_1.res_path.conv_1.w} (groups, blocks and convolutions count from 1; {@code id_path} is the 1 x 1
 * convolution beside a residual path; {@code blocks.input} and {@code blocks.output.conv} are the ends). Weights {@code .w} are
 * {@code [outputs, inputs, k, k]}, biases {@code .b} {@code [outputs]}. The weights of {@code encoder.blocks.output.conv} and
 * {@code decoder.blocks.input}, around the code, are of kind FULL.
 */
public final class Dvae {
  private final DvaeConfig config;
  private final ParameterSet parameters;
  private final Optional<Encoder> encoder;
  private final Optional<Decoder> decoder;

  /** With undefined F32 parameter values: {@link #initialise} or load them. */
  public Dvae(Scope scope, DvaeConfig config) {
    this(scope, config, DType.F32);
  }

  /**
   * With undefined parameter values: {@link #initialise} or load them.
   *
   * @param matrixType in which the weights of kind MATRIX are kept: F32, F16 or BF16; everything else is F32
   */
  public Dvae(Scope scope, DvaeConfig config, DType matrixType) {
    this(scope, config, matrixType, EnumSet.allOf(DvaeNetwork.class));
  }

  /**
   * One of its networks, or both, with undefined parameter values: an encoder is all that pictures to tokens take, a decoder all that tokens to pictures take.
   *
   * @param matrixType as above
   * @param networks at least one
   */
  public Dvae(Scope scope, DvaeConfig config, DType matrixType, Set<DvaeNetwork> networks) {
    if (networks.isEmpty()) {
      throw new IllegalArgumentException("networks: expected an encoder, a decoder or both, got none");
    }
    this.config = Objects.requireNonNull(config, "config");
    this.parameters = new ParameterSet(scope, matrixType);
    this.encoder = networks.contains(DvaeNetwork.ENCODER) ? Optional.of(new Encoder(parameters, config)) : Optional.empty();
    this.decoder = networks.contains(DvaeNetwork.DECODER) ? Optional.of(new Decoder(parameters, config)) : Optional.empty();
  }

  /**
   * Starting values: weights normal of mean 0 and deviation {@code gain / sqrt(inputs * k * k)}, biases 0 (section A.1; the gains are the
   * configuration's). A parameter's values depend on the seed and on its name alone.
   */
  public void initialise(long seed) {
    encoder.ifPresent(network -> network.initialise(seed));
    decoder.ifPresent(network -> network.initialise(seed));
  }

  /** What it was made from. */
  public DvaeConfig config() {
    return config;
  }

  /** Every parameter: the encoder's, then the decoder's. */
  public ParameterSet parameters() {
    return parameters;
  }

  /** Whether it has a network. */
  public boolean has(DvaeNetwork network) {
    return network == DvaeNetwork.ENCODER ? encoder.isPresent() : decoder.isPresent();
  }

  /**
   * Pictures to logits.
   *
   * @throws IllegalStateException if it was made without
   */
  public Encoder encoder() {
    return encoder.orElseThrow(() -> new IllegalStateException("encoder: this model is a decoder alone; make it of the weights of both networks"));
  }

  /**
   * Codes to maps.
   *
   * @throws IllegalStateException if it was made without
   */
  public Decoder decoder() {
    return decoder.orElseThrow(() -> new IllegalStateException("decoder: this model is an encoder alone; make it of the weights of both networks"));
  }

  /** Pictures of the size that is trained on. */
  static void checkTrainingImages(String name, Tensor images, DvaeConfig config) {
    long batch = images.shape().rank() == 0 ? 0 : images.dim(0);
    Shape expected = Shape.of(batch, config.imageSize(), config.imageSize(), DvaeConfig.CHANNELS);
    if (!images.shape().equals(expected) || images.dtype() != DType.F32) {
      throw new ShapeException(name + ": expected F32" + expected + " [batch, size, size, channels], got " + images);
    }
  }

  /** Pictures that divide into tokens. */
  static void checkImages(String name, Tensor images, DvaeConfig config) {
    int side = config.downsampling();
    boolean right = isGrid(images, DType.F32, 4) && images.dim(3) == DvaeConfig.CHANNELS && images.dim(1) % side == 0 && images.dim(2) % side == 0;
    if (!right) {
      throw new ShapeException(name + ": expected F32 [batch, height, width, " + DvaeConfig.CHANNELS + "] with height and width positive multiples of "
          + side + ", got " + images);
    }
  }

  static void checkCode(Tensor code, DvaeConfig config) {
    if (!isGrid(code, DType.F32, 4) || code.dim(3) != config.vocabulary()) {
      throw new ShapeException("code: expected F32 [batch, rows, columns, " + config.vocabulary() + "], got " + code);
    }
  }

  static void checkIds(Tensor ids) {
    if (!isGrid(ids, DType.I32, 3)) {
      throw new ShapeException("ids: expected I32 [batch, rows, columns], got " + ids);
    }
  }

  private static boolean isGrid(Tensor tensor, DType dtype, int rank) {
    return tensor.dtype() == dtype && tensor.shape().rank() == rank && tensor.dim(1) > 0 && tensor.dim(2) > 0;
  }
}
