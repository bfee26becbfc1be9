package dev.dalle.dvae;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Parameter;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.files.TensorEntry;
import dev.dalle.tensor.files.TensorFile;
import dev.dalle.tensor.files.TensorFileException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * The weights of a discrete VAE in files of other programs: those that were published (encoder.pkl and decoder.pkl), and the same networks at other sizes and
 * under the other names of the table in {@link DvaeNames}, in any format that {@link TensorFile#open} reads. One file may hold both networks, or two files one
 * each, or one network may do.
 *
 * <p>Opening checks every name, shape and type and says all that differ: a file of another architecture is never read in part. What a file of weights does not say
 * is as published: pixels behind {@link PixelMap} go into the encoder as they are, residual paths are multiplied by {@link DvaeConfig#paperPostGain}, and pictures
 * have 256 x 256 pixels, though all that divide into tokens will do. Owns the open files. One thread at a time.
 */
public final class DvaeWeights implements AutoCloseable {
  private final List<TensorFile> files;
  private final DvaeConfig config;
  private final Map<DvaeNetwork, DvaePart> parts;

  private DvaeWeights(List<TensorFile> files, DvaeConfig config, Map<DvaeNetwork, DvaePart> parts) {
    this.files = files;
    this.config = config;
    this.parts = parts;
  }

  /**
   * Whether a file has tensors with names of a discrete VAE's parameters.
   *
   * @param entry as of {@link #open(List, Optional)}
   */
  public static boolean areIn(TensorFile file, Optional<String> entry) {
    String prefix = entry.map(name -> name + ".").orElse("");
    return file.entries().stream().map(TensorEntry::name)
        .anyMatch(name -> name.startsWith(prefix) && DvaeNames.of(name.substring(prefix.length())).parameter().isPresent());
  }

  /**
   * Opens files of weights whose configuration is as published but for sizes, which their shapes say.
   *
   * @param paths at least one; together they hold an encoder, a decoder or both
   * @param entry of files that hold several models: what the names of the right one begin with, up to the dot before {@code encoder}, {@code decoder} or
   *     {@code blocks}, such as {@code model}
   * @throws TensorFileException if a file is damaged, of another architecture, or holds no discrete VAE or several; the message lists what differs
   * @throws IOException if a file cannot be read
   */
  public static DvaeWeights open(List<Path> paths, Optional<String> entry) throws IOException {
    return open(paths, entry, Optional.empty());
  }

  /**
   * Opens a file of weights whose configuration is known.
   *
   * @throws TensorFileException if the file is damaged or not that of the configuration; the message lists what differs
   * @throws IOException if the file cannot be read
   */
  public static DvaeWeights open(Path path, DvaeConfig config) throws IOException {
    return open(List.of(path), Optional.empty(), Optional.of(config));
  }

  private static DvaeWeights open(List<Path> paths, Optional<String> entry, Optional<DvaeConfig> known) throws IOException {
    if (paths.isEmpty()) {
      throw new IllegalArgumentException("paths: expected at least one file, got none");
    }
    List<TensorFile> files = new ArrayList<>();
    try {
      Map<DvaeNetwork, DvaePart> parts = new EnumMap<>(DvaeNetwork.class);
      for (Path path : paths) {
        TensorFile file = TensorFile.open(path);
        files.add(file);
        for (DvaePart part : DvaePart.in(file, entry)) {
          DvaePart other = parts.putIfAbsent(part.network(), part);
          if (other != null) {
            throw new TensorFileException(path + ": holds the weights of " + part.article() + ", and so does " + other.file()
                + "; name one file of an encoder and one of a decoder, or one of both");
          }
        }
      }
      DvaeConfig config = known.isPresent() ? known.get() : config(parts);
      for (DvaePart part : parts.values()) {
        part.check(config);
      }
      return new DvaeWeights(files, config, parts);
    } catch (Throwable t) {
      files.forEach(TensorFile::close);
      throw t;
    }
  }

  private static DvaeConfig config(Map<DvaeNetwork, DvaePart> parts) throws TensorFileException {
    Map<DvaeNetwork, DvaeSizes> sizes = new EnumMap<>(DvaeNetwork.class);
    for (DvaePart part : parts.values()) {
      try {
        DvaeSizes found = DvaeSizes.of(part.network(), part.tensors());
        found.config();
        sizes.put(part.network(), found);
      } catch (IllegalArgumentException e) {
        throw new TensorFileException(part.file() + ": its " + part.network() + " is none of a discrete VAE: " + e.getMessage()
            + "; is it the file of another architecture?", e);
      }
    }
    DvaeSizes encoder = sizes.get(DvaeNetwork.ENCODER);
    DvaeSizes decoder = sizes.get(DvaeNetwork.DECODER);
    if (encoder != null && decoder != null && !encoder.shared().equals(decoder.shared())) {
      throw new TensorFileException(parts.get(DvaeNetwork.ENCODER).file() + " has an encoder of " + encoder.shared() + ", "
          + parts.get(DvaeNetwork.DECODER).file() + " a decoder of " + decoder.shared() + "; name the two networks of one model");
    }
    return Objects.requireNonNullElse(decoder, encoder).config();
  }

  /** What the weights are of. Of an encoder alone the decoder's first size is the paper's, and means nothing. */
  public DvaeConfig config() {
    return config;
  }

  /** Which networks there are. */
  public Set<DvaeNetwork> networks() {
    return Collections.unmodifiableSet(parts.keySet());
  }

  /**
   * The tensors in the files, under the names of our parameters and in their order; types as they are there.
   *
   * @param networks which are there
   * @throws TensorFileException if a weight is infinite or not a number; the message names it
   */
  public List<TensorEntry> entries(Set<DvaeNetwork> networks) throws TensorFileException {
    List<TensorEntry> entries = new ArrayList<>();
    for (DvaePart part : parts.values()) {
      if (networks.contains(part.network())) {
        for (String name : part.shapes(config).keySet()) {
          TensorEntry entry = part.tensors().get(name);
          checkFinite(entry);
          entries.add(entry.withName(part.network().prefix() + name));
        }
      }
    }
    return entries;
  }

  private static void checkFinite(TensorEntry entry) throws TensorFileException {
    OptionalLong place = entry.firstNonFinite();
    if (place.isPresent()) {
      throw new TensorFileException(entry.file() + ": " + entry.name() + ": expected finite weights, found an infinity or not a number as element "
          + place.getAsLong() + " of " + entry.shape().elementCount() + "; the training that wrote it had gone wrong, take an earlier file");
    }
  }

  /**
   * A model with these weights, of the networks that are there.
   *
   * @param scope will own the parameters
   * @throws TensorFileException if a weight is infinite or not a number; the message names it
   */
  public Dvae read(Scope scope) throws TensorFileException {
    List<TensorEntry> entries = entries(parts.keySet());
    Dvae dvae = new Dvae(scope, config, DType.F32, parts.keySet());
    List<Parameter> parameters = dvae.parameters().toList();
    for (int i = 0; i < parameters.size(); i++) {
      entries.get(i).into(parameters.get(i).value());
    }
    return dvae;
  }

  /** Closes the files. */
  @Override
  public void close() {
    files.forEach(TensorFile::close);
  }
}
