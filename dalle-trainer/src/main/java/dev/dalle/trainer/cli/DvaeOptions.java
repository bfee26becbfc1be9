package dev.dalle.trainer.cli;

import dev.dalle.tensor.Device;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Which trained dVAE, and where it computes. */
final class DvaeOptions {
  @Mixin private RunOption run;
  @Mixin private DeviceOptions device;
  @Mixin private ComputeOption compute;

  @Option(names = "--weights", paramLabel = "FILE", description = "The dVAE's weights, in place of the run's dvae.safetensors.")
  private Optional<Path> weights = Optional.empty();

  /** Reads it; to be closed by the caller. */
  PictureCodec open() throws IOException {
    device.check();
    Path file = weights.orElseGet(() -> run.folder().dvae());
    WeightFiles.require(file, "dVAE");
    Device opened = device.open();
    return PictureCodec.open(opened, file, compute.on(opened));
  }
}
