package dev.dalle.trainer.cli;

import dev.dalle.dvae.DvaeConfig;
import dev.dalle.dvae.DvaeNetwork;
import dev.dalle.dvae.DvaeWeights;
import dev.dalle.dvae.NetworkVariant;
import dev.dalle.tensor.files.Safetensors;
import dev.dalle.tensor.files.SafetensorsFile;
import dev.dalle.tensor.files.StateDict;
import dev.dalle.tensor.files.TensorEntry;
import dev.dalle.tensor.files.TensorFile;
import dev.dalle.tensor.files.TensorFileException;
import dev.dalle.trainer.run.ModelFiles;
import dev.dalle.trainer.run.RunFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code dalle convert}: weights from one format to another. Numbers stay what they are, to the bit. */
@Command(
    name = "convert",
    description = {"Write weights in another format: those of a dVAE, or any tensors.",
        "IN is a run's folder, a file of safetensors, or one that torch.save wrote (.pkl, .pt, .pth, .bin); an encoder and a decoder may be two files.",
        "OUT's name decides: NAME.safetensors, which of a whole dVAE is a file of this program, NAME.pt or NAME.pth for torch.load. Names in it are those of the"
            + " published weights, behind encoder. and decoder. where it holds both."},
    footer = {"", "Examples:", "  dalle convert encoder.pkl decoder.pkl dvae.safetensors", "  dalle convert runs/demo encoder.pt --only encoder",
        "  dalle convert checkpoint.pt weights.safetensors --entry model"})
final class ConvertCommand implements Callable<Integer> {
  /** What is written. */
  private enum Format { SAFETENSORS, STATE_DICT }

  @Spec private CommandSpec spec;
  @Mixin private JsonOption json;

  @Parameters(arity = "1..*", paramLabel = "IN... OUT", description = "What is read, and last the file to be written.")
  private List<Path> paths;

  @Option(names = "--only", paramLabel = "NETWORK", description = "Write one network of a dVAE alone: encoder or decoder.")
  private Optional<DvaeNetwork> only = Optional.empty();

  @Option(names = "--entry", paramLabel = "NAME", description = "Of a file that holds more, such as a training's checkpoint, take what is under this entry.")
  private Optional<String> entry = Optional.empty();

  @Option(names = "--plain", description = "Copy tensors under the names they have, even if they are a dVAE's.")
  private boolean plain;

  @Override
  public Integer call() throws IOException {
    Path out = paths.getLast();
    if (paths.size() == 1) {
      throw new ParameterException(spec.commandLine(), "OUT: expected what is read and last the file to be written, got " + out + " alone");
    }
    Format format = format(out);
    List<Path> files = new ArrayList<>();
    for (Path path : paths.subList(0, paths.size() - 1)) {
      files.add(file(path, out));
    }
    if (plain && (files.size() > 1 || only.isPresent())) {
      throw new ParameterException(spec.commandLine(), "--plain: expected one file and no --only, which is for the networks of a dVAE");
    }
    if (plain || files.size() == 1 && only.isEmpty() && !holdsDvae(files.getFirst())) {
      copy(files.getFirst(), out, format);
    } else if (files.size() > 1) {
      convert(files, out, format);
    } else {
      try {
        convert(files, out, format);
      } catch (TensorFileException e) {
        throw new CommandException(withHint(e.getMessage()), e);
      }
    }
    return 0;
  }

  /** Behind the first line: of a list that follows it the end may not be shown. */
  private static String withHint(String message) {
    String[] lines = message.split("\n", 2);
    return lines[0] + (lines[0].endsWith("?") ? " " : ". ") + "--plain copies its tensors as they are" + (lines.length == 1 ? "" : ".\n" + lines[1]);
  }

  private Format format(Path out) {
    String name = String.valueOf(out.getFileName()).toLowerCase(Locale.ROOT);
    if (Files.isDirectory(out)) {
      throw new ParameterException(spec.commandLine(), "OUT: expected a file, got the folder " + out);
    }
    if (name.endsWith(".safetensors")) {
      return Format.SAFETENSORS;
    }
    if (name.endsWith(".pt") || name.endsWith(".pth")) {
      return Format.STATE_DICT;
    }
    throw new ParameterException(spec.commandLine(), "OUT: expected a name that ends in .safetensors, .pt or .pth, got " + out + (name.endsWith(".pkl")
        ? "; a .pkl is a layer of Python, of which a .pt holds the weights" : ""));
  }

  /** What is read where a path was given. */
  private static Path file(Path path, Path out) throws IOException {
    if (!Files.exists(path)) {
      throw new CommandException("no such file or folder: " + path);
    }
    Path file = Files.isDirectory(path) ? new RunFolder(path).dvae() : path;
    if (!Files.exists(file)) {
      throw new CommandException(path + ": expected a run's folder with the file " + file.getFileName() + ", found none; name files of weights instead");
    }
    if (Files.exists(out) && Files.isSameFile(file, out)) {
      throw new CommandException(file + ": cannot be read and written at once; give OUT another name");
    }
    return file;
  }

