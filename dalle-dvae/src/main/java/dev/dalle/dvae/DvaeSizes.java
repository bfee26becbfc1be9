package dev.dalle.dvae;

import dev.dalle.tensor.files.TensorEntry;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The sizes of a network, as the shapes of its tensors say them. Where several tensors say the same size, most of them decide, so that a wrong one is found out
 * and not all others.
 *
 * @param width channels of the encoder's first group
 * @param groups groups of blocks
 * @param blocksPerGroup blocks of each
 * @param vocabulary number of codes
 * @param decoderInit channels after the decoder's first convolution; of an encoder, which does not know it, the paper's
 */
record DvaeSizes(int width, int groups, int blocksPerGroup, int vocabulary, int decoderInit) {
  private static final Pattern LAST_OF_BLOCK = Pattern.compile("blocks\\.group_(\\d+)\\.block_(\\d+)\\.res_path\\.conv_4\\.w");
  private static final Pattern IN_BLOCK = Pattern.compile("blocks\\.group_(\\d+)\\.block_(\\d+)\\..*");
  private static final int MOST_SHIFT = 30;

  /**
   * Of a network.
   *
   * @param tensors by {@link DvaeNames#parameter}
   * @throws IllegalArgumentException if one of them cannot be found out; the message names the tensor that is missing
   */
  static DvaeSizes of(DvaeNetwork network, Map<String, TensorEntry> tensors) {
    int groups = greatest(tensors, 1);
    int blocks = greatest(tensors, 2);
    boolean encoder = network == DvaeNetwork.ENCODER;
    List<Long> widths = new ArrayList<>();
    List<Long> codes = new ArrayList<>();
    List<Long> inits = new ArrayList<>();
    add(widths, encoder ? tensors.get("blocks.input.w") : tensors.get("blocks.output.conv.w"), encoder ? 0 : 1, 0);
    add(codes, encoder ? tensors.get("blocks.output.conv.w") : tensors.get("blocks.input.w"), encoder ? 0 : 1, 0);
    if (encoder) {
      add(codes, tensors.get("blocks.output.conv.b"), 0, 0);
    } else {
      add(inits, tensors.get("blocks.input.w"), 0, 0);
      add(inits, tensors.get("blocks.input.b"), 0, 0);
      add(inits, tensors.get("blocks.group_1.block_1.res_path.conv_1.w"), 1, 0);
    }
    tensors.forEach((name, tensor) -> {
      Matcher matcher = LAST_OF_BLOCK.matcher(name);
      if (matcher.matches()) {
        int group = Integer.parseInt(matcher.group(1));
        add(widths, tensor, 0, encoder ? group - 1 : groups - group);
      }
    });
    return new DvaeSizes(most(widths, "blocks.input.w", "how many channels there are"), groups, blocks,
        most(codes, encoder ? "blocks.output.conv.w" : "blocks.input.w", "how many codes there are"),
        encoder ? DvaeConfig.paper().decoderInit() : most(inits, "blocks.input.w", "how many channels there are"));
  }

  private static int greatest(Map<String, TensorEntry> tensors, int number) {
    return tensors.keySet().stream().map(IN_BLOCK::matcher).filter(Matcher::matches).mapToInt(matcher -> Integer.parseInt(matcher.group(number))).max()
        .orElseThrow(() -> new IllegalArgumentException("blocks.group_1.block_1.res_path.conv_1.w is missing, and all other blocks"));
  }

  private static void add(List<Long> sizes, TensorEntry tensor, int dim, int shift) {
    if (tensor != null && tensor.shape().rank() > dim) {
      sizes.add(tensor.shape().dim(dim) >> Math.min(shift, MOST_SHIFT));
    }
  }

  /** What most say; of as many the first. */
  private static int most(List<Long> sizes, String tensor, String what) {
    Map<Long, Long> counts = sizes.stream().collect(Collectors.groupingBy(Function.identity(), Collectors.counting()));
    Optional<Long> most = sizes.stream().max(Comparator.comparing((Long size) -> counts.get(size)).thenComparing(size -> -sizes.indexOf(size)));
    return most.map(size -> (int) Math.min(size, Integer.MAX_VALUE))
        .orElseThrow(() -> new IllegalArgumentException(tensor + " is missing, which says " + what));
  }

  /**
   * The configuration of the published model with these sizes.
   *
   * @throws IllegalArgumentException if there is no such model
   */
  DvaeConfig config() {
    return DvaeConfig.plain(DvaeConfig.paper().imageSize(), width, groups, blocksPerGroup, vocabulary, decoderInit);
  }

  /** Those that both networks have, in words. */
  String shared() {
    return groups + " groups of " + blocksPerGroup + " blocks, width " + width + ", " + vocabulary + " codes";
  }
}
