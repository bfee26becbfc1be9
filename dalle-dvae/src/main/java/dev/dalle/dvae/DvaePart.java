package dev.dalle.dvae;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Shape;
import dev.dalle.tensor.files.TensorEntry;
import dev.dalle.tensor.files.TensorFile;
import dev.dalle.tensor.files.TensorFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The weights of one network in an open file.
 *
 * @param file where they are
 * @param network which it is
 * @param tensors by our names behind the network's
 * @param others what is there besides and has no name of ours
 */
record DvaePart(Path file, DvaeNetwork network, Map<String, TensorEntry> tensors, List<TensorEntry> others) {
  private static final int NAMES_SHOWN = 3;

  /**
   * The networks in a file: one or both.
   *
   * @param chosen what names begin with that count
   * @throws TensorFileException if there is none, or more than one model
   */
  static List<DvaePart> in(TensorFile file, Optional<String> chosen) throws TensorFileException {
    Map<TensorEntry, DvaeNames> names = new LinkedHashMap<>();
    String prefix = chosen.map(entry -> entry + ".").orElse("");
    file.entries().stream().filter(tensor -> tensor.name().startsWith(prefix))
        .forEach(tensor -> names.put(tensor, DvaeNames.of(tensor.name().substring(prefix.length()))));
    Map<String, String> entries = new LinkedHashMap<>();
    names.values().stream().filter(name -> name.parameter().isPresent()).forEach(name -> entries.putIfAbsent(name.entry(), name.writtenEntry()));
    if (entries.isEmpty()) {
      throw new TensorFileException(file.path() + ": expected the weights of a discrete VAE, with names such as encoder.blocks.input.w or blocks.input.w"
          + chosen.map(entry -> " behind " + entry + ".").orElse("") + ", found " + found(file, chosen.isPresent()) + "; name the file of such a model");
    }
    if (entries.size() > 1) {
      throw new TensorFileException(file.path() + ": holds " + entries.size() + " discrete VAEs, under " + entries.values().stream()
          .map(written -> written.isEmpty() ? "no entry" : prefix + written).collect(Collectors.joining(" and ")) + "; name the entry of one of them");
    }
    String entry = entries.keySet().iterator().next();
    Map<TensorEntry, DvaeNames> model = new LinkedHashMap<>();
    names.forEach((tensor, name) -> {
      if (name.parameter().isPresent() || !name.isBeside(entry)) {
        model.put(tensor, name);
      }
    });
    return split(file.path(), model);
  }

  private static String found(TensorFile file, boolean chosen) {
    List<String> names = file.entries().stream().map(TensorEntry::name).toList();
    return names.isEmpty() ? "no tensors" : (chosen ? "none among " : "") + names.size()
        + (names.size() == 1 ? " tensor" : " tensors") + (chosen ? ", " : " of other names, ") + String.join(", ", names.subList(0, Math.min(NAMES_SHOWN, names.size()))) + (names.size() > NAMES_SHOWN ? " and so on" : "");
  }

  private static List<DvaePart> split(Path path, Map<TensorEntry, DvaeNames> model) throws TensorFileException {
    Map<DvaeNetwork, DvaePart> parts = new EnumMap<>(DvaeNetwork.class);
    Map<String, TensorEntry> unsaid = new LinkedHashMap<>();
    model.forEach((tensor, name) -> {
      if (name.network().isEmpty() && name.parameter().isPresent()) {
        unsaid.putIfAbsent(name.parameter().get(), tensor);
      }
    });
    Optional<DvaeNetwork> bare = unsaid.isEmpty() ? Optional.empty() : Optional.of(networkOf(path, unsaid));
    List<TensorEntry> others = new ArrayList<>();
    for (Map.Entry<TensorEntry, DvaeNames> named : model.entrySet()) {
      DvaeNames name = named.getValue();
      Optional<DvaeNetwork> network = name.network().or(() -> bare);
      if (name.parameter().isEmpty() || network.isEmpty()) {
        others.add(named.getKey());
        continue;
      }
      DvaePart part = parts.computeIfAbsent(network.get(), which -> new DvaePart(path, which, new LinkedHashMap<>(), new ArrayList<>()));
      TensorEntry before = part.tensors.putIfAbsent(name.parameter().get(), named.getKey());
      if (before != null) {
        throw new TensorFileException(path + ": " + network.get() + ": " + name.parameter().get() + " is there twice, as " + before.name() + " and as "
            + named.getKey().name() + "; take one of them out");
      }
    }
    parts.values().iterator().next().others.addAll(others);
    return List.copyOf(parts.values());
  }

  /** Where names do not say which network it is, kernels do: residual paths of a decoder begin with 1 x 1, and so does the decoder. */
  private static DvaeNetwork networkOf(Path path, Map<String, TensorEntry> tensors) throws TensorFileException {
    for (String name : List.of("blocks.group_1.block_1.res_path.conv_1.w", "blocks.input.w")) {
      TensorEntry tensor = tensors.get(name);
      if (tensor != null && tensor.shape().rank() == 4) {
        return tensor.shape().dim(3) == 1 ? DvaeNetwork.DECODER : DvaeNetwork.ENCODER;
      }
    }
    throw new TensorFileException(path + ": expected the weights of an encoder or a decoder, found neither"
        + " blocks.group_1.block_1.res_path.conv_1.w nor blocks.input.w with 4 dimensions, which tell them apart; is it the file of another architecture?");
  }

  /** What its tensors are called and shaped in a configuration, in the order of our parameters. */
  Map<String, Shape> shapes(DvaeConfig config) {
    Map<String, Shape> shapes = new LinkedHashMap<>();
    network.plan(config).convolutions().forEach(plan -> {
      String name = plan.name().substring(network.prefix().length());
      shapes.put(name + ".w", Shape.of(plan.outputs(), plan.inputs(), plan.kernel(), plan.kernel()));
      shapes.put(name + ".b", Shape.of(plan.outputs()));
    });
    return shapes;
  }

  /**
   * Fails unless the tensors are those of a configuration.
   *
   * @throws TensorFileException that lists all that differ
   */
  void check(DvaeConfig config) throws TensorFileException {
    Map<String, Shape> expected = shapes(config);
    List<String> problems = new ArrayList<>();
    expected.forEach((name, shape) -> {
      TensorEntry tensor = tensors.get(name);
      if (tensor == null) {
        problems.add(name + ": expected F32" + shape + ", found none");
      } else if (!tensor.shape().equals(shape) || !tensor.type().reads(DType.F32)) {
        problems.add(tensor.name() + ": expected F32" + shape + ", found " + tensor.type() + tensor.shape());
      }
    });
    tensors.forEach((name, tensor) -> {
      if (!expected.containsKey(name)) {
        problems.add(unexpected(tensor));
      }
    });
    others.forEach(tensor -> problems.add(unexpected(tensor)));
    if (!problems.isEmpty()) {
      throw new TensorFileException(file + ": " + problems.size() + (problems.size() == 1 ? " tensor does" : " tensors do") + " not fit "
          + article() + " of " + config.groups() + " groups of " + config.blocksPerGroup() + " blocks, width " + config.width() + ", "
          + config.vocabulary() + " codes; is it the file of another architecture?\n  " + String.join("\n  ", problems));
    }
  }

  private static String unexpected(TensorEntry tensor) {
    return tensor.name() + ": expected none, found " + tensor.type() + tensor.shape();
  }

  /** {@code an encoder} or {@code a decoder}. */
  String article() {
    return (network == DvaeNetwork.ENCODER ? "an " : "a ") + network;
  }
}
