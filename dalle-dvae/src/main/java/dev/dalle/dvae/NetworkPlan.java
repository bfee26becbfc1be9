package dev.dalle.dvae;

import dev.dalle.tensor.Parameter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A network before it is made: which convolutions there are and what they are called. Source: Ramesh et al. 2021, arXiv 2102.12092, section
 * A.1; names as in the published weights behind a prefix for the network.
 *
 * @param groups from the first to the last
 * @param strides pixels along one side that a position of each group stands for; between groups they double or halve
 */
record NetworkPlan(ConvolutionPlan input, List<List<BlockPlan>> groups, List<Integer> strides, ConvolutionPlan output) {
  private static final int[] ENCODER_KERNELS = {3, 3, 3, 1};
  private static final int[] DECODER_KERNELS = {1, 3, 3, 3};
  private static final int ENCODER_INPUT_KERNEL = 7;

  static NetworkPlan encoder(DvaeConfig config) {
    String name = "encoder.blocks";
    ConvolutionPlan input = new ConvolutionPlan(name + ".input", DvaeConfig.CHANNELS, config.width(), ENCODER_INPUT_KERNEL, 1,
        Parameter.Kind.MATRIX);
    List<List<BlockPlan>> groups = new ArrayList<>();
    List<Integer> strides = new ArrayList<>();
    int inputs = config.width();
    for (int group = 0; group < config.groups(); group++) {
      int outputs = config.width() << group;
      groups.add(group(config, name, group, inputs, outputs, ENCODER_KERNELS));
      strides.add(1 << group);
      inputs = outputs;
    }
    // The two convolutions around the code are an unembedding and an embedding: always in 32 bits.
    ConvolutionPlan output = new ConvolutionPlan(name + ".output.conv", inputs, config.vocabulary(), config.layerChoice().codeKernel(), 1,
        Parameter.Kind.FULL);
    return new NetworkPlan(input, List.copyOf(groups), List.copyOf(strides), output);
  }

  static NetworkPlan decoder(DvaeConfig config) {
    String name = "decoder.blocks";
    ConvolutionPlan input = new ConvolutionPlan(name + ".input", config.vocabulary(), config.decoderInit(), config.layerChoice().codeKernel(),
        config.decoderInputGain(), Parameter.Kind.FULL);
    List<List<BlockPlan>> groups = new ArrayList<>();
    List<Integer> strides = new ArrayList<>();
    int inputs = config.decoderInit();
    for (int group = 0; group < config.groups(); group++) {
      int outputs = config.width() << (config.groups() - 1 - group);
      groups.add(group(config, name, group, inputs, outputs, DECODER_KERNELS));
      strides.add(1 << (config.groups() - 1 - group));
      inputs = outputs;
    }
    ConvolutionPlan output = new ConvolutionPlan(name + ".output.conv", inputs, 2 * DvaeConfig.CHANNELS, 1, 1, Parameter.Kind.MATRIX);
    return new NetworkPlan(input, List.copyOf(groups), List.copyOf(strides), output);
  }

  private static List<BlockPlan> group(DvaeConfig config, String network, int group, int inputs, int outputs, int[] kernels) {
    List<BlockPlan> blocks = new ArrayList<>();
    for (int block = 0; block < config.blocksPerGroup(); block++) {
      String name = network + ".group_" + (group + 1) + ".block_" + (block + 1);
      blocks.add(block(config, name, block == 0 ? inputs : outputs, outputs, kernels));
    }
    return List.copyOf(blocks);
  }

  private static BlockPlan block(DvaeConfig config, String name, int inputs, int outputs, int[] kernels) {
    Optional<ConvolutionPlan> identity = inputs == outputs ? Optional.empty()
        : Optional.of(new ConvolutionPlan(name + ".id_path", inputs, outputs, 1, config.identityGain(), Parameter.Kind.MATRIX));
    int hidden = outputs / 4;
    List<ConvolutionPlan> residual = new ArrayList<>();
    for (int i = 0; i < kernels.length; i++) {
      int from = i == 0 ? inputs : hidden;
      int to = i == kernels.length - 1 ? outputs : hidden;
      residual.add(new ConvolutionPlan(name + ".res_path.conv_" + (i + 1), from, to, kernels[i], config.residualGain(),
          Parameter.Kind.MATRIX));
    }
    return new BlockPlan(identity, List.copyOf(residual));
  }

  Stream<ConvolutionPlan> convolutions() {
    return Stream.of(Stream.of(input), groups.stream().flatMap(List::stream).flatMap(BlockPlan::convolutions), Stream.of(output))
        .flatMap(stream -> stream);
  }

  /**
   * Pixels on each side of what a token stands for that its logits depend on, or tokens' pixels that a pixel depends on: every convolution reads its radius
   * in positions of its own grid; pooling and doubling read nothing beyond.
   */
  int pixelRadius() {
    int radius = input.radius() * strides.getFirst() + output.radius() * strides.getLast();
    for (int group = 0; group < groups.size(); group++) {
      radius += strides.get(group) * groups.get(group).stream().mapToInt(BlockPlan::radius).sum();
    }
    return radius;
  }

  /** {@link #pixelRadius} in whole tokens. */
  int tokenRadius() {
    return Math.ceilDiv(pixelRadius(), Math.max(strides.getFirst(), strides.getLast()));
  }

  long parameterCount() {
    return convolutions().mapToLong(ConvolutionPlan::parameterCount).sum();
  }
}
