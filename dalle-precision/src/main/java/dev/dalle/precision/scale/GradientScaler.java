package dev.dalle.precision.scale;

import dev.dalle.tensor.Tape;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.files.NamedTensor;
import dev.dalle.tensor.files.SafetensorsFile;
import dev.dalle.tensor.files.TensorFileException;
import java.util.List;
import java.util.Optional;

/**
 * Stands between gradients and the optimizer: decides what gradients are multiplied by on their way through a model, whether an update counts, and what each
 * parameter's gradient is multiplied by in it. Knows a model only as residual blocks of which each has a name, a forward pass and parameters.
 *
 * <p>An update, in this order:
 * <pre>{@code
 * for each block:  x = scaler.residual(tape, name, x, branch)
 * tape.backward(loss, a gradient of scaler.lossFactor())
 * optimizer.update(stepSize, scaler.endUpdate(4))
 * parameters.clearGradients()
 * }</pre>
 *
 * Several passes may be made before {@link #endUpdate}: their gradients add up. One thread at a time.
 */
public interface GradientScaler {
  /** Names of the blocks, in order. */
  List<String> blocks();

  /** The scale of each block's gradients in the coming update, in order. */
  double[] scales();

  /** What the gradient of the loss is multiplied by before it goes backwards in the coming update. */
  double lossFactor();

  /**
   * Runs a block, {@code x + branch(x)}; what this scaler does with gradients is done when the tape runs backwards. Also inside {@link Tape#checkpoint}.
   *
   * @param block one of {@link #blocks()}
   * @param x the stream
   * @param branch what is added
   * @return shape and type of {@code x}
   * @throws IllegalArgumentException if there is no such block
   */
  Tensor residual(Tape tape, String block, Tensor x, Branch branch);

  /**
   * Ends an update: measures all gradients, decides, and sets the scales of the next.
   *
   * @param clipThreshold greatest norm of all gradients, unscaled; positive, infinite for no clipping
   * @return F32, one element, or one for each parameter in the order in which they were given: what gradients are multiplied by in the optimizer, NaN if the
   *     update is skipped; overwritten in the next
   */
  Tensor endUpdate(double clipThreshold);

  /**
   * What the last update came to. May wait for the device.
   *
   * @throws IllegalStateException if there was none
   */
  GradientVerdict verdict();

  /** What all updates came to; empty if the host does not follow each. */
  Optional<GradientTotals> totals();

  /** Has histograms made of the gradients of the coming update, up to its end. Costs a pass over each gradient, and changes no result. */
  void observe();

  /** The histograms of the last update that was observed, one a block, in order; all zeros if none was. Waits for the device. */
  List<BlockHistograms> histograms();

  /**
   * All there is to keep between runs, as it is now, for files. Reading a file into these tensors and then calling {@link #restore} continues where it was written;
   * {@link #checkStored} first tells whether it may be.
   */
  List<NamedTensor> state();

  /**
   * Refuses a file whose scales, windows or counts {@link #restore} would refuse, before anything of it is read. Tensors that are missing or do not fit are left to
   * the reading of the file.
   *
   * @param prefix what stands before the names of the state in the file, or nothing
   * @throws TensorFileException if so; the message names the block or the number, what was expected and what was found
   */
  void checkStored(SafetensorsFile file, String prefix) throws TensorFileException;

  /**
   * Goes on from what was read into the tensors of {@link #state()}.
   *
   * @throws IllegalArgumentException if it contradicts itself or is out of range; nothing has changed then
   */
  void restore();
}
