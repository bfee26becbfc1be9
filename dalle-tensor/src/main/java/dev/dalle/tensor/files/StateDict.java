package dev.dalle.tensor.files;

import dev.dalle.tensor.ParameterSet;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;

/** Tensors to files that PyTorch loads as a state_dict: a dictionary in an archive as torch.save writes it. */
public final class StateDict {
  private StateDict() {}

  /**
   * Writes tensors, in the order given. PyTorch 1.6 and later loads the file, with {@code weights_only=True} as well; tensors of U16 need 2.3. Each tensor gets a
   * storage of its own. The file takes the place of an older one only when it is complete and on the disk, see {@link Safetensors#write}. Equal arguments give equal
   * bytes. Waits for the device.
   *
   * @param path the file
   * @param tensors names must differ
   * @throws IllegalArgumentException if a name occurs twice or cannot be written
   * @throws DiskFullException if there is no room; the old file is still there
   * @throws IOException if writing fails for another reason; the old file is still there
   */
  public static void write(Path path, List<NamedTensor> tensors) throws IOException {
    new StateDictWriter(OutputTensor.ofTensors(tensors)).write(path, FileChannel::write);
  }

  /**
   * Writes tensors of another file, with the types and the bits that they have there; see {@link #write}.
   *
   * @param tensors of a file that is open; the one that is written may be the same
   */
  public static void copy(Path path, Collection<TensorEntry> tensors) throws IOException {
    new StateDictWriter(OutputTensor.ofEntries(tensors)).write(path, FileChannel::write);
  }

  /** Writes the values of all parameters under {@code prefix} followed by their names; see {@link #write}. */
  public static void writeParameters(Path path, String prefix, ParameterSet parameters) throws IOException {
    write(path, NamedTensor.ofParameters(prefix, parameters));
  }
}
