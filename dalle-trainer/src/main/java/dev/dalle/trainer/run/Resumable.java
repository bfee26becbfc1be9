package dev.dalle.trainer.run;

import dev.dalle.tensor.files.NamedTensor;
import dev.dalle.tensor.files.SafetensorsFile;
import dev.dalle.tensor.files.TensorFileException;
import java.util.List;

/** A training that a {@link Checkpoint} saves and restores. */
public interface Resumable {
  /** All there is to keep, as it is now; a file is read into the same tensors. */
  List<NamedTensor> state();

  /**
   * Refuses a file whose numbers or formats cannot be gone on from, before anything of it is read. Tensors that are missing, left over or of another shape are not
   * its business. Changes nothing.
   *
   * @throws TensorFileException if so; the message says what was expected, what was found and what to do
   */
  void checkStored(SafetensorsFile file) throws TensorFileException;

  /** Goes on from what was read into the tensors of {@link #state()}, after {@link #checkStored} found nothing to refuse. */
  void restored();
}
