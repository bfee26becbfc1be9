package dev.dalle.trainer.cli;

import dev.dalle.dvae.DvaeConfig;
import dev.dalle.trainer.run.RunConfig;
import java.util.Locale;

/**
 * What training a model takes at the least. Asked before anything is allocated: a system that promises more memory than it has ends the process without a
 * word when the promise is called in.
 *
 * @param model for the message
 * @param parameters trained numbers
 */
record MemoryNeed(String model, long parameters) {
  /** Value, gradient, two moments and the average, each a 32-bit float. */
  private static final int BYTES_PER_PARAMETER = 5 * Float.BYTES;

  /** What stage one of a run takes. */
  static MemoryNeed ofDvae(RunConfig config) {
    DvaeConfig model = config.dvae().model();
    return new MemoryNeed("dVAE", model.encoderParameterCount() + model.decoderParameterCount());
  }

  /** What stage two of a run takes. */
  static MemoryNeed ofTransformer(RunConfig config) {
    return new MemoryNeed("transformer", config.transformer().model().parameterCount());
  }

  /** Without the activations, which depend on the batch. */
  long leastBytes() {
    return Math.multiplyExact(parameters, (long) BYTES_PER_PARAMETER);
  }

  /**
   * Fails if that is more than there is.
   *
   * @param availableBytes of main memory
   */
  void check(long availableBytes) {
    if (leastBytes() > availableBytes) {
      throw new CommandException(String.format(Locale.ROOT, "too little memory: training the %s of %,d parameters takes at least %s, %s are available;"
          + " use a smaller preset, or end other programs", model, parameters, MachineCheck.gib(leastBytes()), MachineCheck.gib(availableBytes)));
    }
  }
}
