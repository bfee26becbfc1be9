package dev.dalle.trainer.cli;

import dev.dalle.dvae.DvaeConfig;
import dev.dalle.trainer.run.RunConfig;
import dev.dalle.trainer.stage.DvaeStage;
import dev.dalle.trainer.stage.TransformerStage;
import java.util.Locale;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;

/**
 * What training a model takes. Told before anything is allocated: a system that promises more memory than it has ends the process without a word when the
 * promise is called in.
 *
 * @param model for the message
 * @param parameters trained numbers
 * @param bytes of the tensors, at most at a time
 */
record MemoryNeed(String model, long parameters, long bytes) {
  private static final Logger LOG = LogManager.getLogger(MemoryNeed.class);

  /** What stage one of a run takes. */
  static MemoryNeed ofDvae(RunConfig config) {
    DvaeConfig model = config.dvae().model();
    return new MemoryNeed("dVAE", model.encoderParameterCount() + model.decoderParameterCount(), DvaeStage.bytesNeeded(config.dvae()));
  }

  /** What stage two of a run takes. */
  static MemoryNeed ofTransformer(RunConfig config) {
    return new MemoryNeed("transformer", config.transformer().model().parameterCount(), TransformerStage.bytesNeeded(config.transformer()));
  }

  /**
   * Fails if that is more than there is, and says how much it is otherwise.
   *
   * @param availableBytes of main memory
   */
  void check(long availableBytes) {
    if (bytes > availableBytes) {
      throw new CommandException("too little memory: " + text(availableBytes) + "; use a smaller batch or preset, or end other programs");
    }
    LOG.info(text(availableBytes));
  }

  private String text(long availableBytes) {
    return String.format(Locale.ROOT, "training the %s of %,d parameters takes %.2f GiB of memory, %s are available", model, parameters,
        bytes / (double) (1 << 30), MachineCheck.gib(availableBytes));
  }
}
