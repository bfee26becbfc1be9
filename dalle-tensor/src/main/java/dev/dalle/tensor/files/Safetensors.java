package dev.dalle.tensor.files;

import dev.dalle.tensor.ParameterSet;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;

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
    new SafetensorsWriter(OutputTensor.ofTensors(tensors), metadata).write(path);
  }

  /** Writes the values of all parameters under {@code prefix} followed by their names; see {@link #write}. */
  public static void writeParameters(Path path, String prefix, ParameterSet parameters, Map<String, String> metadata) throws IOException {
    write(path, NamedTensor.ofParameters(prefix, parameters), metadata);
  }

  /**
   * Writes tensors of another file, with the types and the bits that they have there; see {@link #write}.
   *
   * @param tensors of a file that is open; the one that is written may be the same
   */
  public static void copy(Path path, Collection<TensorEntry> tensors, Map<String, String> metadata) throws IOException {
    new SafetensorsWriter(OutputTensor.ofEntries(tensors), metadata).write(path);
  }

  /** Reads tensors; see {@link TensorFile#read}. */
  public static void read(SafetensorsFile file, String prefix, List<NamedTensor> tensors) throws TensorFileException {
    file.read(prefix, tensors);
  }

  /** Reads the values of all parameters; see {@link TensorFile#readParameters}. */
  public static void readParameters(SafetensorsFile file, String prefix, ParameterSet parameters) throws TensorFileException {
    file.readParameters(prefix, parameters);
  }
}
