package dev.dalle.dvae;

import dev.dalle.tensor.Activation;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Tape;
import dev.dalle.tensor.Tensor;

/**
 * Steps between convolutions which give memory back as soon as neither the way forward nor the way back reads it. A ReLU's gradient is taken
 * from its result, so its input need not be kept; about 2.5 times less is kept for a block than with the tape's plain operations.
 *
 * <p>"Takes over" means that the caller must not use the tensor again: its memory may be released or overwritten.
 */
final class Layers {
  private Layers() {}

  /** {@code max(x, 0)}; {@code x} stays. */
  static Tensor relu(Tape tape, Tensor x) {
    return relu(tape, x, tape.scope().allocate(x.dtype(), x.shape()));
  }

  /** {@code max(x, 0)} in the memory of {@code x}, which is taken over. Nothing recorded may need the values of {@code x}. */
  static Tensor reluInPlace(Tape tape, Tensor x) {
    // A tensor object of its own: the tape tells results apart by identity.
    return relu(tape, x, x.reshape(x.shape()));
  }

  private static Tensor relu(Tape tape, Tensor x, Tensor out) {
    tape.ops().activation(Activation.RELU, x, out);
    return tape.recordIfNeeded(out, gradOut -> {
      Tensor gradIn = tape.scope().allocate(x.dtype(), x.shape());
      tape.ops().activationGradient(Activation.RELU, out, gradOut, gradIn);
      tape.accumulate(x, gradIn);
    }, x);
  }

  /** Halves the grid; takes {@code x} over. */
  static Tensor halve(Tape tape, Tensor x, NetworkVariant.Pooling pooling) {
    Tensor out = switch (pooling) {
      case MAX -> tape.maxPool2(x);
      case AVERAGE -> tape.averagePool2(x);
    };
    releaseUnlessRecording(tape, x);
    return out;
  }

  /** Doubles the grid; takes {@code x} over. Nothing recorded may need the values of {@code x}. */
  static Tensor twice(Tape tape, Tensor x) {
    Tensor out = tape.upsample2(x);
    tape.scope().release(x);
    return out;
  }

  /** Another type; takes {@code x} over. Nothing recorded may need the values of {@code x}. */
  static Tensor cast(Tape tape, Tensor x, DType dtype) {
    Tensor out = tape.cast(x, dtype);
    if (out != x) {
      tape.scope().release(x);
    }
    return out;
  }

  /** For what only the way back reads. */
  static void releaseUnlessRecording(Tape tape, Tensor x) {
    if (!tape.isRecording()) {
      tape.scope().release(x);
    }
  }
}
