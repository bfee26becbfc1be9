package dev.dalle.tensor.files;

import dev.dalle.tensor.ParameterSet;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Whole groups of tensors to and from safetensors files. */
public final class Safetensors {
  private Safetensors() {}

  /**
   * Writes tensors, in the order given, and texts. The file takes the place of an older one only when it is complete and on the disk: whatever
   * stops the program, the path leads to the old content or the new. On the way it is called {@code .NAME.PID-RANDOM.tmp} in the same folder; a
   * failure removes it, a kill leaves it. Missing folders are made. Equal arguments give equal bytes. Waits for the device.
   *
   * @param path the file
   * @param tensors names must differ
   * @param metadata texts by key, such as the format's name and version; written in the order of the keys
   * @throws IllegalArgumentException if a name occurs twice or cannot be written
   * @throws DiskFullException if there is no room; the old file is still there
   * @throws IOException if writing fails for another reason; the old file is still there
   */
  public static void write(Path path, List<NamedTensor> tensors, Map<String, String> metadata) throws IOException {
    new SafetensorsWriter(tensors, metadata).write(path);
  }

  /** Writes the values of all parameters under {@code prefix} followed by their names; see {@link #write}. */
  public static void writeParameters(Path path, String prefix, ParameterSet parameters, Map<String, String> metadata) throws IOException {
    write(path, NamedTensor.ofParameters(prefix, parameters), metadata);
  }

  /**
   * Reads the file's tensors into those given; floating-point types are converted. Nothing is copied unless everything fits.
   *
   * @param file open
   * @param prefix the file's tensors whose name begins like this must all be asked for; others are passed over
   * @param tensors where to put what is found under their whole names
   * @throws TensorFileException if tensors are missing, left over, or of another shape or type; the message lists them all
   */
  public static void read(SafetensorsFile file, String prefix, List<NamedTensor> tensors) throws TensorFileException {
    List<String> problems = new ArrayList<>();
    Set<String> asked = new HashSet<>();
    for (NamedTensor wanted : tensors) {
      asked.add(wanted.name());
      file.find(wanted.name()).ifPresentOrElse(entry -> {
        if (!entry.fits(wanted.tensor())) {
          problems.add(wanted.name() + ": " + entry.mismatch(wanted.tensor()));
        }
      }, () -> problems.add(wanted.name() + ": expected " + wanted.tensor().dtype() + wanted.tensor().shape() + ", found none"));
    }
    for (TensorEntry entry : file.entries()) {
      if (entry.name().startsWith(prefix) && !asked.contains(entry.name())) {
        problems.add(entry.name() + ": expected none, found " + entry.type() + entry.shape());
      }
    }
    if (!problems.isEmpty()) {
      throw new TensorFileException(file.path() + ": " + problems.size() + (problems.size() == 1 ? " tensor does" : " tensors do")
          + " not fit; is it the file of another configuration?\n  " + String.join("\n  ", problems));
    }
    for (NamedTensor wanted : tensors) {
      file.get(wanted.name()).into(wanted.tensor());
    }
  }

  /** Reads the values of all parameters from {@code prefix} followed by their names; see {@link #read}. */
  public static void readParameters(SafetensorsFile file, String prefix, ParameterSet parameters) throws TensorFileException {
    read(file, prefix, NamedTensor.ofParameters(prefix, parameters));
  }
}
