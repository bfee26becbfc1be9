package dev.dalle.dvae;

import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Which discrete VAE: its sizes, how it begins and the few places where a short run departs from the paper. Source: Ramesh et al. 2021,
 * arXiv 2102.12092, sections 2.1, A.1 to A.3.
 *
 * <p>The last eight fields are choices that the paper leaves at their plain values (see {@link #paper()}). With small weights and a few
 * hundred updates the picture hardly reaches the logits; {@link #small()} keeps the variance through the depth instead.
 *
 * @param imageSize height and width of the pictures; a multiple of {@code 2^(groups - 1)}
 * @param width channels after the encoder's first convolution (n_hid); group g of the encoder has {@code width * 2^(g - 1)}; a multiple of 4,
 *     because the residual paths are a quarter as wide
 * @param groups groups of blocks in each network; between groups the grid is halved (encoder) or doubled (decoder)
 * @param blocksPerGroup residual blocks in a group
 * @param vocabulary number of codes (K)
 * @param decoderInit channels after the decoder's first convolution (n_init)
 * @param pixelCentre subtracted from the mapped pixel before the encoder's first convolution; paper: 0
 * @param pixelScale then multiplied; paper: 1
 * @param residualGain the convolutions of residual paths start with deviation {@code residualGain / sqrt(inputs * k * k)}; paper: 1; the square
 *     root of 2 keeps the variance through a ReLU
 * @param identityGain the same for the 1 x 1 convolutions beside them; paper: 1
 * @param postGain factor on every residual path; paper: 1 / layers^2, see {@link #paperPostGain}
 * @param decoderInputGain the same as residualGain for the decoder's first convolution; paper: 1; a soft code over many entries averages
 *     small weights away
 * @param minLogScale lower bound of ln b in the likelihood; paper: none. Flat drawings make the density unbounded without one
 * @param variant other layers than the published networks have, for experiments; paper: none
 */
public record DvaeConfig(int imageSize, int width, int groups, int blocksPerGroup, int vocabulary, int decoderInit, double pixelCentre,
    double pixelScale, double residualGain, double identityGain, double postGain, double decoderInputGain, OptionalDouble minLogScale,
    Optional<NetworkVariant> variant) {
  /** Red, green, blue. */
  public static final int CHANNELS = 3;
  private static final int MOST_GROUPS = 8;

  /**
   * Checks every field.
   *
   * @throws IllegalArgumentException naming the field, what was expected and what was given
   */
  public DvaeConfig {
    check(groups >= 1 && groups <= MOST_GROUPS, "groups", "1 to " + MOST_GROUPS, groups);
    check(imageSize >= 1 && imageSize % (1 << (groups - 1)) == 0, "imageSize",
        "a positive multiple of " + (1 << Math.max(0, Math.min(groups, MOST_GROUPS) - 1)) + " for " + groups + " groups", imageSize);
    check(width >= 4 && width % 4 == 0 && width <= 1 << 16, "width", "a multiple of 4 from 4 to 65536", width);
    check(blocksPerGroup >= 1, "blocksPerGroup", "1 or more", blocksPerGroup);
    check(vocabulary >= 2, "vocabulary", "2 or more", vocabulary);
    check(decoderInit >= 1, "decoderInit", "1 or more", decoderInit);
    check(pixelCentre >= 0 && pixelCentre <= 1, "pixelCentre", "a number from 0 to 1", pixelCentre);
    checkPositive("pixelScale", pixelScale);
    checkPositive("residualGain", residualGain);
    checkPositive("identityGain", identityGain);
    checkPositive("postGain", postGain);
    checkPositive("decoderInputGain", decoderInputGain);
    check(minLogScale.isEmpty() || Double.isFinite(minLogScale.getAsDouble()), "minLogScale", "a finite number or none", minLogScale);
    Objects.requireNonNull(variant, "variant");
  }

  /** With the layers of the published networks. */
  public DvaeConfig(int imageSize, int width, int groups, int blocksPerGroup, int vocabulary, int decoderInit, double pixelCentre, double pixelScale,
      double residualGain, double identityGain, double postGain, double decoderInputGain, OptionalDouble minLogScale) {
    this(imageSize, width, groups, blocksPerGroup, vocabulary, decoderInit, pixelCentre, pixelScale, residualGain, identityGain, postGain,
        decoderInputGain, minLogScale, Optional.empty());
  }

  private static void checkPositive(String field, double value) {
    check(value > 0 && Double.isFinite(value), field, "a positive finite number", value);
  }

  private static void check(boolean right, String field, String expected, Object given) {
    if (!right) {
      throw new IllegalArgumentException(field + ": expected " + expected + ", got " + given);
    }
  }

  /** The paper's: 256 x 256 pixels, 32 x 32 tokens of 8192 codes, 53,786,240 and 43,829,766 parameters. */
  public static DvaeConfig paper() {
    return plain(256, 256, 4, 2, 8192, 128);
  }

  /** Sizes of the caller's own, everything else as in the paper. */
  public static DvaeConfig plain(int imageSize, int width, int groups, int blocksPerGroup, int vocabulary, int decoderInit) {
    return new DvaeConfig(imageSize, width, groups, blocksPerGroup, vocabulary, decoderInit, 0, 1, 1, 1,
        paperPostGain(groups, blocksPerGroup), 1, OptionalDouble.empty());
  }

  /**
   * Small drawings in minutes: 64 x 64 pixels, 8 x 8 tokens of 512 codes, with the departures that short runs need. The logits of drawings on
   * white begin with a standard deviation between 1 and 2: at 0.05 short runs never use the code, from 3 on they collapse to one.
   */
  public static DvaeConfig small() {
    return new DvaeConfig(64, 32, 4, 1, 512, 128, 0.5, 3, Math.sqrt(2), 1, 0.25, 16, OptionalDouble.of(-1));
  }

  /** The paper's factor on residual paths: one over the square of the number of blocks of a network. */
  public static double paperPostGain(int groups, int blocksPerGroup) {
    double layers = (double) groups * blocksPerGroup;
    return 1 / (layers * layers);
  }

  /** The same with other layers. */
  public DvaeConfig withVariant(NetworkVariant newVariant) {
    return new DvaeConfig(imageSize, width, groups, blocksPerGroup, vocabulary, decoderInit, pixelCentre, pixelScale, residualGain, identityGain,
        postGain, decoderInputGain, minLogScale, Optional.of(newVariant));
  }

  /** The variant, or what is published. */
  NetworkVariant layerChoice() {
    return variant.orElse(NetworkVariant.PUBLISHED);
  }

  /** Residual blocks in each network. */
  public int layers() {
    return groups * blocksPerGroup;
  }

  /** Pixels a token stands for, along one side. */
  public int downsampling() {
    return 1 << (groups - 1);
  }

  /** Height and width of the grid of tokens. */
  public int gridSize() {
    return imageSize / downsampling();
  }

  /** Tokens of a picture. */
  public int tokensPerImage() {
    return gridSize() * gridSize();
  }

  /** Numbers that make up a picture. */
  public int valuesPerImage() {
    return imageSize * imageSize * CHANNELS;
  }

  /** Trained numbers of the encoder; allocates nothing on a device. */
  public long encoderParameterCount() {
    return NetworkPlan.encoder(this).parameterCount();
  }

  /** Trained numbers of the decoder; allocates nothing on a device. */
  public long decoderParameterCount() {
    return NetworkPlan.decoder(this).parameterCount();
  }
}
