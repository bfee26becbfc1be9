package dev.dalle.tensor.files;

import dev.dalle.tensor.ParameterSet;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A file of tensors with names, mapped into memory for reading, whatever its format. Opening checks everything but the values. Closing it makes the entries'
 * bytes unreachable; nobody may shorten the file before. Any thread.
 */
public sealed interface TensorFile extends AutoCloseable permits SafetensorsFile, TorchFile {
  /** Where it is. */
  Path path();

  /** All tensors, in the order of the file. */
  Collection<TensorEntry> entries();

  /** The tensor of that name, if there is one. */
  Optional<TensorEntry> find(String name);

  /**
   * The tensor of that name.
   *
   * @throws TensorFileException if there is none
   */
  default TensorEntry get(String name) throws TensorFileException {
    return find(name).orElseThrow(() -> new TensorFileException(path() + ": expected a tensor " + name + ", found none of that name among "
        + entries().size()));
  }

  /**
   * Reads tensors into those given; types are converted as {@link StoredType} says. Nothing is copied unless everything fits.
   *
   * @param prefix the file's tensors whose name begins like this must all be asked for; others are passed over
   * @param tensors where to put what is found under their whole names
   * @throws TensorFileException if tensors are missing, left over, or of another shape or type; the message lists them all
   */
  default void read(String prefix, List<NamedTensor> tensors) throws TensorFileException {
    List<String> problems = new ArrayList<>();
    Set<String> asked = new HashSet<>();
    for (NamedTensor wanted : tensors) {
      asked.add(wanted.name());
      find(wanted.name()).ifPresentOrElse(entry -> {
        if (!entry.fits(wanted.tensor())) {
          problems.add(wanted.name() + ": " + entry.mismatch(wanted.tensor()));
        }
      }, () -> problems.add(wanted.name() + ": expected " + wanted.tensor().dtype() + wanted.tensor().shape() + ", found none"));
    }
    for (TensorEntry entry : entries()) {
      if (entry.name().startsWith(prefix) && !asked.contains(entry.name())) {
        problems.add(entry.name() + ": expected none, found " + entry.type() + entry.shape());
      }
    }
    if (!problems.isEmpty()) {
      throw new TensorFileException(path() + ": " + problems.size() + (problems.size() == 1 ? " tensor does" : " tensors do")
          + " not fit; is it the file of another configuration?\n  " + String.join("\n  ", problems));
    }
    for (NamedTensor wanted : tensors) {
      get(wanted.name()).into(wanted.tensor());
    }
  }

  /** Reads the values of all parameters from {@code prefix} followed by their names; see {@link #read}. */
  default void readParameters(String prefix, ParameterSet parameters) throws TensorFileException {
    read(prefix, NamedTensor.ofParameters(prefix, parameters));
  }

  @Override
  void close();

  /**
   * Maps a file and checks it. Its format is told by its content, not by its name.
   *
   * @throws TensorFileException if it is damaged or of a format that is not known
   * @throws IOException if it cannot be read
   */
  static TensorFile open(Path path) throws IOException {
    return MappedFile.open(path, TensorFormats::read);
  }
}
