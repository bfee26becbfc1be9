package dev.dalle.trainer.cli;

import dev.dalle.tensor.Device;
import dev.dalle.trainer.run.RunFolder;
import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Which trained dVAE, where it computes, and how much of a picture at a time. */
final class CodecOptions {
  @Mixin private WeightsOption weights;
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

  /** Reads it; to be closed by the caller. */
  PictureCodec open() throws IOException {
    device.check();
    Path file = weights.file("dVAE", RunFolder::dvae);
    Device opened = device.open(threads.orAllProcessors());
    return PictureCodec.open(opened, file, compute.on(opened), tile);
  }
}