  private boolean holdsDvae(Path file) throws IOException {
    try (TensorFile tensors = TensorFile.open(file)) {
      return DvaeWeights.areIn(tensors, entry);
    }
  }

  private void convert(List<Path> files, Path out, Format format) throws IOException {
    try (DvaeWeights weights = new DvaeFiles(files, entry).open()) {
      Set<DvaeNetwork> networks = only.map(Set::of).orElse(weights.networks());
      if (!weights.networks().containsAll(networks)) {
        throw new CommandException("--only: expected " + only.get() + ", found only the other network in " + files.getFirst());
      }
      DvaeConfig config = weights.config();
      List<TensorEntry> tensors = weights.entries(networks);
      boolean whole = networks.size() == DvaeNetwork.values().length;
      if (!whole) {
        int prefix = networks.iterator().next().prefix().length();
        tensors = tensors.stream().map(tensor -> tensor.withName(tensor.name().substring(prefix))).toList();
      }
      if (whole && format == Format.SAFETENSORS) {
        ModelFiles.writeDvae(out, config, tensors);
      } else {
        write(out, format, tensors, Map.of("format", "pt"));
        warn(config, networks, out);
      }
      String model = whole ? "dVAE" : networks.iterator().next().toString();
      report(out, model, tensors, String.format(Locale.ROOT, "%s of %d groups of %d blocks, width %d, %d codes, %,d parameters", model, config.groups(),
          config.blocksPerGroup(), config.width(), config.vocabulary(), tensors.stream().mapToLong(tensor -> tensor.shape().elementCount()).sum()));
    }
  }

  private void copy(Path file, Path out, Format format) throws IOException {
    try (TensorFile opened = TensorFile.open(file)) {
      String prefix = entry.map(name -> name + ".").orElse("");
      List<TensorEntry> tensors = opened.entries().stream().filter(tensor -> tensor.name().startsWith(prefix))
          .map(tensor -> tensor.withName(tensor.name().substring(prefix.length()))).toList();
      if (tensors.isEmpty()) {
        throw new CommandException(file + ": expected tensors" + entry.map(name -> " under the entry " + name).orElse("") + ", found " + (opened.entries().isEmpty()
            ? "none" : "none; its entries are " + String.join(", ", opened.entries().stream().map(tensor -> tensor.name().split("\\.")[0]).distinct().toList())));
      }
      try {
        write(out, format, tensors, opened instanceof SafetensorsFile safe ? safe.metadata() : Map.of("format", "pt"));
      } catch (IllegalArgumentException e) {
        throw new CommandException(file + ": cannot be written in this format: " + e.getMessage(), e);
      }
      report(out, "tensors", tensors, tensors.size() + (tensors.size() == 1 ? " tensor" : " tensors"));
    }
  }

  private static void write(Path out, Format format, List<TensorEntry> tensors, Map<String, String> metadata) throws IOException {
    switch (format) {
      case SAFETENSORS -> Safetensors.copy(out, tensors, metadata);
      case STATE_DICT -> StateDict.copy(out, tensors);
    }
  }

  /** Other programs take every model for one as published, and so does this one where a file says nothing. */
  private void warn(DvaeConfig config, Set<DvaeNetwork> networks, Path out) {
    List<String> departures = new ArrayList<>();
    if (networks.contains(DvaeNetwork.ENCODER) && (config.pixelCentre() != 0 || config.pixelScale() != 1)) {
      departures.add("mapped pixels x go into its encoder as " + config.pixelScale() + " (x - " + config.pixelCentre() + ")");
    }
    if (config.postGain() != DvaeConfig.paperPostGain(config.groups(), config.blocksPerGroup())) {
      departures.add("its post_gain is " + config.postGain() + ", not 1 / " + config.layers() * config.layers());
    }
    if (networks.contains(DvaeNetwork.ENCODER) && config.variant().filter(layers -> layers.pooling() != NetworkVariant.PUBLISHED.pooling()).isPresent()) {
      departures.add("its encoder halves its grid by means, not by the greatest");
    }
    if (!departures.isEmpty()) {
      spec.commandLine().getErr().println("dalle: this model departs from the published ones, which " + out + " cannot say: "
          + String.join(", and ", departures) + "; who loads it must do the same");
    }
  }

  private void report(Path out, String holds, List<TensorEntry> tensors, String words) {
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("file", out.toString());
    values.put("holds", holds);
    values.put("tensors", tensors.size());
    values.put("parameters", tensors.stream().mapToLong(tensor -> tensor.shape().elementCount()).sum());
    spec.commandLine().getOut().println(json.json() ? JsonText.of(values) : out + ": " + words);
  }
}
