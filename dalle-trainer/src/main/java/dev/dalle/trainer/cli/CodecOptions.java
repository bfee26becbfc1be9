package dev.dalle.trainer.cli;

import dev.dalle.tensor.Device;
import dev.dalle.trainer.run.RunFolder;
import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.Mixin;

/** Which trained dVAE, and where it computes. */
final class CodecOptions {
  @Mixin private WeightsOption weights;
  @Mixin private DeviceOption device;
  @Mixin private ThreadsOption threads;
  @Mixin private ComputeOption compute;

  /** Reads it; to be closed by the caller. */
  PictureCodec open() throws IOException {
    device.check();
    Path file = weights.file("dVAE", RunFolder::dvae);
    Device opened = device.open(threads.orAllProcessors());
    return PictureCodec.open(opened, file, compute.on(opened));
  }
}
