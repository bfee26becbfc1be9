package dev.dalle.dvae;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the parameters of a discrete VAE are called in files of other programs. All forms are of one kind, {@code ENTRY.NETWORK.blocks.PLACE.KIND}:
 *
 * <table>
 * <caption>The parts of a name</caption>
 * <tr><th>part</th><th>ours, as published</th><th>also</th></tr>
 * <tr><td>ENTRY</td><td>nothing</td><td>anything: what the model is called in a larger one ({@code vae}) or in a training's checkpoint ({@code model},
 * {@code ema})</td></tr>
 * <tr><td>NETWORK</td><td>{@code encoder}, {@code decoder}</td><td>{@code enc}, {@code dec} (DALLE-pytorch); nothing, where the file is that of one network</td></tr>
 * <tr><td>PLACE</td><td>{@code input}, {@code output.conv}, {@code group_1.block_1.id_path}, {@code group_1.block_1.res_path.conv_1}</td>
 * <td>{@code group_1.group.block_1} and {@code res_path.path.conv_1} (FLAVA's image codebook)</td></tr>
 * <tr><td>KIND</td><td>{@code w}, {@code b}</td><td>{@code weight}, {@code bias}</td></tr>
 * </table>
 *
 * <p>Between these parts stand, and mean nothing, the names that PyTorch's wrappers add: {@code module} (DataParallel), {@code _orig_mod} (compile) and
 * {@code state_dict}. The layout is the same everywhere: weights {@code [outputs, inputs, k, k]}, biases {@code [outputs]}.
 *
 * @param entry ENTRY without the wrappers' names; empty if there is none
 * @param writtenEntry ENTRY as it is written
 * @param network NETWORK, if it is said
 * @param parameter our name behind the network's, {@code blocks.PLACE.KIND}; empty if the name is not one of a parameter
 */
record DvaeNames(String entry, String writtenEntry, Optional<DvaeNetwork> network, Optional<String> parameter) {
  private static final String BLOCKS = "blocks";
  private static final Set<String> WRAPPERS = Set.of("module", "_orig_mod", "state_dict");
  private static final Map<String, DvaeNetwork> NETWORKS = Map.of("encoder", DvaeNetwork.ENCODER, "enc", DvaeNetwork.ENCODER, "decoder", DvaeNetwork.DECODER,
      "dec", DvaeNetwork.DECODER);
  private static final Pattern PLACE = Pattern.compile(
      "(input|output\\.conv|group_[1-9]\\d?(?:\\.group)?\\.block_[1-9]\\d{0,2}\\.(?:id_path|res_path(?:\\.path)?\\.conv_[1-9]))\\.(w|b|weight|bias)");
  /** What a training's checkpoint holds beside the model, at its top. */
  private static final Pattern TRAINING = Pattern.compile(".*optim.*|opt|.*sched.*|.*scaler.*|.*rng.*|.*epoch.*|.*step.*|.*iter.*|.*loss.*|loops|callbacks");

  static DvaeNames of(String name) {
    List<String> written = List.of(name.split("\\.", -1));
    List<String> entry = new ArrayList<>();
    int at = 0;
    while (at < written.size() && !written.get(at).equals(BLOCKS) && !NETWORKS.containsKey(written.get(at))) {
      if (!WRAPPERS.contains(written.get(at))) {
        entry.add(written.get(at));
      }
      at++;
    }
    String writtenEntry = String.join(".", written.subList(0, at));
    Optional<DvaeNetwork> network = at < written.size() ? Optional.ofNullable(NETWORKS.get(written.get(at))) : Optional.empty();
    if (network.isPresent()) {
      at++;
    }
    while (at < written.size() && WRAPPERS.contains(written.get(at))) {
      at++;
    }
    boolean blocks = at < written.size() && written.get(at).equals(BLOCKS);
    return new DvaeNames(String.join(".", entry), writtenEntry, network,
        blocks ? parameter(String.join(".", written.subList(at + 1, written.size()))) : Optional.empty());
  }

  private static Optional<String> parameter(String behind) {
    Matcher matcher = PLACE.matcher(behind);
    return matcher.matches() ? Optional.of(BLOCKS + "." + matcher.group(1).replace(".group.", ".").replace(".path.", ".") + "." + matcher.group(2).charAt(0))
        : Optional.empty();
  }

  /** Whether this may lie beside a model under an entry without being part of it. */
  boolean isBeside(String model) {
    return model.isEmpty() ? TRAINING.matcher(entry.split("\\.", 2)[0]).matches() : !entry.equals(model) && !entry.startsWith(model + ".");
  }
}
