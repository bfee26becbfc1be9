package dev.dalle.trainer.run;

import dev.dalle.attention.Transformer;
import dev.dalle.attention.TransformerConfig;
import dev.dalle.dvae.Dvae;
import dev.dalle.dvae.DvaeConfig;
import dev.dalle.dvae.DvaeWeights;
import dev.dalle.tensor.ParameterSet;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.files.Safetensors;
import dev.dalle.tensor.files.SafetensorsFile;
import dev.dalle.tensor.files.TensorEntry;
import dev.dalle.tensor.files.TensorFile;
import dev.dalle.tensor.files.TensorFileException;
import dev.dalle.trainer.config.ConfigException;
import dev.dalle.trainer.config.ConfigJson;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Trained models as single safetensors files that say what they are: the metadata hold {@code format}, {@code version} and the model's configuration as
 * JSON under {@code config}; a transformer's also the hashes of {@link TrainedWith}.
 */
public final class ModelFiles {
  /** What the names of all formats of this program begin with. */
  private static final String PREFIX = "dalle-";
  private static final String DVAE = PREFIX + "dvae";
  private static final String TRANSFORMER = PREFIX + "transformer";
  private static final int VERSION = 1;

  private ModelFiles() {}

  /** Writes a discrete VAE, as a whole or not at all. */
  public static void writeDvae(Path file, Dvae dvae) throws IOException {
    write(file, DVAE, dvae.config(), dvae.parameters(), Map.of());
  }

  /** Writes a transformer and what it was trained with, as a whole or not at all. */
  public static void writeTransformer(Path file, Transformer transformer, TrainedWith trainedWith) throws IOException {
    write(file, TRANSFORMER, transformer.config(), transformer.parameters(), trainedWith.metadata());
  }

  /**
   * Reads a discrete VAE.
   *
   * @param scope will own the parameters
   * @throws IOException if the file is missing, damaged or something else; the message says what was expected and found
   */
  public static Dvae readDvae(Path file, Scope scope) throws IOException {
    try (SafetensorsFile tensors = SafetensorsFile.open(file)) {
      Dvae dvae = new Dvae(scope, config(tensors, DVAE, DvaeConfig.class));
      Safetensors.readParameters(tensors, "", dvae.parameters());
      return dvae;
    }
  }

  /**
   * Opens the weights of a discrete VAE: a file of this program, or files of other programs as {@link DvaeWeights} takes them.
   *
   * @param files at least one; of this program's one alone
   * @param entry of {@link DvaeWeights#open(List, Optional)}, where the files are of other programs
   * @throws IOException if a file is missing, damaged or something else; the message says what was expected and found
   */
  public static DvaeWeights openDvae(List<Path> files, Optional<String> entry) throws IOException {
    for (Path file : files) {
      try (TensorFile tensors = TensorFile.open(file)) {
        if (tensors instanceof SafetensorsFile own && own.metadata().getOrDefault("format", "").startsWith(PREFIX)) {
          DvaeConfig config = config(own, DVAE, DvaeConfig.class);
          if (entry.isPresent()) {
            throw new TensorFileException(file + ": is a file of this program, and has no entry " + entry.get() + "; leave the entry out");
          }
          if (files.size() > 1) {
            throw new TensorFileException(file + ": holds a whole discrete VAE of this program; name it alone");
          }
          return DvaeWeights.open(file, config);
        }
      }
    }
    return DvaeWeights.open(files, entry);
  }

  /**
   * Writes a discrete VAE, as a whole or not at all.
   *
   * @param tensors those of its parameters, under their names, of files that are open
   */
  public static void writeDvae(Path file, DvaeConfig config, List<TensorEntry> tensors) throws IOException {
    Safetensors.copy(file, tensors, metadata(DVAE, config, Map.of()));
  }

  /**
   * Reads a transformer.
   *
   * @param scope will own the parameters
   * @throws IOException if the file is missing, damaged or something else; the message says what was expected and found
   */
  public static Transformer readTransformer(Path file, Scope scope) throws IOException {
    try (SafetensorsFile tensors = SafetensorsFile.open(file)) {
      Transformer transformer = new Transformer(config(tensors, TRANSFORMER, TransformerConfig.class), scope);
      Safetensors.readParameters(tensors, "", transformer.parameters());
      return transformer;
    }
  }

  /**
   * Reads what a discrete VAE is, without its weights.
   *
   * @throws IOException if the file is missing, damaged or something else
   */
  public static DvaeConfig readDvaeConfig(Path file) throws IOException {
    try (SafetensorsFile tensors = SafetensorsFile.open(file)) {
      return config(tensors, DVAE, DvaeConfig.class);
    }
  }

  /**
   * Reads what a transformer is, without its weights.
   *
   * @throws IOException if the file is missing, damaged or something else
   */
  public static TransformerConfig readTransformerConfig(Path file) throws IOException {
    try (SafetensorsFile tensors = SafetensorsFile.open(file)) {
      return config(tensors, TRANSFORMER, TransformerConfig.class);
    }
  }

  /**
   * Number of tensors in a safetensors file, once everything but their values was checked.
   *
   * @throws IOException if the file is missing or damaged
   */
  public static int tensorCount(Path file) throws IOException {
    try (SafetensorsFile tensors = SafetensorsFile.open(file)) {
      return tensors.entries().size();
    }
  }

  private static void write(Path file, String format, Record config, ParameterSet parameters, Map<String, String> more) throws IOException {
    Safetensors.writeParameters(file, "", parameters, metadata(format, config, more));
  }

  private static Map<String, String> metadata(String format, Record config, Map<String, String> more) {
    Map<String, String> metadata = new LinkedHashMap<>(more);
    metadata.put("format", format);
    metadata.put("version", Integer.toString(VERSION));
    metadata.put("config", ConfigJson.write(config));
    return metadata;
  }

  private static <R extends Record> R config(SafetensorsFile file, String format, Class<R> type) throws TensorFileException {
    String found = file.metadata().getOrDefault("format", "no format name");
    if (!found.equals(format)) {
      throw new TensorFileException(file.path() + ": expected weights of format " + format + ", found " + found
          + (found.startsWith(PREFIX) ? "" : "; weights of other programs have to be converted first"));
    }
    String version = file.metadata().getOrDefault("version", "none");
    if (!version.equals(Integer.toString(VERSION))) {
      throw new TensorFileException(file.path() + ": expected version " + VERSION + " of " + format + ", found " + version
          + "; use the release that wrote it, or a newer one");
    }
    try {
      return ConfigJson.parse(file.metadata().getOrDefault("config", ""), file.path() + ", metadata config", type);
    } catch (ConfigException e) {
      throw new TensorFileException(e.getMessage(), e);
    }
  }
}
