package dev.dalle.trainer.cli;

import dev.dalle.dvae.DvaeNetwork;
import dev.dalle.tensor.Device;
import java.io.IOException;
import java.util.List;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Which trained dVAE, where it computes, and how much of a picture at a time. */
final class CodecOptions {
  @Mixin private DvaeWeightsOption weights;
  @Mixin private DeviceOption device;
  @Mixin private ThreadsOption threads;
  @Mixin private ComputeOption compute;

  private int tile = PictureCodec.TILE;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(
      names = "--tile",
      paramLabel = "N",
      description = "Work through larger pictures in tiles of N x N tokens (default " + PictureCodec.TILE + "). The result is the same for every N; fewer"
          + " take less memory and more time.")
  private void tile(int value) {
    if (value < 1) {
      throw new ParameterException(command.commandLine(), "--tile: expected 1 token or more, got " + value);
    }
    tile = value;
  }

  /**
   * Reads it; to be closed by the caller.
   *
   * @param networks that are needed
   */
  PictureCodec open(DvaeNetwork... networks) throws IOException {
    device.check();
    DvaeFiles files = weights.files();
    Device opened = device.open(threads.orAllProcessors());
    return PictureCodec.open(opened, files, List.of(networks), compute.on(opened), tile);
  }
}
